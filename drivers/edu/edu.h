/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "drivers/pci/pci.h"

/*
 * QEMU's educational device (QEMU documentation, "EDU device"): one MSI, raised by a
 * store, by a finished factorial or by a finished DMA transfer.
 */
struct edu;

/* NULL: not a function that this driver has. */
struct edu *edu_of(const struct pci_function *fn);

/* Interrupts seen so far by their cause. Any context. */
enum edu_cause { EDU_CAUSE_RAISED, EDU_CAUSE_FACTORIAL, EDU_CAUSE_DMA, EDU_NR_CAUSES };
uint32_t edu_seen(const struct edu *edu, enum edu_cause cause);

/* Does the liveness register invert what is written to it? Any context. */
bool edu_alive(struct edu *edu);

/* A store of any value raises the interrupt; for benchmarks, which replace the handler. */
uintptr_t edu_raise_register(const struct edu *edu);

/*
 * n!, modulo 2^32, computed by the device and announced by its interrupt. 0,
 * -ETIMEDOUT. One caller at a time, thread context.
 */
int edu_factorial(struct edu *edu, uint32_t n, uint32_t *result);

/* Bytes of the device's own memory, and of the largest transfer. */
#define EDU_DMA_BYTES 4096
enum edu_direction { EDU_TO_DEVICE, EDU_FROM_DEVICE };

/*
 * The highest address that the device can reach, as the setting `edu.dma_bits=` tells
 * (the device's property dma_mask cannot be read from it; its default is 28 bits).
 */
uint64_t edu_dma_limit(void);

/*
 * Copies bytes between buf (from dma_alloc(.., edu_dma_limit())) and the start of the
 * device's memory; announced by its interrupt. 0, -EINVAL (length, address),
 * -ETIMEDOUT. One caller at a time, thread context.
 */
int edu_dma(struct edu *edu, enum edu_direction direction, void *buf, uint32_t bytes);

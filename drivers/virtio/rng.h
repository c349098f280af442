/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

#include "drivers/pci/pci.h"

/* Virtio entropy device (Virtio 1.2, 5.4 "Entropy Device"). */
struct virtio_rng;

/* NULL: not a function that this driver has. */
struct virtio_rng *virtio_rng_of(const struct pci_function *fn);

/*
 * One buffer (from dma_alloc()), by one interrupt: how many bytes the device gave, at most
 * bytes; or as virtio_execute(). Thread context.
 */
int virtio_rng_read(struct virtio_rng *rng, void *buf, uint32_t bytes);

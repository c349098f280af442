/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/*
 * MMIO accessors: one access of exactly the named width, never merged, split or
 * dropped by the compiler. Little-endian registers on a big-endian CPU: byte-reversed
 * loads and stores. They order nothing against memory: name the intent with
 * arch/barrier.h. The address is one that mmio_map() returned. Any context.
 *
 * These are plain accesses in real mode: QEMU's emulation takes them. An LPAR of a real
 * machine would need the MMU, or H_LOGICAL_CI_LOAD and H_LOGICAL_CI_STORE (docs/porting.md).
 */
static inline uint8_t mmio_read8(uintptr_t addr)
{
	return *(volatile uint8_t *)addr;
}

static inline uint16_t mmio_read16(uintptr_t addr)
{
	uint16_t value;

	__asm__ volatile("lhbrx %0, 0, %1" : "=r"(value) : "r"(addr) : "memory");
	return value;
}

static inline uint32_t mmio_read32(uintptr_t addr)
{
	uint32_t value;

	__asm__ volatile("lwbrx %0, 0, %1" : "=r"(value) : "r"(addr) : "memory");
	return value;
}

static inline void mmio_write8(uintptr_t addr, uint8_t value)
{
	*(volatile uint8_t *)addr = value;
}

static inline void mmio_write16(uintptr_t addr, uint16_t value)
{
	__asm__ volatile("sthbrx %0, 0, %1" ::"r"(value), "r"(addr) : "memory");
}

static inline void mmio_write32(uintptr_t addr, uint32_t value)
{
	__asm__ volatile("stwbrx %0, 0, %1" ::"r"(value), "r"(addr) : "memory");
}

/* Registers of the machine itself, which are big-endian. */
static inline uint16_t mmio_read16_be(uintptr_t addr)
{
	return *(volatile uint16_t *)addr;
}

static inline uint64_t mmio_read64_be(uintptr_t addr)
{
	return *(volatile uint64_t *)addr;
}

static inline void mmio_write64_be(uintptr_t addr, uint64_t value)
{
	*(volatile uint64_t *)addr = value;
}

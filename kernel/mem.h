/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE  (1ul << PAGE_SHIFT)

/*
 * Physical pages; their physical and virtual addresses are equal (the image's are not). Zeroed, contiguous,
 * aligned to their size rounded up to a power of two when align is 0, else to
 * align bytes. NULL when there is none. Thread context.
 */
void *page_alloc(size_t bytes, size_t align);
void page_free(void *pages, size_t bytes);

/* DMA memory that a function with the given number of address bits can reach; coherent. */
void *dma_alloc(size_t bytes, uint64_t address_limit);
/* Boot: what a host bridge's window lets its functions reach; the least of all counts. */
void dma_set_limit(uint64_t address_limit);
void dma_free(void *buf, size_t bytes);
static inline uint64_t dma_address(const void *buf)
{
	return (uintptr_t)buf;
}

/*
 * Makes device registers reachable: the address to use with arch/io.h, 0 when they
 * can't be mapped. Idempotent. Thread context.
 */
uintptr_t mmio_map(uint64_t phys, uint64_t size);

/* Calls fn for each piece of RAM that neither firmware nor the image nor the device tree is in. Thread context. */
void mem_for_each_piece(void (*fn)(uintptr_t base, size_t size));

/* Bytes of RAM taken: image, page tables, stacks, pages handed out, heap. */
size_t mem_used(void);
size_t mem_total(void);

/*
 * Boot, before mem_init(): RAM that is somebody else's: neither mapped nor handed out. 0; -EINVAL: not all
 * of it is RAM that is free; -ENOSPC: too many.
 */
int mem_leave(uint64_t base, uint64_t size);
/* The highest address below limit at which RAM that firmware, or somebody else, has ends, in the bank of limit. Boot, before mem_init(). */
uint64_t mem_free_from(uint64_t limit);
/* Boot: finds RAM in the device tree, builds the page table with W^X, switches to it. */
void mem_init(void);
/* newlib's heap grows by this. Thread context; NULL when exhausted. */
void *mem_sbrk(ptrdiff_t increment);

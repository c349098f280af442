/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mmu_prot {
	MMU_NONE, /* guard page */
	MMU_RX,   /* code */
	MMU_R,    /* constants */
	MMU_RW,   /* data and stacks */
	MMU_IO,   /* device registers: read, write, never fetched from */
};

/* Do rights given to pages hold? */
static inline bool mmu_protects(void)
{
	return true;
}

/*
 * Adds [pa, pa + size) to the one page table at va, with the largest pages that fit (the ISA manual, Volume II, "Sv39"). Page-aligned. 0, -EINVAL
 * (unaligned, not an Sv39 address), -EEXIST (mapped with other rights), -ENOMEM.
 * Thread context, serialised by the caller.
 */
int mmu_map(uintptr_t va, uintptr_t pa, size_t size, enum mmu_prot prot);

/* Changes the rights of memory that is mapped at its own address, page by page. Same errors, same context. */
int mmu_protect(uintptr_t pa, size_t size, enum mmu_prot prot);

/* Switches this hart to the page table. */
void mmu_enable(void);
/* The page table as a hart that starts in boot/ needs it (satp). */
uint64_t mmu_root(void);
/* Makes what was added or changed visible to this hart. Any context. */
void mmu_sync(void);
/* Goes up with each change: a hart that faults and has not seen the last one syncs and tries again. */
uint32_t mmu_generation(void);

/* Provided by the kernel (kernel/mem.c): a zeroed page for a table, or NULL. */
void *mmu_table_page(void);

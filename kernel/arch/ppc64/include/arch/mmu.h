/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Real mode: an address is the guest's physical one, nothing is mapped and nothing is
 * protected. So there is no guard page and no W^X here (docs/porting.md).
 */
enum mmu_prot { MMU_NONE, MMU_RX, MMU_R, MMU_RW, MMU_IO };

/* Do rights given to pages hold? */
static inline bool mmu_protects(void)
{
	return false;
}

static inline int mmu_map(uintptr_t va, uintptr_t pa, size_t size, enum mmu_prot prot)
{
	(void)va;
	(void)pa;
	(void)size;
	(void)prot;
	return 0;
}

static inline int mmu_protect(uintptr_t pa, size_t size, enum mmu_prot prot)
{
	(void)pa;
	(void)size;
	(void)prot;
	return 0;
}

static inline void mmu_enable(void)
{
}

static inline uint64_t mmu_root(void)
{
	return 0;
}

static inline void mmu_sync(void)
{
}

static inline uint32_t mmu_generation(void)
{
	return 0;
}

/* Provided by the kernel (kernel/mem.c); not needed here. */
void *mmu_table_page(void);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * The reference copy of the contract: declarations only. A test of a file that maps
 * pages defines what it expects to be called.
 */
enum mmu_prot { MMU_NONE, MMU_RX, MMU_R, MMU_RW, MMU_IO };

int mmu_map(uintptr_t va, uintptr_t pa, size_t size, enum mmu_prot prot);
int mmu_protect(uintptr_t pa, size_t size, enum mmu_prot prot);
void mmu_enable(void);
uint64_t mmu_root(void);
void mmu_sync(void);
uint32_t mmu_generation(void);
void *mmu_table_page(void);

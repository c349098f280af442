// SPDX-License-Identifier: Apache-2.0
#include "drivers/iommu/identity.h"

#include <stdbool.h>
#include <stddef.h>

#include "kernel/lib/bits.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"

/* Three levels; the root is four pages (Privileged Architecture, "Sv39x4"). */
#define TOP_LEVEL    2
#define LEVEL_BITS   9
#define ROOT_BITS    (LEVEL_BITS + 2)
#define LIMIT        (PAGE_SIZE << (TOP_LEVEL * LEVEL_BITS + ROOT_BITS))
#define PTE_TABLE    1ull
#define PTE_LEAF     0xd7ull /* V, R, W, U, A, D: hardware need not set the last two */
#define PTE(address) ((uint64_t)(address) >> 2)

static uint64_t *root;
static bool failed;

static uint64_t *next_table(uint64_t *entry)
{
	if (!*entry) {
		void *table = page_alloc(PAGE_SIZE, PAGE_SIZE);

		*entry = table ? PTE((uintptr_t)table) | PTE_TABLE : 0;
	}
	return (uint64_t *)(uintptr_t)((*entry & ~PTE_TABLE) << 2);
}

/* [at, end) by the largest leaves. */
static void map(uint64_t *table, unsigned level, uint64_t at, uint64_t end)
{
	uint64_t leaf = PAGE_SIZE << level * LEVEL_BITS, next;
	unsigned bits = level == TOP_LEVEL ? ROOT_BITS : LEVEL_BITS;

	failed |= !table;
	for (; at < end && !failed; at = next) {
		uint64_t *entry = &table[at / leaf % BIT(bits)];

		next = MIN(ALIGN_DOWN(at, leaf) + leaf, end);
		if (next - at == leaf)
			*entry = PTE(at) | PTE_LEAF;
		else
			map(next_table(entry), level - 1, at, next);
	}
}

static void map_piece(uintptr_t base, size_t size)
{
	map(root, TOP_LEVEL, base, MIN((uint64_t)base + size, LIMIT));
}

uint64_t iommu_identity(void)
{
	if (root || failed)
		return failed ? 0 : (uintptr_t)root;
	root = page_alloc(PAGE_SIZE << (ROOT_BITS - LEVEL_BITS), 0);
	failed = !root;
	if (!failed)
		mem_for_each_piece(map_piece);
	return failed ? 0 : (uintptr_t)root;
}

// SPDX-License-Identifier: Apache-2.0
/* Sv39: three levels of 512 entries; leaves of 4 KiB, 2 MiB and 1 GiB. */
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "arch/csr.h"
#include "arch/mmu.h"

#define PAGE_SHIFT 12
#define LEVEL_BITS 9
#define TOP_LEVEL  2
#define SV39_LIMIT (1ull << 38) /* bytes in a half */
#define SATP_SV39  (8ul << 60)

#define PTE_V         (1ul << 0)
#define PTE_R         (1ul << 1)
#define PTE_W         (1ul << 2)
#define PTE_X         (1ul << 3)
#define PTE_G         (1ul << 5)
#define PTE_A         (1ul << 6)
#define PTE_D         (1ul << 7)
#define PTE_PPN_SHIFT 10
#define PTE_FLAGS     ((1ul << PTE_PPN_SHIFT) - 1)
#define PTE_LEAF      (PTE_R | PTE_W | PTE_X)

static uint64_t *root;
static _Atomic uint32_t generation;

/* Release: pairs with the acquire in mmu_generation(); the entries come first. */
static void changed(void)
{
	atomic_fetch_add_explicit(&generation, 1, memory_order_release);
	mmu_sync();
}

/* A and D are set here: hardware that does not write them would fault (Svade). */
static uint64_t prot_bits(enum mmu_prot prot)
{
	switch (prot) {
	case MMU_RX:
		return PTE_V | PTE_G | PTE_A | PTE_R | PTE_X;
	case MMU_R:
		return PTE_V | PTE_G | PTE_A | PTE_R;
	case MMU_RW:
	case MMU_IO:
		return PTE_V | PTE_G | PTE_A | PTE_D | PTE_R | PTE_W;
	case MMU_NONE:
		break;
	}
	return 0;
}

static unsigned level_shift(int level)
{
	return PAGE_SHIFT + LEVEL_BITS * (unsigned)level;
}

static uint64_t pte_make(uintptr_t pa, uint64_t bits)
{
	return (pa >> PAGE_SHIFT) << PTE_PPN_SHIFT | bits;
}

static uintptr_t pte_address(uint64_t pte)
{
	return (pte >> PTE_PPN_SHIFT) << PAGE_SHIFT;
}

/* A leaf above level 0 becomes a table of the same mapping. */
static int split(uint64_t *pte, int level)
{
	uint64_t *table = mmu_table_page();

	if (!table)
		return -ENOMEM;
	for (unsigned i = 0; i < 1u << LEVEL_BITS; i++)
		table[i] = *pte +
			   ((uint64_t)i << (level_shift(level - 1) - PAGE_SHIFT + PTE_PPN_SHIFT));
	*pte = pte_make((uintptr_t)table, PTE_V);
	return 0;
}

/* The entry for va at the level; with tables made, and larger leaves split, on the way. */
static int find_pte(uintptr_t va, int want_level, uint64_t **out)
{
	uint64_t *table = root;

	for (int level = TOP_LEVEL;; level--) {
		uint64_t *pte = &table[(va >> level_shift(level)) & ((1u << LEVEL_BITS) - 1)];

		if (level == want_level) {
			*out = pte;
			return 0;
		}
		if (!(*pte & PTE_V)) {
			uint64_t *next = mmu_table_page();

			if (!next)
				return -ENOMEM;
			*pte = pte_make((uintptr_t)next, PTE_V);
		} else if (*pte & PTE_LEAF) {
			int rc = split(pte, level);

			if (rc)
				return rc;
		}
		table = (uint64_t *)pte_address(*pte);
	}
}

/* The largest leaf for which va and pa are aligned and that is no longer than size. */
static int leaf_level(uintptr_t va, uintptr_t pa, size_t size)
{
	for (int level = TOP_LEVEL; level > 0; level--) {
		uintptr_t leaf = 1ul << level_shift(level);

		if (!((va | pa) & (leaf - 1)) && size >= leaf)
			return level;
	}
	return 0;
}

/* true: va lies in a leaf already, *pte is it. */
static bool lookup(uintptr_t va, uint64_t *found)
{
	uint64_t *table = root;

	for (int level = TOP_LEVEL; level >= 0; level--) {
		uint64_t pte = table[(va >> level_shift(level)) & ((1u << LEVEL_BITS) - 1)];

		if (!(pte & PTE_V))
			return false;
		if (pte & PTE_LEAF) {
			*found = pte;
			return true;
		}
		table = (uint64_t *)pte_address(pte);
	}
	return false;
}

/* Both halves: an address is what sign extension of its 39 bits gives. */
static bool canonical(uintptr_t va)
{
	return (uintptr_t)((intptr_t)(va << 25) >> 25) == va;
}

static int check_range(uintptr_t va, uintptr_t pa, size_t size)
{
	if ((va | pa | size) & ((1ul << PAGE_SHIFT) - 1) || size > SV39_LIMIT || !size ||
	    !canonical(va) || !canonical(va + size - 1))
		return -EINVAL;
	if (!root)
		root = mmu_table_page();
	return root ? 0 : -ENOMEM;
}

/* One leaf at va, of the level or, where tables with other mappings are in the way, smaller: its size. */
static int map_leaf(uintptr_t va, uintptr_t pa, int level, uint64_t bits, size_t *done)
{
	uint64_t *pte, old;

	for (;; level--) {
		int rc;

		if (lookup(va, &old)) {
			*done = 1ul << PAGE_SHIFT;
			return (old & PTE_FLAGS) == bits ? 0 : -EEXIST;
		}
		rc = find_pte(va, level, &pte);
		if (rc)
			return rc;
		if (!(*pte & PTE_V))
			break;
	}
	*pte = pte_make(pa, bits);
	*done = 1ul << level_shift(level);
	return 0;
}

int mmu_map(uintptr_t va, uintptr_t pa, size_t size, enum mmu_prot prot)
{
	uint64_t bits = prot_bits(prot);
	int rc = check_range(va, pa, size);

	while (!rc && size) {
		size_t done = 0;

		rc = map_leaf(va, pa, leaf_level(va, pa, size), bits, &done);
		va += done;
		pa += done;
		size -= done;
	}
	changed();
	return rc;
}

int mmu_protect(uintptr_t pa, size_t size, enum mmu_prot prot)
{
	uint64_t bits = prot_bits(prot);
	uintptr_t end = pa + size;
	int rc = check_range(pa, pa, size);

	for (; !rc && pa < end; pa += 1ul << PAGE_SHIFT) {
		uint64_t *pte;

		rc = find_pte(pa, 0, &pte);
		if (!rc)
			*pte = bits ? pte_make(pa, bits) : 0;
	}
	changed();
	return rc;
}

uint64_t mmu_root(void)
{
	return SATP_SV39 | (uintptr_t)root >> PAGE_SHIFT;
}

void mmu_enable(void)
{
	/* Table stores before are visible to the walker of this hart. */
	__asm__ volatile("sfence.vma" ::: "memory");
	csr_write(CSR_SATP, mmu_root());
	__asm__ volatile("sfence.vma" ::: "memory");
}

void mmu_sync(void)
{
	__asm__ volatile("sfence.vma" ::: "memory");
}

uint32_t mmu_generation(void)
{
	return atomic_load_explicit(&generation, memory_order_acquire);
}

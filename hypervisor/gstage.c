// SPDX-License-Identifier: Apache-2.0
#include "hypervisor/gstage.h"

#include <errno.h>

#include "kernel/lib/bits.h"
#include "kernel/mem.h"

#define LEVELS     3
#define ROOT_BYTES (4 * PAGE_SIZE) /* two bits more than Sv39 */
#define INDEX_BITS 9
#define ADDRESS_BITS 41
#define MODE_SV39X4  8ull
#define MODE_SHIFT   60
#define VMID_SHIFT   44

#define PTE_V         BIT64(0)
#define PTE_R         BIT64(1)
#define PTE_W         BIT64(2)
#define PTE_X         BIT64(3)
#define PTE_U         BIT64(4)
#define PTE_A         BIT64(6)
#define PTE_D         BIT64(7)
#define PTE_PPN_SHIFT 10

int gstage_init(struct gstage *gstage, unsigned vmid)
{
	gstage->root = page_alloc(ROOT_BYTES, ROOT_BYTES);
	gstage->vmid = vmid;
	return gstage->root ? 0 : -ENOMEM;
}

uint64_t gstage_hgatp(const struct gstage *gstage)
{
	return MODE_SV39X4 << MODE_SHIFT | (uint64_t)gstage->vmid << VMID_SHIFT |
	       (uintptr_t)gstage->root >> PAGE_SHIFT;
}

static unsigned shift_of(unsigned level)
{
	return PAGE_SHIFT + INDEX_BITS * level;
}

/* level LEVELS - 1: the root, whose index is two bits wider. */
static uint64_t *entry_in(uint64_t *table, unsigned level, uint64_t address)
{
	uint64_t index = address >> shift_of(level);

	return table + (level == LEVELS - 1 ? index : index % BIT64(INDEX_BITS));
}

static uint64_t *table_at(uint64_t pte)
{
	return (uint64_t *)(uintptr_t)(pte >> PTE_PPN_SHIFT << PAGE_SHIFT);
}

/* The entry of this level for the address; tables above it are made if make says so, else NULL. */
static uint64_t *walk(struct gstage *gstage, uint64_t address, unsigned level, bool make)
{
	uint64_t *table = gstage->root;

	for (unsigned at = LEVELS - 1; at > level; at--) {
		uint64_t *entry = entry_in(table, at, address);

		if (*entry & (PTE_R | PTE_X))
			return NULL;
		if (!(*entry & PTE_V)) {
			void *next = make ? page_alloc(PAGE_SIZE, PAGE_SIZE) : NULL;

			if (!next)
				return NULL;
			*entry = (uintptr_t)next >> PAGE_SHIFT << PTE_PPN_SHIFT | PTE_V;
		}
		table = table_at(*entry);
	}
	return entry_in(table, level, address);
}

static unsigned best_level(uint64_t guest, uint64_t host, uint64_t size)
{
	unsigned level = LEVELS - 1;

	while (level &&
	       (!IS_ALIGNED(guest | host, BIT64(shift_of(level))) || size < BIT64(shift_of(level))))
		level--;
	return level;
}

static uint64_t leaf(uint64_t host, enum gstage_prot prot)
{
	/* A leaf is a user page to the second stage; accessed and dirty, so that no hart writes here. */
	uint64_t bits = PTE_V | PTE_U | PTE_R | PTE_A | PTE_D;

	if (prot != GSTAGE_R)
		bits |= PTE_W;
	if (prot == GSTAGE_RWX)
		bits |= PTE_X;
	return host >> PAGE_SHIFT << PTE_PPN_SHIFT | bits;
}

int gstage_map(struct gstage *gstage, uint64_t guest, uint64_t host, uint64_t size,
	       enum gstage_prot prot)
{
	uint64_t end = guest + size, at = guest;

	if (!IS_ALIGNED(guest | host | size, PAGE_SIZE) || !size || end < guest ||
	    end > BIT64(ADDRESS_BITS))
		return -EINVAL;
	while (at < end) {
		unsigned level = best_level(at, host + (at - guest), end - at);
		uint64_t *entry = walk(gstage, at, level, true);

		if (!entry || *entry) {
			gstage_unmap(gstage, guest, at - guest);
			return entry ? -EEXIST : -ENOMEM;
		}
		*entry = leaf(host + (at - guest), prot);
		at += BIT64(shift_of(level));
	}
	return 0;
}

/* The leaf that maps the address; *level: how large it is. NULL: nothing does. */
static uint64_t *find_leaf(struct gstage *gstage, uint64_t address, unsigned *level)
{
	for (*level = 0; *level < LEVELS; ++*level) {
		uint64_t *entry = walk(gstage, address, *level, false);

		if (entry && *entry & PTE_R)
			return entry;
	}
	return NULL;
}

void gstage_unmap(struct gstage *gstage, uint64_t guest, uint64_t size)
{
	uint64_t end = guest + size, at = guest;

	while (at < end) {
		unsigned level;
		uint64_t *entry = find_leaf(gstage, at, &level);

		if (!entry)
			return;
		*entry = 0;
		at += BIT64(shift_of(level));
	}
}

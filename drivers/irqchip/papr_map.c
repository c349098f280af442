// SPDX-License-Identifier: Apache-2.0
#include "drivers/irqchip/papr_map.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

#include "arch/irqflags.h"
#include "kernel/mem.h"
#include "kernel/spinlock.h"
#include "platform/pseries/sources.h"

/* By number, in two steps: of 2^24 numbers few are used. */
#define LEAF_BITS 12
#define NR_LEAVES (PAPR_NR_SOURCES >> LEAF_BITS)
#define LEAF_SIZE (1u << LEAF_BITS)

typedef _Atomic(void *) leaf_t;

static _Atomic(leaf_t *) leaves[NR_LEAVES];
static unsigned nr_msis;          /* that the hypervisor has, of all bridges */
static struct spinlock lock;      /* of who writes there, and of: */
static _Atomic unsigned nr_pairs; /* neighbours that have an MSI among them */

void papr_map_init(void)
{
	nr_msis = pseries_nr_msis();
}

void *papr_find(uint32_t number)
{
	/* acquire pairs with the release in papr_insert(): the source is filled in */
	leaf_t *leaf = number < PAPR_NR_SOURCES ? atomic_load_explicit(&leaves[number >> LEAF_BITS],
								       memory_order_acquire)
						: NULL;

	return leaf ? atomic_load_explicit(&leaf[number % LEAF_SIZE], memory_order_acquire) : NULL;
}

static leaf_t *leaf_of(uint32_t number)
{
	_Atomic(leaf_t *) *at = &leaves[number >> LEAF_BITS];
	leaf_t *leaf = atomic_load_explicit(at, memory_order_acquire), *none = NULL;

	if (leaf)
		return leaf;
	leaf = page_alloc(LEAF_SIZE * sizeof(*leaf), PAGE_SIZE);
	if (leaf && !atomic_compare_exchange_strong_explicit(at, &none, leaf, memory_order_acq_rel,
							     memory_order_acquire)) {
		page_free(leaf, LEAF_SIZE * sizeof(*leaf));
		return none;
	}
	return leaf;
}

/* Alone or with its neighbour: QEMU begins each set at an even number. Lock held. */
static void count_pair(uint32_t number, unsigned by)
{
	if (!papr_find(number ^ 1))
		atomic_fetch_add_explicit(&nr_pairs, by, memory_order_relaxed);
}

int papr_insert(uint32_t number, void *source, bool msi)
{
	irqflags_t flags;
	leaf_t *leaf;
	bool taken;

	if (number >= PAPR_NR_SOURCES)
		return -EINVAL;
	leaf = leaf_of(number);
	if (!leaf)
		return -ENOMEM;
	flags = spin_lock_irq(&lock);
	taken = papr_find(number);
	if (!taken) {
		/* release pairs with the acquire in papr_find() */
		atomic_store_explicit(&leaf[number % LEAF_SIZE], source, memory_order_release);
		if (msi)
			count_pair(number, 1);
	}
	spin_unlock_irq(&lock, flags);
	return taken ? -EBUSY : 0;
}

void papr_remove(uint32_t number, bool msi)
{
	irqflags_t flags = spin_lock_irq(&lock);
	/* acquire: the leaf; relaxed: nobody comes by the number any more */
	leaf_t *leaf = atomic_load_explicit(&leaves[number >> LEAF_BITS], memory_order_acquire);

	atomic_store_explicit(&leaf[number % LEAF_SIZE], NULL, memory_order_relaxed);
	if (msi)
		count_pair(number, -1u);
	spin_unlock_irq(&lock, flags);
}

unsigned papr_msis_left(void)
{
	unsigned used = 2 * atomic_load_explicit(&nr_pairs, memory_order_relaxed);

	return nr_msis > used ? nr_msis - used : 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <errno.h>

#include "arch/atomic.h"
#include "kernel/hart_off.h"
#include "kernel/retire_steps.h"
#include "kernel/vector_steps.h"

/*
 * The places of one vector that moves (docs/msi.md M7, M11), for backends: all in line, as a move
 * is short. By the holder of OWNED, in any context.
 */

/* The credit for it is held. */
static inline unsigned take_one(struct vector_file *file)
{
	/* The credit guarantees a bit at every moment, see take_bits() in kernel/vector.c. */
	for (unsigned w = 0;; w = w < file->max_id / 64 ? w + 1 : 0) {
		uint64_t bits = atomic_load_explicit(&file->free[w], memory_order_relaxed);

		if (bits && take_mask(&file->free[w], bits & -bits))
			return 64 * w + lowest_bit(bits);
	}
}

/* -ENOSPC, -EAGAIN as vector_claim_block() for exactly this hart; one more place counts as held. */
static inline int claim_one(struct vector_space *space, unsigned hart)
{
	struct vector_file *file = &space->files[hart];
	uint64_t credit = atomic_load_explicit(&space->credit, memory_order_relaxed);

	if (!credit_of(file))
		return -ENOSPC;
	/* The common case of promise(): nobody else is at the word. */
	if (!(uint32_t)credit ||
	    !arch_cas64_acquire(&space->credit, credit, credit - 1 + HELD(1))) {
		int rc = promise(space, 1, 1, true);

		if (rc < 0)
			return rc;
	}
	if (file_credit(file, 1, 1))
		return (int)take_one(file);
	/* release: as give_space() */
	atomic_fetch_sub_explicit(&space->credit, HELD(1) - 1, memory_order_release);
	return -ENOSPC;
}

/* The one that hart_off() has reserved for it, or any. */
static inline int find_new(struct vector_space *space, const struct irq_desc *desc, unsigned hart)
{
	struct vector_place to;

	if (!hart_has_exit(desc, hart, &to))
		return claim_one(space, hart);
	vector_hold(space, 1);
	return to.identity;
}

/* -EAGAIN: there will be one when what was left is drained. */
static __attribute__((noinline)) int place_none(const struct vector_space *space, unsigned hart,
						int rc)
{
	bool held = atomic_load_explicit(&space->credit, memory_order_relaxed) >> 32;

	return rc == -ENOSPC && held && retire_would_fit(hart, hart, 1) ? -EAGAIN : rc;
}

/*
 * The identity that the vector gets at the hart, published there: the one that it has left last,
 * if that is still its own, or a new one; -ENOSPC, -EAGAIN. The place that it leaves for it counts as
 * held from now on.
 */
static inline __attribute__((always_inline)) int place_find(struct vector_space *space,
							    struct irq_desc *desc, unsigned hart)
{
	struct hart *to = smp_hart(hart);
	int identity = *irq_left(desc, hart);

	if (!identity || untag(desc, to, (unsigned)identity) == RETIRE_HERE) {
		identity = find_new(space, desc, hart);
		if (identity < 0)
			return place_none(space, hart, identity);
		/* relaxed: before the place it leaves is retired, so it never is the last by mistake */
		atomic_fetch_add_explicit(&desc->places, 1, memory_order_relaxed);
	}
	irq_slot_publish_at(to, (unsigned)identity, desc);
	return identity;
}

/* The vector has left the place, or never came to use it: retire_place() of a held one. */
static inline void place_leave(struct irq_desc *desc, unsigned hart, unsigned identity)
{
	retire_held(desc, hart, identity);
}

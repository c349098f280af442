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

/* What was promised, and counts as held, was not found. */
static inline void give_promise(struct vector_space *space)
{
	/* release: as give_space() */
	atomic_fetch_sub_explicit(&space->credit, HELD(1) - 1, memory_order_release);
}

/* -ENOSPC, -EAGAIN as vector_claim_block() for exactly this hart; one more place counts as held. */
static inline int claim_one(struct vector_space *space, unsigned hart)
{
	struct vector_file *file = &space->files[hart];
	int rc = credit_of(file) ? promise(space, 1, 1, true) : -ENOSPC;

	if (rc < 0)
		return rc;
	if (file_credit(file, 1, 1))
		return (int)take_one(file);
	give_promise(space);
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
	int identity = (int)retire_find_left(desc, to);

	if (identity && untag(desc, to, (unsigned)identity) != RETIRE_HERE) {
		irq_slot_publish_at(to, (unsigned)identity, desc);
		return identity;
	}
	identity = find_new(space, desc, hart);
	if (identity < 0)
		return place_none(space, hart, identity);
	/* relaxed: before the place it leaves is retired, so it never is the last by mistake */
	atomic_fetch_add_explicit(&desc->places, 1, memory_order_relaxed);
	irq_slot_publish_at(to, (unsigned)identity, desc);
	return identity;
}

/* --- the same at once: 0: not so, and nothing has changed --- */

/* The common case of promise(): nobody else is at the word. With the file's credit it is what a bit stands for. */
static inline __attribute__((always_inline)) bool credit_at_once(struct vector_space *space,
								 struct vector_file *file)
{
	uint64_t credit = atomic_load_explicit(&space->credit, memory_order_relaxed);

	if (!(uint32_t)credit || !credit_of(file) ||
	    !arch_cas64_acquire(&space->credit, credit, credit - 1 + HELD(1)))
		return false;
	if (file_credit(file, 1, 1))
		return true;
	give_promise(space);
	return false;
}

/* May the vector have a place at the hart that it has left? Then only the last one is looked at. */
static inline bool has_left(const struct irq_desc *desc)
{
	/* relaxed: only the owner, who asks, makes them more */
	return atomic_load_explicit(&desc->places, memory_order_relaxed) != 1;
}

static inline void count_and_publish(struct irq_desc *desc, struct hart *to, unsigned identity)
{
	/* relaxed: before the place it leaves is retired, so it never is the last by mistake */
	atomic_fetch_add_explicit(&desc->places, 1, memory_order_relaxed);
	irq_slot_publish_at(to, identity, desc);
}

/* place_find() */
static inline __attribute__((always_inline)) unsigned
place_at_once(struct vector_space *space, struct irq_desc *desc, struct hart *to, size_t hart)
{
	struct vector_file *file;
	unsigned identity;

	if (has_left(desc)) {
		identity = desc->left_identity;
		if (desc->left_hart != hart)
			return 0;
		if (untag(desc, to, identity) != RETIRE_HERE) {
			irq_slot_publish_at(to, identity, desc);
			return identity;
		}
	}
	file = &space->files[hart];
	if (!credit_at_once(space, file))
		return 0;
	identity = take_one(file);
	count_and_publish(desc, to, identity);
	return identity;
}

/* The place with the same number: vector_claim_pair(), or retire_take_back(). */
static inline __attribute__((always_inline)) bool place_same_at_once(struct vector_space *space,
								     struct irq_desc *desc,
								     struct hart *to, size_t hart,
								     unsigned identity)
{
	struct vector_file *file = &space->files[hart];
	_Atomic uint64_t *word;
	uint64_t bit = BIT64(identity % 64);

	/* The hart is on line, so its file is open. */
	if (identity > file->max_id)
		return false;
	if (has_left(desc) && untag(desc, to, identity) != RETIRE_HERE) {
		irq_slot_publish_at(to, identity, desc);
		return true;
	}
	word = &file->free[identity / 64];
	if (!(atomic_load_explicit(word, memory_order_relaxed) & bit) ||
	    !credit_at_once(space, file))
		return false;
	if (!take_mask(word, bit)) {
		give_file(file, 1);
		give_promise(space);
		return false;
	}
	count_and_publish(desc, to, identity);
	return true;
}

/* Its hart goes away, and has reserved a place for it. */
static inline bool place_has_exit(const struct hart *from, unsigned identity)
{
	/* relaxed: a hint; hart_has_exit() looks */
	_Atomic uint32_t *exits = atomic_load_explicit(&from->exits, memory_order_relaxed);

	return exits && atomic_load_explicit(&exits[identity], memory_order_relaxed);
}

/* The vector has left the place, or never came to use it: retire_place() of a held one. */
static inline void place_leave(struct irq_desc *desc, unsigned hart, unsigned identity)
{
	retire_held(desc, smp_hart(hart), hart, identity);
}

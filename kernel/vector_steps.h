/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <errno.h>

#include "flavour/contention.h"
#include "kernel/lib/bits.h"
#include "kernel/vector.h"

/*
 * Between kernel/vector.c and kernel/vector_pair.c: the steps that claims are made of, with the
 * names that they have in tests/model/claim.pml. What gives is a release, what takes an acquire.
 */
#define HELD(n) ((uint64_t)(n) << 32)

static inline unsigned credit_of(const struct vector_file *file)
{
	return atomic_load_explicit(&file->credit, memory_order_relaxed);
}

static inline void give_file(struct vector_file *file, unsigned n)
{
	/* release: pairs with the acquire in file_credit(); the bits are there before */
	atomic_fetch_add_explicit(&file->credit, n, memory_order_release);
}

/*
 * From min to max of the space's credit; held: for a block claim, which may give it
 * back, so that who is refused meanwhile can tell the difference.
 */
static inline int promise(struct vector_space *space, unsigned min, unsigned max, bool held)
{
	uint64_t credit = atomic_load_explicit(&space->credit, memory_order_relaxed);
	unsigned n;

	/* Goes round only if another hart changed the word, which got or gave something. */
	do {
		unsigned free = (uint32_t)credit;

		if (free < min)
			return free + (credit >> 32) < min ? -ENOSPC : -EAGAIN;
		n = MIN(max, free);
		/* acquire: pairs with give_space() */
	} while (!atomic_compare_exchange_weak_explicit(
			 &space->credit, &credit, credit - n + (held ? HELD(n) : 0),
			 memory_order_acquire, memory_order_relaxed) &&
		 contention_lost());
	return (int)n;
}

/* Up to max of the file's credit, but min or nothing. */
static inline unsigned file_credit(struct vector_file *file, unsigned min, unsigned max)
{
	uint32_t credit = credit_of(file);
	unsigned n;

	/* Goes round only if another hart changed the word, which got or gave something. */
	do {
		n = MIN(max, credit);
		if (n < min || !n)
			return 0;
		/* acquire: pairs with give_file() */
	} while (!atomic_compare_exchange_weak_explicit(&file->credit, &credit, credit - n,
							memory_order_acquire,
							memory_order_relaxed) &&
		 contention_lost());
	return n;
}

/* What was free of the mask; it is what another took is just not got: nothing to undo. */
static inline uint64_t take_mask(_Atomic uint64_t *word, uint64_t mask)
{
	/* acquire: pairs with the release of the bit */
	return atomic_fetch_and_explicit(word, ~mask, memory_order_acquire) & mask;
}

/* The lowest bits of the aligned blocks of n that are free in the word. */
static inline uint64_t free_blocks(uint64_t bits, unsigned n)
{
	for (unsigned i = 1; i < n; i *= 2)
		bits &= bits >> i;
	return bits & (~0ull / (BIT64(n) - 1));
}

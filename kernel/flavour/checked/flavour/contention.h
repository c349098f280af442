/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * How often harts met at a word of the vector core: counted in checked builds
 * (kernel/contention_checked.c), nothing at all in release builds.
 */
struct contention {
	_Atomic uint32_t failed_cas; /* compare-and-swaps that found the word changed by another */
	_Atomic uint32_t helped;     /* wishes that were left to another owner to apply */
};
extern struct contention contention;

/* For the condition of a loop, after its compare-and-swap has failed: true. Any context. */
static inline bool contention_lost(void)
{
	atomic_fetch_add_explicit(&contention.failed_cas, 1, memory_order_relaxed);
	return true;
}

static inline void contention_helped(void)
{
	atomic_fetch_add_explicit(&contention.helped, 1, memory_order_relaxed);
}

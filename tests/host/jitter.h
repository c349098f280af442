/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>

/*
 * For a test that includes a kernel file whole, or names it in SOURCES and this file in CFLAGS
 * (-include): its threads may lose the processor before any atomic operation, so that few
 * processors still give many interleavings. One of each variable in a program.
 */
__attribute__((weak)) _Thread_local uint32_t jitter_state = 1;
__attribute__((weak))
uint32_t jitter_every; /* one operation in this many; a power of two, 0: never */

static inline uint32_t jitter_random(void)
{
	jitter_state ^= jitter_state << 13;
	jitter_state ^= jitter_state >> 17;
	jitter_state ^= jitter_state << 5;
	return jitter_state;
}

static inline void jitter(void)
{
	if (jitter_every && !(jitter_random() & (jitter_every - 1)))
		sched_yield();
}

#undef atomic_load_explicit
#undef atomic_store_explicit
#undef atomic_fetch_add_explicit
#undef atomic_fetch_sub_explicit
#undef atomic_fetch_and_explicit
#undef atomic_fetch_or_explicit
#undef atomic_exchange_explicit
#undef atomic_compare_exchange_weak_explicit
#undef atomic_compare_exchange_strong_explicit
#define atomic_load_explicit(p, order)         (jitter(), __atomic_load_n(p, order))
#define atomic_store_explicit(p, v, order)     (jitter(), __atomic_store_n(p, v, order))
#define atomic_fetch_add_explicit(p, v, order) (jitter(), __atomic_fetch_add(p, v, order))
#define atomic_fetch_sub_explicit(p, v, order) (jitter(), __atomic_fetch_sub(p, v, order))
#define atomic_fetch_and_explicit(p, v, order) (jitter(), __atomic_fetch_and(p, v, order))
#define atomic_fetch_or_explicit(p, v, order)  (jitter(), __atomic_fetch_or(p, v, order))
#define atomic_exchange_explicit(p, v, order)  (jitter(), __atomic_exchange_n(p, v, order))
#define atomic_compare_exchange_strong_explicit(p, expected, desired, success, failure) \
	(jitter(), __atomic_compare_exchange_n(p, expected, desired, 0, success, failure))
#define atomic_compare_exchange_weak_explicit(p, expected, desired, success, failure) \
	(jitter(), __atomic_compare_exchange_n(p, expected, desired, 1, success, failure))

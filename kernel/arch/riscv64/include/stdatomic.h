/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include_next <stdatomic.h>

/*
 * GCC before 14 leaves the release out of a compare-and-swap whose failure order is weaker than
 * seq_cst: no fence, no .rl (its commit "Enforce atomic compare_exchange SEQ_CST"). Where a
 * release is asked for, it gets seq_cst: a fence in front, .aq on the load.
 */
#define ATOMIC_CAS_ORDER(order)                                                                \
	((order) == memory_order_release || (order) == memory_order_acq_rel ? __ATOMIC_SEQ_CST \
									    : (order))
#define ATOMIC_CAS_FAILURE(order, failure) \
	(ATOMIC_CAS_ORDER(order) == __ATOMIC_SEQ_CST ? __ATOMIC_SEQ_CST : (failure))

#undef atomic_compare_exchange_strong_explicit
#undef atomic_compare_exchange_weak_explicit
#define atomic_compare_exchange_strong_explicit(p, expected, desired, order, failure)      \
	__atomic_compare_exchange_n(p, expected, desired, 0, (int)ATOMIC_CAS_ORDER(order), \
				    (int)ATOMIC_CAS_FAILURE(order, failure))
#define atomic_compare_exchange_weak_explicit(p, expected, desired, order, failure)        \
	__atomic_compare_exchange_n(p, expected, desired, 1, (int)ATOMIC_CAS_ORDER(order), \
				    (int)ATOMIC_CAS_FAILURE(order, failure))

/*
 * GCC before 14 stores by amoswap, which takes no offset. A plain store is atomic (The RISC-V ISA,
 * Volume I, "RVWMO Memory Consistency Model"); a fence in front makes it a release, here of
 * device accesses too, as in GCC's own, and one behind it seq_cst.
 */
#undef atomic_store_explicit
#define atomic_store_explicit(p, value, order)                                       \
	__extension__({                                                              \
		__auto_type atomic_store_to = (p);                                   \
		__typeof__((void)0, *atomic_store_to) atomic_store_value = (value);  \
		if ((order) != memory_order_relaxed)                                 \
			__asm__ volatile("fence iorw, ow" ::: "memory");             \
		*(volatile __typeof__((void)0, *atomic_store_to) *)atomic_store_to = \
			atomic_store_value;                                          \
		if ((order) == memory_order_seq_cst)                                 \
			__asm__ volatile("fence iorw, iorw" ::: "memory");           \
	})

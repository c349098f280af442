/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Compare-and-swap, acquire and release, and more than a release: what was read or written before,
 * memory and device, comes before what another hart does that has acquired the new value. false: the
 * word was not `from`.
 */
static inline bool arch_cas(_Atomic uint32_t *word, uint32_t from, uint32_t to)
{
	return atomic_compare_exchange_strong_explicit(word, &from, to, memory_order_acq_rel,
						       memory_order_relaxed);
}

/* The same of 64 bits, acquire. */
static inline bool arch_cas64_acquire(_Atomic uint64_t *word, uint64_t from, uint64_t to)
{
	return atomic_compare_exchange_strong_explicit(word, &from, to, memory_order_acquire,
						       memory_order_relaxed);
}

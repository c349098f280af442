/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "arch/barrier.h"
#include "kernel/retire.h"
#include "kernel/slot.h"

/*
 * Of kernel/retire.c, what an owner does to a place, with the names of tests/model/retire.pml. Here so
 * that a move of one vector (kernel/place.h) is one piece of code.
 */
struct retire {
	_Atomic uint64_t retired[VECTOR_WORDS]; /* a bit an identity: left since the last batch */
	_Atomic uint32_t summary;               /* a bit a word of it, set after the word's */
	uint32_t batch_words;         /* as summary, for batch: not 0 while DRAIN is awaited */
	uint64_t batch[VECTOR_WORDS]; /* this hart's alone */
};

static inline uintptr_t tagged(const struct irq_desc *desc, enum retire_tag tag)
{
	return (uintptr_t)desc | tag;
}

static inline enum retire_tag tag_of(uintptr_t parked)
{
	return parked % RETIRE_TAGS;
}

static inline struct irq_desc *desc_of(uintptr_t parked)
{
	return (struct irq_desc *)(parked - tag_of(parked));
}

static inline void note_left(struct irq_desc *desc, unsigned hart, unsigned identity)
{
	desc->left_hart = (uint16_t)hart;
	desc->left_identity = (uint16_t)identity;
}

static inline void park(struct hart *at, unsigned identity, struct irq_desc *desc,
			enum retire_tag tag)
{
	_Atomic uintptr_t *parked = &at->parked[identity];

	atomic_store_explicit(parked, tagged(desc, RETIRE_HERE), memory_order_relaxed);
	/* release: who finds irq_parked here finds the vector there (retire_late) */
	atomic_store_explicit(&at->slots[identity], &irq_parked, memory_order_release);
	/*
	 * The tag last: a bit of an earlier time may lead the hart here at once. release: who
	 * sees it comes after the flush, and finds irq_parked.
	 */
	atomic_store_explicit(parked, tagged(desc, tag), memory_order_release);
}

/* Half of set_retired: the summary and a kick follow. */
static inline void retire_set_bit(struct hart *at, unsigned identity, uint64_t left)
{
	/* release: the tag first, then the bit, then its word's; pairs with take_batch() */
	atomic_fetch_or_explicit(&at->retire->retired[identity / 64], left << identity % 64,
				 memory_order_release);
}

/* What is left counts from the identity on, all in one word. */
static inline void set_retired(struct hart *at, unsigned identity, uint64_t left)
{
	retire_set_bit(at, identity, left);
	/* release, as above */
	atomic_fetch_or_explicit(&at->retire->summary, BIT(identity / 64), memory_order_release);
}

/* As retire_place(), of a place that counts as held already. */
static inline void retire_held(struct irq_desc *desc, struct hart *at, unsigned hart,
			       unsigned identity)
{
	/* flush: its read has come back before the tag can be seen (M16) */
	barrier_read_before_write();
	note_left(desc, hart, identity);
	park(at, identity, desc, RETIRE_LEFT);
	set_retired(at, identity, 1);
	smp_kick(hart);
}

/* take_back. The tag that the place had; RETIRE_HERE: it is no longer the vector's. */
static inline enum retire_tag untag(struct irq_desc *desc, struct hart *at, unsigned identity)
{
	uintptr_t parked = atomic_load_explicit(&at->parked[identity], memory_order_relaxed);

	/* Goes round at most twice: the hart takes it to its batch, and then finds it pending. */
	while (desc_of(parked) == desc && tag_of(parked) != RETIRE_HERE)
		if (atomic_compare_exchange_weak_explicit(
			    &at->parked[identity], &parked, tagged(desc, RETIRE_HERE),
			    memory_order_acquire, memory_order_relaxed))
			return tag_of(parked);
	return RETIRE_HERE;
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <errno.h>

#include "arch/barrier.h"
#include "kernel/irq.h"
#include "kernel/msi.h"
#include "kernel/msi_entry.h"
#include "kernel/place.h"

/*
 * Moves of a vector at rest in one piece (docs/msi.md M7, M8), all in line: an MSI-X entry, and
 * plain MSI of one message without mask bits. direct_checked.c and direct_release.c make
 * direct_move_steady() of it, with and without the sanitizer. What is not as it mostly is goes the way of
 * set_affinity, before anything has changed.
 */
struct steady_move {
	struct irq_desc *desc;
	struct hart *from, *to;
	unsigned hart, old_hart, old_identity;
	uint32_t word; /* wished: the new hart */
};

int direct_move_steady(struct irq_desc *desc, unsigned hart, uint32_t word);

/* The message is not led to the new place: rc. It stays where it was. */
static __attribute__((noinline, unused)) int steady_refused(struct irq_desc *desc, unsigned hart,
							    unsigned identity, int rc)
{
	place_leave(desc, hart, identity);
	return irq_move_failed(desc, hart, rc);
}

/* The message is led to the new place, and flushed: the old one is left, and OWNED let go. */
static inline __attribute__((always_inline)) int steady_leave(const struct steady_move *m,
							      unsigned identity)
{
	struct irq_desc *desc = m->desc;

	desc->hart = (uint16_t)m->hart;
	desc->identity = (uint16_t)identity;
	atomic_store_explicit(&desc->steady, m->word & ~IRQ_RUN, memory_order_relaxed);
	/* The owner's alone, until its places are drained. */
	atomic_store_explicit(&desc->moved,
			      atomic_load_explicit(&desc->moved, memory_order_relaxed) + 1,
			      memory_order_relaxed);
	retire_held(desc, m->from, m->old_hart, m->old_identity);
	if (__builtin_expect(!arch_cas(&desc->state, m->word | IRQ_OWNED, m->word), 0))
		return irq_own_until_no_wish_is_new(desc);
	return 0;
}

/* The new place, published, then the message under mask, then the old place left (M7). */
static inline __attribute__((always_inline)) int
steady_move_entry(const struct steady_move *m, struct msi_function *fn, bool check)
{
	struct irq_desc *desc = m->desc;
	uint64_t address = (*fn->domain->addresses)[(size_t)m->hart];
	unsigned identity = place_at_once(fn->domain->space, desc, m->to, m->hart);
	uintptr_t control;

	if (__builtin_expect(!identity, 0))
		return irq_own_until_no_wish_is_new(desc);
	control = atomic_load_explicit(&desc->mask_at, memory_order_relaxed);
	irq_write_mask(desc, IRQ_OFF);
	if (check) {
		struct msi_msg msg = { address, identity };

		if (msi_check_write(fn, desc->index, &msg, __builtin_return_address(0))) {
			irq_write_mask(desc, 0);
			return steady_refused(desc, m->hart, identity, -EPERM);
		}
	}
	/* Slot and descriptor are seen before a message can name them (M16). */
	barrier_publish_to_device();
	msi_entry_fill(control - MSI_ENTRY_CONTROL, address, identity);
	(void)mmio_read32(control - MSI_ENTRY_CONTROL + MSI_ENTRY_DATA);
	irq_write_mask(desc, 0);
	return steady_leave(m, identity);
}

/* Without mask bits, to the same number: the address's low half is written, and read back (M8). */
static inline __attribute__((always_inline)) int
steady_move_message(const struct steady_move *m, struct msi_function *fn, bool check)
{
	struct irq_desc *desc = m->desc;
	const uint64_t *addresses = *fn->domain->addresses;
	uint64_t here = addresses[m->old_hart], there = addresses[(size_t)m->hart];
	uintptr_t at = fn->message_address;

	if (((here ^ there) >> 32) || atomic_load_explicit(&fn->removed, memory_order_relaxed) ||
	    !place_same_at_once(fn->domain->space, desc, m->to, m->hart, m->old_identity))
		return irq_own_until_no_wish_is_new(desc);
	if (check) {
		struct msi_msg msg = { there, m->old_identity };

		if (msi_check_change(fn, MSI_PART_ADDRESS, &msg, __builtin_return_address(0)))
			return steady_refused(desc, m->hart, m->old_identity, -EPERM);
	}
	/* As above. */
	barrier_publish_to_device();
	mmio_write32(at, (uint32_t)there);
	if (mmio_read32(at) != (uint32_t)there)
		return steady_refused(desc, m->hart, m->old_identity, -EIO);
	return steady_leave(m, m->old_identity);
}

static inline __attribute__((always_inline)) int steady_move(struct irq_desc *desc, unsigned hart,
							     uint32_t word, bool check)
{
	struct msi_function *fn = desc->chip_data;
	struct steady_move m = {
		.desc = desc,
		.hart = hart,
		.old_hart = FIELD_GET(IRQ_TARGET_MASK, word),
		.word = FIELD_PREP(IRQ_TARGET_MASK, (uint32_t)hart) | (word & IRQ_RUN),
	};

	if (!arch_cas(&desc->state, word, m.word | IRQ_OWNED))
		return irq_post_move(desc, hart);
	/* Now it can't change any more: was it steady then? */
	if (!irq_is_steady(desc, word))
		return irq_own_until_no_wish_is_new(desc);
	barrier_acquire_to_device();
	m.from = smp_hart(m.old_hart);
	m.to = smp_hart(hart);
	m.old_identity = desc->identity;
	if (place_has_exit(m.from, m.old_identity))
		return irq_own_until_no_wish_is_new(desc);
	/* relaxed: who was too late meets all ones */
	if (atomic_load_explicit(&fn->flat, memory_order_relaxed))
		return steady_move_entry(&m, fn, check);
	if (fn->ops->type == MSI_MSI)
		return steady_move_message(&m, fn, check);
	return irq_own_until_no_wish_is_new(desc);
}

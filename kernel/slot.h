/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "kernel/irq.h"
#include "kernel/smp.h"

/*
 * Who gets an identity of a hart (index) from now on; before a message can name it.
 * Any context.
 */
static inline void irq_slot_publish(unsigned hart, unsigned identity, struct irq_desc *desc)
{
	/* release: pairs with the claim's fence i,rw before its slot load (M16); the descriptor comes first */
	atomic_store_explicit(&smp_hart(hart)->slots[identity], desc, memory_order_release);
}

/* The vector has left the identity or was freed: what still arrives there is late or dead. */
static inline void irq_slot_park(unsigned hart, unsigned identity, struct irq_desc *desc)
{
	struct hart *at = smp_hart(hart);

	atomic_store_explicit(&at->parked[identity], desc, memory_order_relaxed);
	/* release: who finds irq_parked here finds the vector there (irq_claim_slow) */
	atomic_store_explicit(&at->slots[identity], &irq_parked, memory_order_release);
}

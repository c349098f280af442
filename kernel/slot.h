/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "kernel/irq.h"
#include "kernel/smp.h"

/*
 * Who gets an identity of a hart (index) from now on; before a message can name it.
 * Any context.
 */
static inline void irq_slot_publish_at(struct hart *at, unsigned identity, struct irq_desc *desc)
{
	/* release: pairs with the claim's fence i,rw before its slot load (M16); the descriptor comes first */
	atomic_store_explicit(&at->slots[identity], desc, memory_order_release);
}

static inline void irq_slot_publish(unsigned hart, unsigned identity, struct irq_desc *desc)
{
	irq_slot_publish_at(smp_hart(hart), identity, desc);
}

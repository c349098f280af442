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

/*
 * By hart (index), the identity that the vector has left there last and may still have; 0:
 * none. The owner's. Two bytes a hart, behind the counters of desc->handled.
 */
static inline uint16_t *irq_left(const struct irq_desc *desc)
{
	return (uint16_t *)(desc->handled + smp_count());
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "kernel/irq.h"

/*
 * Vectors that share address and data, the messages of a multi-message MSI (docs/msi.md M9):
 * what is wished of one is applied by the owner of all. IRQ_OWNED of each is set for good;
 * who sets IRQ_LEAD_OWNED in the word of the lead is the owner of the block, and target of the
 * lead is the target of the block.
 */
struct irq_block {
	struct irq_desc **descs; /* n of them, in the order of the messages; descs[0] is the lead */
	unsigned n;
};

/* Makes a block of initialised descriptors, before anybody can wish something of them. */
void irq_block_init(struct irq_block *block, struct irq_desc **descs, unsigned n);

/*
 * For kernel/irq.c, when a wish is written in the word of a member: applies it, or leaves it
 * to the owner. Any context, never waits. What the registers gave; 0 when left to another.
 */
int irq_block_wished(struct irq_block *block);
/* The same for a target in the word of the lead: n - 1, or what the move gave. */
int irq_block_move(struct irq_block *block);

/* Holder of LEAD_OWNED: applies what is wished, and lets go. */
void irq_block_disown(struct irq_block *block);

/* Of kernel/irq.c, for the owner of a block, which is the owner of its members. */
/* Moves to the target, of a lead the block; what cannot be is no longer wished. 0 or -errno. */
int irq_apply_move(struct irq_desc *desc, uint32_t target);
/* Brings the registers to the word, and sends a latched event again that is nobody else's. */
int irq_apply_word(struct irq_desc *desc, uint32_t word);

// SPDX-License-Identifier: Apache-2.0
/*
 * The owner of a block (docs/msi.md M9; model: tests/model/unmaskable.pml). The steps:
 * wish (kernel/irq.c), dirty, own_lead, apply_block, disown_lead. Nobody waits.
 */
#include "kernel/irq_block.h"

/* Of the first round, which has seen the caller's wish. */
struct result {
	int move, registers;
};

void irq_block_init(struct irq_block *block, struct irq_desc **descs, unsigned n)
{
	block->descs = descs;
	block->n = n;
	for (unsigned i = 0; i < n; i++) {
		descs[i]->block = block;
		/* relaxed: a stray claim may be at the word, nobody wishes something yet */
		atomic_fetch_or_explicit(&descs[i]->state, IRQ_OWNED, memory_order_relaxed);
	}
}

static int move_block(struct irq_block *block, uint32_t target)
{
	int rc = irq_apply_move(block->descs[0], target);

	/* It has counted the lead's. */
	for (unsigned i = 1; i < block->n && !rc; i++)
		atomic_fetch_add_explicit(&block->descs[i]->moved, 1, memory_order_relaxed);
	return rc;
}

/* Each member's wishes as they are now. */
static int apply_members(struct irq_block *block)
{
	const struct irq_desc *lead = block->descs[0];
	int rc = 0;

	for (unsigned i = 0; i < block->n; i++) {
		struct irq_desc *desc = block->descs[i];
		uint32_t word = atomic_load_explicit(&desc->state, memory_order_acquire);
		int error;

		/* The message of all is written with the lead's: before, none may be opened. */
		if (i && !(lead->shadow & IRQ_SHADOW_WRITTEN))
			word |= IRQ_INACTIVE;
		error = irq_apply_word(desc, word);
		rc = rc ? rc : error;
	}
	return rc;
}

static struct result apply_block(struct irq_block *block)
{
	struct irq_desc *lead = block->descs[0];
	struct result result = { 0, 0 };
	/* acquire: pairs with the release of dirty; wishes that are written later set it again */
	uint32_t word =
		atomic_fetch_and_explicit(&lead->state, ~IRQ_LEAD_DIRTY, memory_order_acquire);
	uint32_t target = FIELD_GET(IRQ_TARGET_MASK, word);

	if (target != lead->hart && !(word & IRQ_DEAD))
		result.move = move_block(block, target);
	result.registers = apply_members(block);
	return result;
}

static bool disown_lead(struct irq_desc *lead)
{
	uint32_t s = atomic_load_explicit(&lead->state, memory_order_relaxed);

	/* Fails only if another hart changed the word: lock-free. */
	do {
		if (s & IRQ_LEAD_DIRTY)
			return false;
		/* release: the next owner sees shadows, hart and identities */
	} while (!atomic_compare_exchange_weak_explicit(
		&lead->state, &s, s & ~IRQ_LEAD_OWNED, memory_order_release, memory_order_relaxed));
	return true;
}

static struct result own_lead(struct irq_block *block)
{
	struct result first = apply_block(block);

	while (!disown_lead(block->descs[0]))
		apply_block(block);
	return first;
}

void irq_block_disown(struct irq_block *block)
{
	own_lead(block);
}

static struct result dirty(struct irq_block *block)
{
	/* release: the wish comes first, for the owner's acquire; acquire: pairs with disown_lead() */
	uint32_t s = atomic_fetch_or_explicit(
		&block->descs[0]->state, IRQ_LEAD_OWNED | IRQ_LEAD_DIRTY, memory_order_acq_rel);

	return s & IRQ_LEAD_OWNED ? (struct result){ 0, 0 } : own_lead(block);
}

int irq_block_wished(struct irq_block *block)
{
	return dirty(block).registers;
}

int irq_block_move(struct irq_block *block)
{
	int rc = dirty(block).move;

	return rc ? rc : (int)block->n - 1;
}

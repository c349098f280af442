// SPDX-License-Identifier: Apache-2.0
/*
 * Moves of plain MSI (docs/msi.md M7 to M9; model: tests/model/unmaskable.pml): the messages of
 * a function, one or an aligned block, have one address and count up from one data.
 */
#include "drivers/msi/direct_move.h"

#include <errno.h>

#include "kernel/hart_off.h"
#include "kernel/retire.h"
#include "kernel/slot.h"

#define MAX_MESSAGES 32 /* PCIe Base Specification, "Message Control Register for MSI" */

/* The messages of a function: descs[0 .. n), n at least 1. Each has a place more. */
static void publish(struct irq_desc **descs, unsigned n, unsigned hart, unsigned first)
{
	do {
		/* relaxed: before the place it leaves is retired, so it never is the last by mistake */
		atomic_fetch_add_explicit(&(*descs)->places, 1, memory_order_relaxed);
		irq_slot_publish(hart, first++, *descs++);
	} while (--n);
}

static void settle(struct irq_desc **descs, unsigned n, unsigned hart, unsigned first)
{
	do {
		(*descs)->hart = (uint16_t)hart;
		(*descs++)->identity = (uint16_t)first++;
	} while (--n);
}

/* --- with mask bits, or not written yet --- */

/* Masks all messages; which of them were not. */
static uint32_t close_all(struct msi_function *fn)
{
	uint32_t open = 0;

	for (unsigned i = 0; i < fn->held; i++) {
		if (!(fn->descs[i]->shadow & IRQ_SHADOW_MASKED))
			open |= BIT(i);
		fn->descs[i]->shadow |= IRQ_SHADOW_MASKED;
	}
	fn->ops->mask_all(fn, UINT32_MAX);
	return open;
}

static void open_again(struct msi_function *fn, uint32_t open)
{
	for (unsigned i = 0; i < fn->held; i++)
		if (open & BIT(i))
			fn->descs[i]->shadow &= (uint8_t)~IRQ_SHADOW_MASKED;
	fn->ops->mask_all(fn, ~open);
}

/* The read back of the mask flushes what was sent before. */
static int write_under_mask(struct msi_function *fn, const struct vector_place *to)
{
	uint32_t open = close_all(fn);
	struct msi_msg msg;
	int rc;

	fn->domain->compose(to->hart, to->identity, &msg);
	rc = fn->ops->write_msg(fn, 0, &msg);
	open_again(fn, open);
	return rc;
}

static int move_under_mask(struct msi_function *fn, unsigned hart)
{
	struct irq_desc **descs = fn->descs;
	unsigned n = fn->held, old_hart = descs[0]->hart, old_first = descs[0]->identity;
	struct vector_place to[MAX_MESSAGES];
	uint16_t wish = (uint16_t)hart;
	int rc = 0;

	if (!hart_has_exit(descs[0], hart, to))
		rc = fn->domain->claim(fn, n, n, &wish, true, to);
	if (rc < 0)
		return rc;
	publish(descs, n, to->hart, to->identity);
	rc = descs[0]->shadow & IRQ_SHADOW_WRITTEN ? write_under_mask(fn, to) : 0;
	if (rc) {
		retire_block(descs, n, to->hart, to->identity);
		return rc;
	}
	settle(descs, n, to->hart, to->identity);
	retire_block(descs, n, old_hart, old_first);
	return 0;
}

/* --- without: one register at a time --- */

/* (to, j) is published and (from, j) reserved: the function sends (from, i), then (from, j). */
static __attribute__((noinline)) int change_data(struct msi_function *fn, unsigned to, unsigned j)
{
	struct irq_desc **descs = fn->descs;
	unsigned n = fn->held, from = descs[0]->hart, i = descs[0]->identity;
	struct msi_msg via;
	int rc;

	/* publish_both */
	publish(descs, n, from, j);
	fn->domain->compose(from, j, &via);
	/* write_data, flush_data */
	rc = fn->ops->change_msg(fn, MSI_PART_DATA, &via);
	if (rc) {
		retire_block(descs, n, from, j);
		retire_block(descs, n, to, j);
		return rc;
	}
	settle(descs, n, from, j);
	retire_block(descs, n, from, i);
	return 0;
}

/* Places at the other hart, published, with the number that the message has then: *j. */
static int change_number(struct msi_function *fn, unsigned to, unsigned *j)
{
	unsigned i = *j;
	/* reserve_pair */
	int rc = fn->domain->claim_pair(fn, fn->held, fn->descs[0]->hart, to, j);

	if (rc < 0)
		return rc;
	publish(fn->descs, fn->held, to, *j);
	return *j == i ? 0 : change_data(fn, to, *j);
}

static int move_by_registers(struct msi_function *fn, unsigned to)
{
	struct irq_desc *lead = fn->descs[0];
	unsigned from = lead->hart, j = lead->identity, left = to;
	struct msi_msg here, there;
	int rc;

	fn->domain->compose(from, j, &here);
	fn->domain->compose(to, j, &there);
	/* The address's upper half is a register of its own: it has to be the same. */
	if ((here.address ^ there.address) >> 32)
		return -EOPNOTSUPP;
	/* A single one may have left this very number there a moment ago. */
	if (fn->held > 1 || j > smp_hart(to)->max_id || !retire_take_back_at(lead, to, j)) {
		rc = change_number(fn, to, &j);
		if (rc)
			return rc;
		fn->domain->compose(to, j, &there);
	}
	/* write_address, flush_address */
	rc = fn->ops->change_msg(fn, MSI_PART_ADDRESS, &there);
	if (!rc) {
		settle(fn->descs, fn->held, to, j);
		left = from;
	}
	/* retire_both; refused, it goes on sending (from, j) */
	if (fn->held > 1)
		retire_block(fn->descs, fn->held, left, j);
	else
		retire_place(lead, left, j);
	return rc;
}

int direct_move_messages(struct msi_function *fn, unsigned hart)
{
	bool written = fn->descs[0]->shadow & IRQ_SHADOW_WRITTEN;

	return written && !fn->maskable ? move_by_registers(fn, hart) : move_under_mask(fn, hart);
}

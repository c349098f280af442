// SPDX-License-Identifier: Apache-2.0
/*
 * Backend `direct`: bare hardware, the kernel composes each message and writes it into
 * the function. Places come from the function's msi_domain.
 */
#include <errno.h>

#include "drivers/msi/direct_move.h"
#include "kernel/hart_off.h"
#include "kernel/irq.h"
#include "kernel/msi.h"
#include "kernel/retire.h"
#include "kernel/slot.h"
#include "kernel/smp.h"

static struct msi_function *function_of(const struct irq_desc *desc)
{
	return desc->chip_data;
}

static bool available(const struct msi_function *fn)
{
	return fn->domain;
}

static int query(struct msi_function *fn, enum msi_type type)
{
	unsigned count = type == MSI_MSIX ? fn->msix_count : fn->msi_count;

	return (int)MIN(count, fn->domain->available());
}

/* Messages of one function share address and upper data bits: one aligned block (M3, M9). */
static int claim_block(struct msi_function *fn, unsigned min, unsigned max, const uint16_t *wish)
{
	unsigned size = 1u << log2_ceil(max);
	int rc = -ENOSPC;

	for (; size >= min && size && rc == -ENOSPC; size /= 2) {
		rc = fn->domain->claim(size, size, wish, true, fn->places);
		/* A wish is a preference. */
		if (rc == -ENOSPC && wish)
			rc = fn->domain->claim(size, size, NULL, true, fn->places);
	}
	return rc;
}

static int claim_places(struct msi_function *fn, enum msi_type type, unsigned min, unsigned max,
			const uint16_t *wish)
{
	if (type == MSI_MSI)
		return claim_block(fn, min, max, wish);
	return fn->domain->claim(min, max, wish, false, fn->places);
}

static const struct irq_chip direct_chip;

static int alloc(struct msi_function *fn, enum msi_type type, unsigned min, unsigned max,
		 const uint16_t *wish)
{
	int held = claim_places(fn, type, min, max, wish);
	const struct vector_place *place;
	struct irq_desc **descs;

	if (held < 0)
		return held;
	/* Descriptors are as many as identities: who holds places finds them. */
	if (irq_desc_claim((unsigned)held, fn->descs) < 0)
		return -ENOSPC;
	place = fn->places;
	descs = fn->descs;
	for (unsigned i = 0; i < (unsigned)held; i++, place++) {
		struct irq_desc *desc = descs[i];

		irq_desc_init(desc, IRQ_KIND_MSI, &direct_chip, place->hart, place->identity);
		desc->chip_data = fn;
		desc->index = (uint16_t)i;
		desc->gone = &fn->gone;
		irq_slot_publish(place->hart, place->identity, desc);
	}
	fn->held = (uint16_t)held;
	if (type == MSI_MSI && held > 1)
		irq_block_init(&fn->block, fn->descs, (unsigned)held);
	return (int)MIN((unsigned)held, max);
}

/* Nothing is sent from here on, and what was sent has reached the interrupt files or is on its way there. */
static void shut_off(struct msi_function *fn)
{
	fn->ops->stop(fn);
	fn->ops->flush(fn);
}

/* Late arrivals find the dead descriptors and are counted there, until the places are drained. */
static void free_set(struct msi_function *fn)
{
	if (fn->enabled)
		shut_off(fn);
	for (struct irq_desc **at = fn->descs, **end = at + fn->held; at < end; at++)
		irq_kill(*at);
	retire_set(fn->descs, fn->held);
}

static int enable(struct msi_function *fn)
{
	int rc = fn->ops->prepare(fn, fn->held);

	for (struct irq_desc **at = fn->descs, **end = at + fn->count; at < end && !rc; at++)
		rc = irq_activate(*at);
	if (!rc) {
		fn->ops->start(fn);
		return 0;
	}
	fn->ops->stop(fn);
	for (unsigned i = 0; i < fn->count; i++)
		irq_deactivate(fn->descs[i]);
	return rc;
}

static void disable(struct msi_function *fn)
{
	shut_off(fn);
	for (unsigned i = 0; i < fn->count; i++)
		irq_deactivate(fn->descs[i]);
}

static int resume(struct msi_function *fn)
{
	int rc = fn->ops->prepare(fn, fn->held);

	for (unsigned i = 0; i < fn->held && !rc; i++)
		rc = irq_resume(fn->descs[i]);
	if (!rc) {
		fn->ops->start(fn);
		return 0;
	}
	fn->ops->stop(fn);
	for (unsigned i = 0; i < fn->held; i++)
		irq_suspend(fn->descs[i]);
	return rc;
}

/* --- what the holder of OWNED does --- */

static int write_place(struct irq_desc *desc, unsigned hart, unsigned identity)
{
	struct msi_function *fn = function_of(desc);
	struct msi_msg msg;

	fn->domain->compose(hart, identity, &msg);
	return fn->ops->write_msg(fn, desc->index, &msg);
}

static int activate(struct irq_desc *desc, uint8_t shadow)
{
	struct msi_function *fn = function_of(desc);
	int rc = 0;

	/* Of plain MSI the block's base stands for all its messages. */
	if (!desc->index || fn->ops->type == MSI_MSIX)
		rc = write_place(desc, desc->hart, desc->identity);
	if (rc)
		return rc;
	desc->shadow = shadow;
	if (fn->maskable && !(shadow & IRQ_SHADOW_MASKED))
		fn->ops->unmask(fn, desc->index);
	return 0;
}

static void mask(struct irq_desc *desc)
{
	struct msi_function *fn = function_of(desc);

	if (fn->maskable)
		fn->ops->mask(fn, desc->index);
}

static void unmask(struct irq_desc *desc)
{
	struct msi_function *fn = function_of(desc);

	if (fn->maskable)
		fn->ops->unmask(fn, desc->index);
}

static void retrigger(struct irq_desc *desc)
{
	function_of(desc)->domain->send(desc->hart, desc->identity);
}

/*
 * A place at exactly this hart, published: the one that the vector left there last, if it still
 * has it, or a new one. The identity; -ENOSPC, -EAGAIN.
 */
static int find_place(struct irq_desc *desc, unsigned hart)
{
	uint16_t wish = (uint16_t)hart;
	struct vector_place to;
	int rc = (int)retire_take_back(desc, hart);

	if (rc)
		return rc;
	/* A block of one: exactly this hart. */
	if (!hart_has_exit(desc, hart, &to)) {
		rc = function_of(desc)->domain->claim(1, 1, &wish, true, &to);
		if (rc < 0)
			return rc;
	}
	/* relaxed: before the place it leaves is retired, so it never is the last by mistake */
	atomic_fetch_add_explicit(&desc->places, 1, memory_order_relaxed);
	irq_slot_publish(to.hart, to.identity, desc);
	return to.identity;
}

/* The new place, published, then the message under mask, then the old place left (M7). */
static int move(struct irq_desc *desc, unsigned hart, unsigned identity)
{
	struct msi_function *fn = function_of(desc);
	bool was_masked = desc->shadow & IRQ_SHADOW_MASKED;
	unsigned old_hart = desc->hart, old_identity = desc->identity;
	int rc = 0;

	if (desc->shadow & IRQ_SHADOW_WRITTEN) {
		fn->ops->mask(fn, desc->index);
		desc->shadow |= IRQ_SHADOW_MASKED;
		rc = write_place(desc, hart, identity);
		if (!was_masked) {
			desc->shadow &= (uint8_t)~IRQ_SHADOW_MASKED;
			fn->ops->unmask(fn, desc->index);
		}
	}
	if (rc) {
		retire_place(desc, hart, identity);
		return rc;
	}
	desc->hart = (uint16_t)hart;
	desc->identity = (uint16_t)identity;
	retire_place(desc, old_hart, old_identity);
	return 0;
}

static int set_affinity(struct irq_desc *desc, unsigned hart)
{
	struct msi_function *fn = function_of(desc);
	int rc;

	if (fn->ops->type == MSI_MSI &&
	    (fn->held > 1 || (!fn->maskable && (desc->shadow & IRQ_SHADOW_WRITTEN))))
		return direct_move_messages(fn, hart);
	rc = find_place(desc, hart);
	return rc < 0 ? rc : move(desc, hart, (unsigned)rc);
}

static const struct irq_chip direct_chip = {
	.name = "direct",
	.activate = activate,
	.mask = mask,
	.unmask = unmask,
	.retrigger = retrigger,
	.set_affinity = set_affinity,
};

TABLE_ENTRY(struct msi_ops, msi_backend, 5, direct) = {
	.name = "direct",
	.rating = 1,
	.available = available,
	.query = query,
	.alloc = alloc,
	.free = free_set,
	.enable = enable,
	.disable = disable,
	.resume = resume,
	.chip = &direct_chip,
};

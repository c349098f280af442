// SPDX-License-Identifier: Apache-2.0
/*
 * The backend `direct` for functions behind an IOMMU: its own ops, around those of direct.c, so
 * that a function without one pays nothing. A place is held from its claim on, which is before a
 * message names it, until it is drained.
 */
#include "drivers/msi/direct_remap.h"

#include <errno.h>
#include <string.h>

#include "drivers/msi/direct_move.h"
#include "kernel/hart_off.h"
#include "kernel/retire.h"
#include "kernel/slot.h"

/* What direct.c and the controller give, and the same with the IOMMU between. */
static const struct msi_ops *direct;
static const struct msi_domain *files;
static struct msi_ops remap_ops;
static struct msi_domain remap_domain;
static struct irq_chip remap_chip;

static int hold(struct msi_function *fn, unsigned hart, unsigned n)
{
	return fn->remap->hold(fn->remap, hart, n);
}

static void drop(struct msi_function *fn, unsigned hart, unsigned n)
{
	fn->remap->drop(fn->remap, hart, n);
}

/* --- the domain: what is claimed is held --- */

static void release(unsigned n, unsigned hart, unsigned first)
{
	struct vector_place place = { (uint16_t)hart, (uint16_t)first };

	for (; n; n--, place.identity++)
		vector_release(files->space, &place);
}

/* What can't be held is given back. */
static int hold_block(struct msi_function *fn, unsigned n, unsigned hart, unsigned first)
{
	int rc = hold(fn, hart, n);

	if (rc)
		release(n, hart, first);
	return rc;
}

static int claim(struct msi_function *fn, unsigned min, unsigned max, const uint16_t *wish,
		 bool block, struct vector_place *places)
{
	int n, held = 0, rc = 0;

	/* move_messages() has found and held them. */
	if (fn->remap->reserved.identity) {
		*places = fn->remap->reserved;
		fn->remap->reserved.identity = 0;
		return (int)max;
	}
	n = files->claim(fn, min, max, wish, block, places);
	while (held < n && !rc) {
		rc = hold(fn, places[held].hart, 1);
		held += !rc;
	}
	if (!rc)
		return n;
	for (int i = 0; i < n; i++) {
		if (i < held)
			drop(fn, places[i].hart, 1);
		release(1, places[i].hart, places[i].identity);
	}
	return rc;
}

static int claim_pair(struct msi_function *fn, unsigned n, unsigned from, unsigned to,
		      unsigned *identity)
{
	unsigned before = *identity;
	int got = files->claim_pair(fn, n, from, to, identity), rc;

	if (got < 0)
		return got;
	rc = hold_block(fn, n, to, *identity);
	/* On the hart where it sits, its file is open: this only counts. */
	if (*identity != before && rc)
		release(n, from, *identity);
	else if (*identity != before)
		rc = hold(fn, from, n);
	return rc ? rc : got;
}

/* --- the backend --- */

/* Mask, flush, write, unmask (M7). */
static int rewrite(struct irq_desc *desc, unsigned hart, unsigned identity)
{
	struct msi_function *fn = desc->chip_data;
	uint8_t before = desc->shadow;
	struct msi_msg msg;
	int rc;

	fn->ops->mask(fn, desc->index);
	desc->shadow = before | IRQ_SHADOW_MASKED;
	files->compose(hart, identity, &msg);
	rc = fn->ops->write_msg(fn, desc->index, &msg);
	desc->shadow = before;
	if (!(before & IRQ_SHADOW_MASKED))
		fn->ops->unmask(fn, desc->index);
	return rc;
}

/* The n places at the hart that hart_off() has reserved, held: 1. 0: there are none. */
static int take_exit(const struct irq_desc *desc, unsigned hart, unsigned n,
		     struct vector_place *to)
{
	int rc;

	if (!hart_has_exit(desc, hart, to))
		return 0;
	rc = hold_block(desc->chip_data, n, hart, to->identity);
	if (!rc)
		return 1;
	to->identity = 0;
	return rc;
}

/* The new place, published, then the message under mask, then the old place left. */
static int move(struct irq_desc *desc, unsigned hart)
{
	struct msi_function *fn = desc->chip_data;
	struct vector_place to;
	uint16_t wish = (uint16_t)hart, old_hart = desc->hart, old = desc->identity;
	int rc;

	/* What it has left and is not drained is held still. */
	to.identity = (uint16_t)retire_take_back(desc, hart);
	if (!to.identity) {
		rc = take_exit(desc, hart, 1, &to);
		if (!rc)
			rc = claim(fn, 1, 1, &wish, true, &to);
		if (rc < 0)
			return rc;
		/* relaxed: before the place it leaves is retired, so it never is the last by mistake */
		atomic_fetch_add_explicit(&desc->places, 1, memory_order_relaxed);
		irq_slot_publish(hart, to.identity, desc);
	}
	rc = desc->shadow & IRQ_SHADOW_WRITTEN ? rewrite(desc, hart, to.identity) : 0;
	if (rc) {
		retire_place(desc, hart, to.identity);
		return rc;
	}
	desc->hart = (uint16_t)hart;
	desc->identity = to.identity;
	retire_place(desc, old_hart, old);
	return 0;
}

/*
 * Messages of plain MSI: the domain above gives their places, and those too that hart_off() has
 * reserved.
 */
static int move_messages(struct msi_function *fn, unsigned hart)
{
	const struct irq_desc *lead = fn->descs[0];
	int rc = 0;

	if (fn->maskable || !(lead->shadow & IRQ_SHADOW_WRITTEN))
		rc = take_exit(lead, hart, fn->held, &fn->remap->reserved);
	return rc < 0 ? rc : direct_move_messages(fn, hart);
}

static int set_affinity(struct irq_desc *desc, unsigned hart)
{
	struct msi_function *fn = desc->chip_data;

	if (fn->ops->type == MSI_MSI &&
	    (fn->held > 1 || (!fn->maskable && (desc->shadow & IRQ_SHADOW_WRITTEN))))
		return move_messages(fn, hart);
	return move(desc, hart);
}

static void drained(struct irq_desc *desc, unsigned hart)
{
	drop(desc->chip_data, hart, 1);
}

/* --- */

static int take_over(const struct msi_function *fn)
{
	if (strcmp(fn->backend->name, "direct"))
		return -EOPNOTSUPP;
	direct = fn->backend;
	files = fn->domain;
	remap_chip = *direct->chip;
	remap_chip.set_affinity = set_affinity;
	remap_chip.drained = drained;
	remap_ops = *direct;
	remap_ops.chip = &remap_chip;
	remap_domain = *files;
	remap_domain.claim = claim;
	remap_domain.claim_pair = claim_pair;
	/* Then moves ask set_affinity, and do not write the table on their way. */
	remap_domain.addresses = NULL;
	return 0;
}

int direct_remap(struct msi_function *fn)
{
	if (!direct && take_over(fn))
		return -EOPNOTSUPP;
	if (fn->backend != direct || fn->domain != files)
		return -EOPNOTSUPP;
	fn->backend = &remap_ops;
	fn->domain = &remap_domain;
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
/*
 * Backend `direct`, where messages name sources: the kernel writes each message once, and a move
 * is the source controller's. Sources come from the function's msi_domain.
 */
#include <errno.h>

#include "kernel/irq.h"
#include "kernel/msi.h"

static struct msi_function *function_of(const struct irq_desc *desc)
{
	return desc->chip_data;
}

static const struct msi_source_domain *sources_of(const struct msi_function *fn)
{
	return fn->domain->sources;
}

static const struct irq_chip *router_of(const struct irq_desc *desc)
{
	return sources_of(function_of(desc))->chip;
}

static bool available(const struct msi_function *fn)
{
	return fn->domain && fn->domain->sources;
}

static int query(struct msi_function *fn, enum msi_type type)
{
	unsigned count = type == MSI_MSIX ? fn->msix_count : fn->msi_count;

	return (int)MIN(count, fn->domain->available());
}

/* Messages of one function share address and upper data bits: one aligned block (M3). */
static int claim(struct msi_function *fn, enum msi_type type, unsigned min, unsigned max,
		 const uint16_t *wish)
{
	unsigned size = 1u << log2_ceil(max);
	int rc = -ENOSPC;

	if (type == MSI_MSIX)
		return fn->domain->claim(fn, min, max, wish, false, fn->places);
	for (; size >= min && size && rc == -ENOSPC; size /= 2)
		rc = fn->domain->claim(fn, size, size, wish, true, fn->places);
	return rc;
}

static void init_descs(struct msi_function *fn, unsigned n)
{
	const struct vector_place *place = fn->places;

	for (unsigned i = 0; i < n; i++, place++) {
		struct irq_desc *desc = fn->descs[i];

		irq_desc_init(desc, IRQ_KIND_MSI, fn->by->chip, place->hart, place->identity);
		desc->chip_data = fn;
		desc->index = (uint16_t)i;
		desc->source = MSI_NO_SOURCE;
	}
}

static void put_all(struct msi_function *fn, unsigned n)
{
	fn->domain->give(fn, n, fn->places);
	for (unsigned i = 0; i < n; i++)
		irq_desc_put(fn->descs[i]);
}

static int bind_all(struct msi_function *fn, unsigned n)
{
	const struct msi_source_domain *sources = sources_of(fn);
	unsigned bound = 0;
	int rc = 0;

	while (bound < n && !rc) {
		rc = sources->bind(fn->descs[bound],
				   fn->domain->source(fn->places[bound].identity));
		bound += !rc;
	}
	if (rc && bound)
		sources->unbind(fn->descs, bound);
	return rc;
}

static int alloc(struct msi_function *fn, enum msi_type type, unsigned min, unsigned max,
		 const uint16_t *wish)
{
	int held = claim(fn, type, min, max, wish), rc;

	if (held < 0)
		return held;
	if (irq_desc_claim((unsigned)held, fn->descs) < 0) {
		fn->domain->give(fn, (unsigned)held, fn->places);
		return -ENOSPC;
	}
	init_descs(fn, (unsigned)held);
	rc = bind_all(fn, (unsigned)held);
	if (rc) {
		put_all(fn, (unsigned)held);
		return rc;
	}
	fn->held = (uint16_t)held;
	return (int)MIN((unsigned)held, max);
}

/* Nothing is sent from here on. */
static void shut_off(struct msi_function *fn)
{
	fn->ops->stop(fn);
	fn->ops->flush(fn);
}

static void free_set(struct msi_function *fn)
{
	if (fn->enabled)
		shut_off(fn);
	for (unsigned i = 0; i < fn->held; i++)
		irq_kill(fn->descs[i]);
	/* What was sent is handled, as nobody's, before the source can be another's. */
	sources_of(fn)->unbind(fn->descs, fn->held);
	put_all(fn, fn->held);
}

static int enable(struct msi_function *fn)
{
	int rc = fn->ops->prepare(fn, fn->held);

	for (unsigned i = 0; i < fn->count && !rc; i++)
		rc = irq_activate(fn->descs[i]);
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

/* The source is routed before the function can send. */
static int activate(struct irq_desc *desc, uint8_t shadow)
{
	struct msi_function *fn = function_of(desc);
	struct msi_msg msg;
	int rc = 0;

	/* Of plain MSI the block's base stands for all its messages. */
	if (!desc->index || fn->ops->type == MSI_MSIX) {
		fn->domain->compose(desc->hart, desc->identity, &msg);
		rc = fn->ops->write_msg(fn, desc->index, &msg);
	}
	if (!rc)
		rc = router_of(desc)->activate(desc, shadow);
	if (!rc && fn->maskable && !(shadow & IRQ_SHADOW_MASKED))
		fn->ops->unmask(fn, desc->index);
	return rc;
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
	router_of(desc)->retrigger(desc);
}

/* Its root ends what it has accepted. */
static void eoi(struct irq_desc *desc)
{
	(void)desc;
}

static int set_affinity(struct irq_desc *desc, unsigned hart)
{
	return router_of(desc)->set_affinity(desc, hart);
}

static const struct irq_chip chip = {
	.name = "direct",
	.activate = activate,
	.mask = mask,
	.unmask = unmask,
	.retrigger = retrigger,
	.eoi = eoi,
	.set_affinity = set_affinity,
};

TABLE_ENTRY(struct msi_ops, msi_backend, 5, source) = {
	.name = "direct",
	.rating = 1,
	.available = available,
	.query = query,
	.alloc = alloc,
	.free = free_set,
	.enable = enable,
	.disable = disable,
	.resume = resume,
	.chip = &chip,
};

// SPDX-License-Identifier: Apache-2.0
/*
 * Sources of XIVE: routed to a hart's queue by the hypervisor, masked and ended by their P and Q.
 *
 * While P is set, nothing is sent: an event in a queue, or refused by its vector's word and latched
 * there, holds its source back until it is over. So no source has two entries in queues, whatever
 * the device does, and there is no storm. A mask is P without an event; what comes then is Q.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "arch/barrier.h"
#include "arch/irqflags.h"
#include "drivers/irqchip/papr_map.h"
#include "drivers/irqchip/papr_quiet.h"
#include "drivers/irqchip/wired.h"
#include "drivers/irqchip/xive.h"
#include "kernel/irq.h"
#include "kernel/lib/panic.h"
#include "kernel/msi.h"
#include "kernel/smp.h"
#include "platform/pseries/sources.h"

static struct spinlock lock; /* of which sources there are, and where they go */
static uint32_t ipis_from, nr_ipis;

/* Of a vector that is bound. */
static struct xive_source *source_of(const struct irq_desc *desc)
{
	struct xive_source *source = papr_find(desc->source);

	assert(source);
	return source;
}

/* --- P and Q. The source's lock is held by who calls these. --- */

/* Nothing is sent any more, but for an event that is on its way. */
static void close(struct xive_source *source)
{
	unsigned was = xive_esb_load(&source->esb, XIVE_SET_10);

	source->busy = was & XIVE_P;
	source->masked = true;
	/* Another event that was noted stays noted. */
	if ((was & (XIVE_P | XIVE_Q)) == (XIVE_P | XIVE_Q))
		xive_esb_load(&source->esb, XIVE_SET_11);
}

/* No event is on its way: the next is sent, or one that has come before. */
static void open(const struct xive_esb *esb)
{
	/* A level says itself whether it asks. */
	if (esb->level)
		xive_esb_load(esb, XIVE_END);
	else if (xive_esb_load(esb, XIVE_SET_00) & XIVE_Q)
		xive_esb_trigger(esb);
}

static void set_masked(struct xive_source *source, bool masked)
{
	if (source->masked == masked)
		return;
	if (masked) {
		close(source);
		return;
	}
	source->masked = false;
	if (!source->busy)
		open(&source->esb);
}

/* What an earlier owner left in the bits goes. */
static void turn_on(struct xive_source *source, bool masked)
{
	source->off = false;
	source->masked = masked;
	source->busy = false;
	xive_esb_load(&source->esb, masked ? XIVE_SET_10 : XIVE_SET_00);
}

/* --- the chip --- */

/* After a renewal that failed, there may be no source. */
static void apply_shadow(struct irq_desc *desc)
{
	struct xive_source *source = papr_find(desc->source);
	irqflags_t flags;

	if (!source)
		return;
	flags = spin_lock_irq(&source->lock);
	set_masked(source, desc->shadow & IRQ_SHADOW_MASKED);
	spin_unlock_irq(&source->lock, flags);
}

/*
 * The function is not enabled until its sources are routed, so that it does not matter what they did
 * before that.
 */
static int activate(struct irq_desc *desc, uint8_t shadow)
{
	struct xive_source *source = source_of(desc);
	irqflags_t flags;
	int rc = xive_route(source->esb.number, desc->hart);

	if (rc)
		return rc;
	/* The note comes first: the source may send at once. */
	desc->shadow = shadow;
	flags = spin_lock_irq(&source->lock);
	if (source->off)
		turn_on(source, shadow & IRQ_SHADOW_MASKED);
	else
		set_masked(source, shadow & IRQ_SHADOW_MASKED);
	spin_unlock_irq(&source->lock, flags);
	return 0;
}

/* The event is over. */
static void eoi(struct irq_desc *desc)
{
	struct xive_source *source = source_of(desc);
	irqflags_t flags = spin_lock_irq(&source->lock);

	/* What the handler did to the device comes before a level is looked at again. */
	barrier_mmio();
	if (source->masked)
		source->busy = false;
	else if (!source->off)
		open(&source->esb);
	spin_unlock_irq(&source->lock, flags);
}

/* Lock held. The event that was latched comes, at once or when it may. */
static void send_again(struct xive_source *source)
{
	source->busy = false;
	if (source->off) {
		irq_latch(source->desc);
	} else if (source->esb.level) {
		if (!source->masked)
			open(&source->esb);
	} else if (source->masked) {
		xive_esb_load(&source->esb, XIVE_SET_11);
	} else {
		xive_esb_load(&source->esb, XIVE_SET_00);
		xive_esb_trigger(&source->esb);
	}
}

static void retrigger(struct irq_desc *desc)
{
	struct xive_source *source = source_of(desc);
	irqflags_t flags = spin_lock_irq(&source->lock);

	send_again(source);
	spin_unlock_irq(&source->lock, flags);
}

/* Lock held. A suspended vector may have no source: it is routed when it has one again. */
static int move(struct irq_desc *desc, unsigned hart)
{
	const struct xive_source *source = papr_find(desc->source);
	int rc = source && !source->off ? xive_route(source->esb.number, hart) : 0;

	if (rc)
		return rc;
	/* Who goes has to have all in its queue when it looks for the last time. */
	if (source &&
	    atomic_load_explicit(&smp_hart(desc->hart)->state, memory_order_relaxed) != HART_ONLINE)
		xive_sync(source->esb.number);
	desc->hart = (uint16_t)hart;
	return 0;
}

static int set_affinity(struct irq_desc *desc, unsigned hart)
{
	irqflags_t flags;
	int rc;

	/* seq_cst, with the wish before it: see kernel/hart_off.c */
	if (atomic_load_explicit(&smp_hart(hart)->state, memory_order_seq_cst) != HART_ONLINE)
		return -ENODEV;
	flags = spin_lock_irq(&lock);
	rc = move(desc, hart);
	spin_unlock_irq(&lock, flags);
	return rc;
}

static const struct irq_chip chip = {
	.name = "xive",
	.activate = activate,
	.mask = apply_shadow,
	.unmask = apply_shadow,
	.retrigger = retrigger,
	.eoi = eoi,
	.set_affinity = set_affinity,
};

/* --- which sources there are --- */

/* Off until it is activated: what an earlier owner left in it goes then. */
static int bind(struct irq_desc *desc, uint32_t number)
{
	struct xive_source *source;
	irqflags_t flags;
	int rc;

	if (number >= ipis_from && number - ipis_from < nr_ipis)
		return -EINVAL;
	source = calloc(1, sizeof(*source));
	if (!source)
		return -ENOMEM;
	source->desc = desc;
	source->off = true;
	rc = xive_esb_find(&source->esb, number);
	if (!rc)
		rc = papr_insert(number, source, desc->kind == IRQ_KIND_MSI);
	if (rc) {
		free(source);
		return rc;
	}
	flags = spin_lock_irq(&lock);
	desc->source = number;
	spin_unlock_irq(&lock, flags);
	return 0;
}

/* An event that is noted, and was never sent, is the vector's. */
static void turn_off(struct xive_source *source)
{
	/* The first against who moves the vector, the second against who ends its event. */
	irqflags_t flags = spin_lock_irq(&lock), inner = spin_lock_irq(&source->lock);
	bool noted;

	source->off = true;
	noted = xive_esb_load(&source->esb, XIVE_SET_01) & XIVE_Q;
	spin_unlock_irq(&source->lock, inner);
	xive_unroute(source->esb.number);
	spin_unlock_irq(&lock, flags);
	if (noted)
		irq_latch(source->desc);
}

static void detach(struct irq_desc *desc)
{
	struct xive_source *source = source_of(desc);
	irqflags_t flags = spin_lock_irq(&lock);

	/* Who moves the vector holds the lock. */
	papr_remove(source->esb.number, desc->kind == IRQ_KIND_MSI);
	desc->source = MSI_NO_SOURCE;
	spin_unlock_irq(&lock, flags);
	free(source);
}

/*
 * Off, so that nothing is sent any more; what was sent is in a queue after the synchronisation; then
 * each hart takes what its queue holds.
 */
static void unbind(struct irq_desc *const *descs, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		turn_off(source_of(descs[i]));
	for (unsigned i = 0; i < n; i++)
		xive_sync(descs[i]->source);
	papr_quiesce();
	for (unsigned i = 0; i < n; i++)
		detach(descs[i]);
}

static const struct msi_source_domain domain = {
	.name = "xive",
	.chip = &chip,
	.bind = bind,
	.unbind = unbind,
	.available = papr_msis_left,
};

static int wired_source(struct wired_domain *wired, const uint32_t *specifier,
			struct irq_desc **desc)
{
	int rc;

	(void)wired;
	if (papr_find(specifier[0]))
		return -EBUSY;
	if (irq_desc_claim(1, desc) < 0)
		return -ENOSPC;
	irq_desc_init(*desc, IRQ_KIND_WIRED, &chip, smp_index(), 0);
	(*desc)->index = (uint16_t)specifier[0];
	rc = bind(*desc, specifier[0]);
	if (rc)
		irq_desc_put(*desc);
	return rc;
}

/* Where the tree names no interrupt-parent, as for virtual devices, there is but this one. */
static struct wired_domain domains[2];

static void register_wired(void)
{
	dt_node_t node = dt_next_compatible(DT_NONE, "ibm,power-ivpe");
	const uint32_t phandles[] = { 0, dt_phandle(node) };

	for (unsigned i = 0; i < ARRAY_SIZE(domains); i++) {
		domains[i] = (struct wired_domain){ .phandle = phandles[i],
						    .interrupt_cells = 2,
						    .source = wired_source };
		wired_register(&domains[i]);
	}
}

void xive_sources_init(uint32_t first_ipi, uint32_t count)
{
	ipis_from = first_ipi;
	nr_ipis = count;
	papr_map_init();
	register_wired();
	pseries_set_sources(&domain);
}

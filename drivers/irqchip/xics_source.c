// SPDX-License-Identifier: Apache-2.0
/*
 * Sources of the POWER External Interrupt Option: a server and a priority each, by RTAS.
 *
 * A level is masked there. An edge (an MSI) is not: what comes while it is masked is refused and
 * latched by the word of its vector. QEMU 10.0 forgets an edge that was rejected by a busy
 * server, when its source is off at that server's end of interrupt.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "arch/irqflags.h"
#include "drivers/irqchip/papr_map.h"
#include "drivers/irqchip/papr_quiet.h"
#include "drivers/irqchip/wired.h"
#include "drivers/irqchip/xics.h"
#include "kernel/irq.h"
#include "kernel/lib/panic.h"
#include "kernel/mem.h"
#include "kernel/msi.h"
#include "kernel/smp.h"
#include "kernel/spinlock.h"
#include "kernel/storm.h"
#include "platform/pseries/rtas.h"
#include "platform/pseries/sources.h"

#define PRIORITY     5
#define PRIORITY_OFF 0xff

static _Atomic(struct xics_source *) *queues; /* by hart index */
static struct spinlock lock;                  /* of what `held` says and the source is set to */
static bool *ended;                           /* by hart index: the handler of a level ran */
static uint32_t set_xive_token;

/* Of a vector that is bound. */
static struct xics_source *source_of(const struct irq_desc *desc)
{
	struct xics_source *source = papr_find(desc->source);

	assert(source);
	return source;
}

static int set_xive(uint32_t number, unsigned hart, uint32_t priority)
{
	const uint32_t args[] = { number, (uint32_t)smp_hart(hart)->hart_id, priority };

	return rtas_call(set_xive_token, 3, args, 1, NULL) ? -EIO : 0;
}

/* Brings the source to where and what it shall be. Lock held. */
static int apply(const struct xics_source *source)
{
	bool off = source->held || source->masked;

	return set_xive(source->number, source->hart, off ? PRIORITY_OFF : PRIORITY);
}

/* Lock held. An edge that has been let through once stays so. */
static int change(struct xics_source *source, unsigned hart, bool masked)
{
	struct xics_source before = *source;
	int rc;

	masked = masked && (source->level || source->masked);
	if (source->routed && source->hart == hart && source->masked == masked)
		return 0;
	source->hart = hart;
	source->masked = masked;
	rc = apply(source);
	source->routed |= !rc;
	if (rc) {
		source->hart = before.hart;
		source->masked = before.masked;
	}
	return rc;
}

/*
 * By the holder of OWNED: where it shall be, and masked or not as its shadow says. A suspended
 * vector may have no source: it is routed when it has one again.
 */
static int set(struct irq_desc *desc, unsigned hart)
{
	irqflags_t flags = spin_lock_irq(&lock);
	struct xics_source *source = papr_find(desc->source);
	int rc = source ? change(source, hart, desc->shadow & IRQ_SHADOW_MASKED) : 0;

	spin_unlock_irq(&lock, flags);
	return rc;
}

/* --- the chip --- */

static int activate(struct irq_desc *desc, uint8_t shadow)
{
	/* The note comes first: the source may send at once. */
	desc->shadow = shadow;
	return set(desc, desc->hart);
}

static void apply_shadow(struct irq_desc *desc)
{
	set(desc, desc->hart);
}

static int set_affinity(struct irq_desc *desc, unsigned hart)
{
	int rc;

	/* seq_cst, with the wish before it: see kernel/hart_off.c */
	if (atomic_load_explicit(&smp_hart(hart)->state, memory_order_seq_cst) != HART_ONLINE)
		return -ENODEV;
	rc = set(desc, hart);
	if (!rc)
		desc->hart = (uint16_t)hart;
	return rc;
}

static void eoi(struct irq_desc *desc)
{
	(void)desc;
	ended[smp_index()] = true;
}

/* The latched event is taken: what was held back may come again. */
static void let_go(struct xics_source *source)
{
	irqflags_t flags = spin_lock_irq(&lock);

	if (source->held) {
		source->held = false;
		apply(source);
	}
	spin_unlock_irq(&lock, flags);
}

/*
 * The event is taken by a run of the handler on the target; no hypervisor call makes a source
 * pending. A level needs none: it is let through again, and says itself whether it still asks.
 */
static void retrigger(struct irq_desc *desc)
{
	struct xics_source *source = source_of(desc);
	/* Who completes a handler does not own the vector: it may be moved meanwhile. */
	unsigned hart = __atomic_load_n(&desc->hart, __ATOMIC_RELAXED);
	_Atomic(struct xics_source *) *queue = &queues[hart];

	let_go(source);
	if (source->level)
		return;
	/* Who finds it queued has a run to come, too. acquire pairs with xics_run_queued(). */
	if (atomic_exchange_explicit(&source->queued, 1, memory_order_acq_rel))
		return;
	source->next = atomic_load_explicit(queue, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(queue, &source->next, source,
						      memory_order_release, memory_order_relaxed))
		;
	smp_kick(hart);
}

static const struct irq_chip chip = {
	.name = "xics",
	.activate = activate,
	.mask = apply_shadow,
	.unmask = apply_shadow,
	.retrigger = retrigger,
	.eoi = eoi,
	.set_affinity = set_affinity,
};

/* --- dispatch --- */

void xics_run_queued(void)
{
	/* acquire pairs with the release in retrigger() */
	struct xics_source *source =
		atomic_exchange_explicit(&queues[smp_index()], NULL, memory_order_acquire);

	while (source) {
		struct xics_source *next = source->next;

		/* From here on it may be queued again. */
		atomic_store_explicit(&source->queued, 0, memory_order_release);
		irq_dispatch(source->desc);
		source = next;
	}
}

/*
 * Nobody may handle it now, and it would come again and again, a level at once, an edge as its
 * function pleases: off until the latched event is taken, which stands for what is forgotten
 * meanwhile. If it has been taken, nobody is going to turn it on.
 */
static void hold(struct xics_source *source)
{
	irqflags_t flags = spin_lock_irq(&lock);

	if (atomic_load_explicit(&source->desc->state, memory_order_acquire) & IRQ_PEND) {
		source->held = true;
		apply(source);
	}
	spin_unlock_irq(&lock, flags);
}

void xics_handle(struct xics_source *source)
{
	bool *mine = &ended[smp_index()];

	*mine = false;
	irq_dispatch(source ? source->desc : NULL);
	if (!source)
		return;
	/* relaxed: a hint, if the vector has just moved */
	if (*mine)
		atomic_store_explicit(&source->refused, 0, memory_order_relaxed);
	else if (source->level ||
		 1 + atomic_fetch_add_explicit(&source->refused, 1, memory_order_relaxed) >=
			 STORM_CLAIMS)
		hold(source);
}

/* --- which sources there are --- */

static int attach(struct irq_desc *desc, uint32_t number, bool level)
{
	struct xics_source *source;
	irqflags_t flags;
	int rc;

	if (number <= XICS_IPI)
		return -EINVAL;
	source = calloc(1, sizeof(*source));
	if (!source)
		return -ENOMEM;
	source->desc = desc;
	source->number = number;
	source->level = level;
	source->masked = true;
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

/*
 * The function is not enabled until its sources are routed, so that what an earlier owner left in
 * one is of no effect; and the first that is written is a whole route.
 */
static int bind(struct irq_desc *desc, uint32_t number)
{
	return attach(desc, number, false);
}

static void turn_off(struct xics_source *source)
{
	irqflags_t flags = spin_lock_irq(&lock);

	source->held = true;
	apply(source);
	spin_unlock_irq(&lock, flags);
}

static void detach(struct irq_desc *desc)
{
	struct xics_source *source = source_of(desc);
	irqflags_t flags = spin_lock_irq(&lock);

	/* Who moves the vector holds the lock. */
	papr_remove(source->number, desc->kind == IRQ_KIND_MSI);
	desc->source = MSI_NO_SOURCE;
	spin_unlock_irq(&lock, flags);
	free(source);
}

/*
 * What was presented or rejected comes first: an edge that is rejected is forgotten with its source off.
 * Then off; then each hart accepts what may have been presented meanwhile.
 */
static void unbind(struct irq_desc *const *descs, unsigned n)
{
	papr_quiesce();
	for (unsigned i = 0; i < n; i++)
		turn_off(source_of(descs[i]));
	papr_quiesce();
	for (unsigned i = 0; i < n; i++)
		detach(descs[i]);
}

static const struct msi_source_domain domain = {
	.name = "xics",
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
	rc = attach(*desc, specifier[0], specifier[1] & 1);
	if (rc)
		irq_desc_put(*desc);
	return rc;
}

/* Where the tree names no interrupt-parent, as for virtual devices, there is but this one. */
static struct wired_domain domains[2];

static void register_wired(void)
{
	dt_node_t node = dt_next_compatible(DT_NONE, "IBM,ppc-xicp");
	const uint32_t phandles[] = { 0, dt_phandle(node) };

	for (unsigned i = 0; i < ARRAY_SIZE(domains); i++) {
		domains[i] = (struct wired_domain){ .phandle = phandles[i],
						    .interrupt_cells = 2,
						    .source = wired_source };
		wired_register(&domains[i]);
	}
}

int xics_sources_init(void)
{
	papr_map_init();
	set_xive_token = rtas_token("ibm,set-xive");
	if (set_xive_token == RTAS_NO_TOKEN)
		return -ENODEV;
	queues = page_alloc(smp_count() * sizeof(*queues), PAGE_SIZE);
	ended = page_alloc(smp_count() * sizeof(*ended), PAGE_SIZE);
	if (!queues || !ended)
		return -ENOMEM;
	register_wired();
	pseries_set_sources(&domain);
	return 0;
}

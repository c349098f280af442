// SPDX-License-Identifier: Apache-2.0
/*
 * Sources of the firmware's interrupt controller: a server and a priority each (OPAL API,
 * "OPAL_SET_XIVE"). All are edges, and masked at the function: here they are on from the first
 * route until their vector is freed. What comes while the vector is masked is latched by its word.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "arch/irqflags.h"
#include "drivers/irqchip/opal.h"
#include "drivers/irqchip/papr_quiet.h"
#include "kernel/irq.h"
#include "kernel/lib/panic.h"
#include "kernel/mem.h"
#include "kernel/msi.h"
#include "kernel/spinlock.h"
#include "platform/powernv9/opal.h"

#define PRIORITY     5
#define PRIORITY_OFF 0xff
#define SERVER_SHIFT 2 /* of a hart's number in OPAL_SET_XIVE */

struct opal_source {
	struct irq_desc *desc;
	_Atomic uint32_t queued;  /* on a list of the target's */
	struct opal_source *next; /* there */
};

static _Atomic(struct opal_source *) *queues; /* by hart index */
static struct spinlock lock;                  /* of what a source is set to */

/* Those of a bridge, by number from the first on. Ranges are added at boot. */
struct range {
	uint32_t first;
	unsigned n;
	_Atomic(struct opal_source *) *sources;
	struct range *next;
};

static struct range *ranges;

/* NULL: no such source. */
static _Atomic(struct opal_source *) *place_of(uint32_t number)
{
	for (const struct range *at = ranges; at; at = at->next)
		if (number - at->first < at->n)
			return &at->sources[number - at->first];
	return NULL;
}

static struct opal_source *find(uint32_t number)
{
	_Atomic(struct opal_source *) *place = place_of(number);

	/* acquire pairs with the release in bind(): the source is filled in */
	return place ? atomic_load_explicit(place, memory_order_acquire) : NULL;
}

static int set_xive(uint32_t number, unsigned hart, uint32_t priority)
{
	uint64_t server = smp_hart(hart)->hart_id << SERVER_SHIFT;

	return opal_call(OPAL_SET_XIVE, number, server, priority) ? -EIO : 0;
}

/* A suspended vector may have no source any more: nothing is to be set then. */
static int route(const struct irq_desc *desc, unsigned hart)
{
	irqflags_t flags = spin_lock_irq(&lock);
	int rc = desc->source != MSI_NO_SOURCE ? set_xive(desc->source, hart, PRIORITY) : 0;

	spin_unlock_irq(&lock, flags);
	return rc;
}

/* --- the chip --- */

static int activate(struct irq_desc *desc, uint8_t shadow)
{
	/* The note comes first: the source may send at once. */
	desc->shadow = shadow;
	return route(desc, desc->hart);
}

static int set_affinity(struct irq_desc *desc, unsigned hart)
{
	int rc;

	/* seq_cst, with the wish before it: see kernel/hart_off.c */
	if (atomic_load_explicit(&smp_hart(hart)->state, memory_order_seq_cst) != HART_ONLINE)
		return -ENODEV;
	rc = route(desc, hart);
	if (!rc)
		desc->hart = (uint16_t)hart;
	return rc;
}

/* No call makes a source pending: the event is taken by a run of the handler on the target. */
static void retrigger(struct irq_desc *desc)
{
	struct opal_source *source = find(desc->source);
	/* Who completes a handler does not own the vector: it may be moved meanwhile. */
	unsigned hart = __atomic_load_n(&desc->hart, __ATOMIC_RELAXED);
	_Atomic(struct opal_source *) *queue = &queues[hart];

	assert(source);
	/* Who finds it queued has a run to come, too. acquire pairs with opal_run_queued(). */
	if (atomic_exchange_explicit(&source->queued, 1, memory_order_acq_rel))
		return;
	source->next = atomic_load_explicit(queue, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(queue, &source->next, source,
						      memory_order_release, memory_order_relaxed))
		;
	smp_kick(hart);
}

static const struct irq_chip chip = {
	.name = "opal",
	.activate = activate,
	.retrigger = retrigger,
	.set_affinity = set_affinity,
};

/* --- dispatch --- */

void opal_run_queued(void)
{
	/* acquire pairs with the release in retrigger() */
	struct opal_source *source =
		atomic_exchange_explicit(&queues[smp_index()], NULL, memory_order_acquire);

	while (source) {
		struct opal_source *next = source->next;

		/* From here on it may be queued again. */
		atomic_store_explicit(&source->queued, 0, memory_order_release);
		irq_dispatch(source->desc);
		source = next;
	}
}

void opal_handle(uint32_t number)
{
	struct opal_source *source = find(number);

	irq_dispatch(source ? source->desc : NULL);
}

/* --- which sources there are --- */

static int bind(struct irq_desc *desc, uint32_t number)
{
	_Atomic(struct opal_source *) *place = place_of(number);
	struct opal_source *source, *none = NULL;

	if (!place)
		return -EINVAL;
	source = calloc(1, sizeof(*source));
	if (!source)
		return -ENOMEM;
	source->desc = desc;
	/* release pairs with the acquire in find() */
	if (!atomic_compare_exchange_strong_explicit(place, &none, source, memory_order_release,
						     memory_order_relaxed)) {
		free(source);
		return -EBUSY;
	}
	desc->source = number;
	return 0;
}

static void turn_off(struct irq_desc *desc)
{
	irqflags_t flags = spin_lock_irq(&lock);

	set_xive(desc->source, desc->hart, PRIORITY_OFF);
	spin_unlock_irq(&lock, flags);
}

static void detach(struct irq_desc *desc)
{
	struct opal_source *source = find(desc->source);
	irqflags_t flags = spin_lock_irq(&lock);

	/* relaxed: nobody comes by the number any more */
	atomic_store_explicit(place_of(desc->source), NULL, memory_order_relaxed);
	/* Who moves the vector holds the lock. */
	desc->source = MSI_NO_SOURCE;
	spin_unlock_irq(&lock, flags);
	free(source);
}

/* Off; then each hart accepts what may have been presented before, and runs its list. */
static void unbind(struct irq_desc *const *descs, unsigned n)
{
	papr_quiesce();
	for (unsigned i = 0; i < n; i++)
		turn_off(descs[i]);
	papr_quiesce();
	for (unsigned i = 0; i < n; i++)
		detach(descs[i]);
}

const struct msi_source_domain opal_sources = {
	.name = "opal",
	.chip = &chip,
	.bind = bind,
	.unbind = unbind,
};

int opal_sources_add(uint32_t first, unsigned n)
{
	struct range *range = calloc(1, sizeof(*range));

	if (range)
		range->sources = calloc(n, sizeof(*range->sources));
	if (!range || !range->sources) {
		free(range);
		return -ENOMEM;
	}
	range->first = first;
	range->n = n;
	range->next = ranges;
	ranges = range;
	return 0;
}

int opal_sources_init(void)
{
	queues = page_alloc(smp_count() * sizeof(*queues), PAGE_SIZE);
	return queues ? 0 : -ENOMEM;
}

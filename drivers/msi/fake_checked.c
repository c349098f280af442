// SPDX-License-Identifier: Apache-2.0
#include "drivers/msi/fake.h"

#include <errno.h>

#include "arch/irqflags.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/panic.h"

struct fake_hypervisor fake_hypervisor;

static struct source {
	const struct msi_function *fn; /* granted to */
	unsigned index;
	struct irq_desc *desc; /* bound to */
	unsigned hart;
	bool on, pending;
} sources[FAKE_SOURCES];
static const struct msi_function *adopted;
static unsigned route_failures;

/* What the numbers are that the hypervisor gives: source 0 is the first of a grant. */
static unsigned number_of(unsigned slot)
{
	return fake_hypervisor.first + slot * fake_hypervisor.stride;
}

static struct source *find_number(uint32_t number)
{
	for (unsigned i = 0; i < FAKE_SOURCES; i++)
		if (sources[i].fn && number_of(i) == number)
			return &sources[i];
	return NULL;
}

static struct source *find_vector(const struct msi_function *fn, unsigned index)
{
	for (unsigned i = 0; i < FAKE_SOURCES; i++)
		if (sources[i].fn == fn && sources[i].index == index)
			return &sources[i];
	return NULL;
}

/* Released or granted anew: what stood in a source stays in it, as on the real one. */
static void give_back(const struct msi_function *fn)
{
	for (unsigned i = 0; i < FAKE_SOURCES; i++)
		if (sources[i].fn == fn)
			sources[i].fn = NULL;
	fake_hypervisor.held = 0;
}

static void grant(const struct msi_function *fn, unsigned count)
{
	give_back(fn);
	for (unsigned i = 0; i < count; i++) {
		sources[i].fn = fn;
		sources[i].index = i;
	}
	fake_hypervisor.held = count;
	fake_hypervisor.grants++;
	fake_hypervisor.reset = false;
}

static int32_t release(const struct msi_function *fn)
{
	int32_t status = fake_hypervisor.held ? PAPR_SUCCESS : PAPR_HARDWARE_ERROR;

	fake_hypervisor.releases++;
	give_back(fn);
	return status;
}

static int32_t answer_request(const struct msi_function *fn, uint32_t count,
			      struct change_answer *answer)
{
	struct fake_hypervisor *hv = &fake_hypervisor;
	unsigned granted = MIN(count, MIN(hv->room, FAKE_SOURCES));

	if (hv->refuse)
		return hv->refuse;
	if (hv->all_or_none && count > hv->all_or_none)
		return PAPR_HARDWARE_ERROR;
	if (granted == count || hv->partial_holds)
		grant(fn, granted);
	answer->granted = granted + hv->excess;
	return hv->lose_answer ? PAPR_HARDWARE_ERROR : PAPR_SUCCESS;
}

static int32_t change(const struct msi_function *fn, enum change_function function, uint32_t count,
		      uint32_t sequence, struct change_answer *answer)
{
	struct fake_hypervisor *hv = &fake_hypervisor;

	hv->changes++;
	if (function == CHANGE_RESET && count == 0) {
		hv->resets++;
		hv->sequence = 1;
		return hv->can_reset ? release(fn) : PAPR_PARAMETER_ERROR;
	}
	if (!count)
		return release(fn);
	hv->wrong_sequences += sequence != hv->sequence;
	if (hv->busy) {
		hv->busy--;
		/* Any number: the guest is to give back what it got. */
		hv->sequence = hv->sequence * 7 + 5;
		answer->next_sequence = hv->sequence;
		return hv->busy_status;
	}
	hv->sequence = 1;
	return answer_request(fn, count, answer);
}

static int32_t query(const struct msi_function *fn, unsigned i, uint32_t *number)
{
	const struct source *source = find_vector(fn, i);

	fake_hypervisor.queries++;
	if (!source || fake_hypervisor.bad_query == i + 1)
		return PAPR_HARDWARE_ERROR;
	*number = number_of((unsigned)(source - sources));
	return PAPR_SUCCESS;
}

static void delay_ms(uint32_t ms)
{
	fake_hypervisor.waited_ms += ms;
}

/* --- the sources' controller --- */

static struct source *source_of(const struct irq_desc *desc)
{
	for (unsigned i = 0; i < FAKE_SOURCES; i++)
		if (sources[i].desc == desc)
			return &sources[i];
	panic("fake: source 0x%x is not bound", desc->source);
}

static void deliver(struct source *source)
{
	irqflags_t flags = irq_save();

	irq_dispatch(source->desc);
	irq_restore(flags);
}

static int route(struct irq_desc *desc, unsigned hart)
{
	if (route_failures) {
		route_failures--;
		return -EIO;
	}
	source_of(desc)->hart = hart;
	return 0;
}

static void set_on(struct irq_desc *desc, bool on)
{
	struct source *source = source_of(desc);

	source->on = on;
	if (!on || !source->pending)
		return;
	source->pending = false;
	deliver(source);
}

static void mask(struct irq_desc *desc)
{
	set_on(desc, false);
}

static void unmask(struct irq_desc *desc)
{
	set_on(desc, true);
}

static int activate(struct irq_desc *desc, uint8_t shadow)
{
	int rc = route(desc, desc->hart);

	if (rc)
		return rc;
	desc->shadow = shadow;
	if (!(shadow & IRQ_SHADOW_MASKED))
		set_on(desc, true);
	return 0;
}

static int set_affinity(struct irq_desc *desc, unsigned hart)
{
	int rc = desc->shadow & IRQ_SHADOW_WRITTEN ? route(desc, hart) : 0;

	if (!rc)
		desc->hart = (uint16_t)hart;
	return rc;
}

static void retrigger(struct irq_desc *desc)
{
	deliver(source_of(desc));
}

static void eoi(struct irq_desc *desc)
{
	(void)desc;
}

static int bind(struct irq_desc *desc, uint32_t number)
{
	struct source *source = find_number(number);

	if (!source)
		return -EINVAL;
	if (source->desc)
		return -EBUSY;
	desc->source = number;
	source->desc = desc;
	source->on = source->pending = false;
	return 0;
}

static void unbind(struct irq_desc *const *descs, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct source *source = source_of(descs[i]);

		/* The event of a suspended vector is not lost with its source. */
		if (source->pending)
			irq_latch(descs[i]);
		source->desc = NULL;
		source->on = source->pending = false;
		descs[i]->source = MSI_NO_SOURCE;
	}
}

static unsigned available(void)
{
	return MIN(fake_hypervisor.room, FAKE_SOURCES);
}

static const struct irq_chip chip = {
	.name = "fake",
	.activate = activate,
	.mask = mask,
	.unmask = unmask,
	.retrigger = retrigger,
	.eoi = eoi,
	.set_affinity = set_affinity,
};

static const struct msi_source_domain source_domain = {
	.name = "fake",
	.chip = &chip,
	.bind = bind,
	.unbind = unbind,
	.available = available,
};

static const struct msi_hypervisor hypervisor = {
	.name = "fake",
	.change = change,
	.query = query,
	.delay_ms = delay_ms,
	.sources = &source_domain,
};

/* --- for tests --- */

void fake_hypervisor_reset(void)
{
	fake_hypervisor = (struct fake_hypervisor){
		.room = FAKE_SOURCES, .first = 0x1300, .stride = 1, .can_reset = true, .sequence = 1
	};
	for (unsigned i = 0; i < FAKE_SOURCES; i++)
		sources[i] = (struct source){ .on = true, .pending = true };
	route_failures = 0;
}

void fake_hypervisor_adopt(const struct msi_function *fn)
{
	adopted = fn;
}

bool fake_hypervisor_raise(const struct msi_function *fn, unsigned i)
{
	struct source *source = find_vector(fn, i);

	if (!source || !source->desc || fake_hypervisor.reset)
		return false;
	if (source->on)
		deliver(source);
	else
		source->pending = true;
	return true;
}

bool fake_hypervisor_routes(const struct msi_function *fn, unsigned i, unsigned hart)
{
	const struct source *source = find_vector(fn, i);

	return source && source->on && source->hart == hart;
}

void fake_hypervisor_fail_routes(unsigned n)
{
	route_failures = n;
}

unsigned fake_hypervisor_bound(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < FAKE_SOURCES; i++)
		n += sources[i].desc != NULL;
	return n;
}

/* --- the backend --- */

static bool is_available(const struct msi_function *fn)
{
	return fn == adopted;
}

static int backend_query(struct msi_function *fn, enum msi_type type)
{
	return hypercall_query(&hypervisor, fn, type);
}

static int backend_alloc(struct msi_function *fn, enum msi_type type, unsigned min, unsigned max,
			 const uint16_t *wish)
{
	return hypercall_alloc(&hypervisor, fn, type, min, max, wish);
}

static int backend_enable(struct msi_function *fn)
{
	return hypercall_enable(&hypervisor, fn);
}

static int backend_resume(struct msi_function *fn)
{
	return hypercall_resume(&hypervisor, fn);
}

static void backend_free(struct msi_function *fn)
{
	hypercall_free(&hypervisor, fn);
}

TABLE_ENTRY(struct msi_ops, msi_backend, 5, fake) = {
	.name = "fake",
	.rating = 9,
	.available = is_available,
	.query = backend_query,
	.alloc = backend_alloc,
	.free = backend_free,
	.enable = backend_enable,
	.disable = hypercall_disable,
	.resume = backend_resume,
	.chip = &chip,
};

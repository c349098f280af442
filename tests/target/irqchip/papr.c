// SPDX-License-Identifier: Apache-2.0
/* Sources of POWER's controllers that nobody may handle. */
#include <stdatomic.h>
#include <string.h>

#include "drivers/irqchip/papr_map.h"
#include "drivers/irqchip/xive.h"
#include "drivers/pci/pci.h"
#include "drivers/pci/pci_regs.h"
#include "drivers/pci/raise.h"
#include "kernel/irq.h"
#include "kernel/smp.h"
#include "kernel/storm.h"
#include "kernel/time.h"
#include "platform/pseries/rtas.h"
#include "tests/target/test.h"

#define PRIORITY_OFF 0xff
#define TIMEOUT_MS   5000
#define PAUSE_US     20000

static struct pci_function *sender(void)
{
	struct pci_function *fn = pci_first();

	while (fn && !(fn->driver && fn->driver->raise && fn->msi.enabled &&
		       fn->msi.ops->type == MSI_INTX && !fn->parent))
		fn = fn->next;
	return fn;
}

/* The wired source that the function's pin goes to. */
static struct irq_desc *wire_of(const struct pci_function *fn)
{
	unsigned pin = pci_read8(fn, PCI_INTERRUPT_PIN);
	struct dt_interrupt to;

	if (fn->host->map_intx(fn->host, fn->msi.rid, pin, &to))
		return NULL;
	for (unsigned i = 0; i < irq_desc_count(); i++) {
		struct irq_desc *desc = irq_desc_at(i);

		if (desc->kind == IRQ_KIND_WIRED && desc->source == to.specifier[0])
			return desc;
	}
	return NULL;
}

/* Does nothing come of the source? */
static bool is_off(const struct irq_desc *desc)
{
	uint32_t rets[3];

	if (!strcmp(desc->chip->name, "xive")) {
		const struct xive_source *source = papr_find(desc->source);

		return xive_esb_load(&source->esb, XIVE_GET) & XIVE_P;
	}
	return !rtas_call(rtas_token("ibm,get-xive"), 1, &desc->source, 3, rets) &&
	       rets[2] == PRIORITY_OFF;
}

struct expectation {
	const struct msi_function *msi;
	uint64_t handled;
};

static bool reached(void *arg)
{
	const struct expectation *e = arg;

	return msi_handled(e->msi, 0) >= e->handled;
}

/* An interrupt between a wish and the owner's write: refused, off, and there again when it may be. */
TEST(papr, refused_level_waits_and_comes_back)
{
	struct pci_function *fn = sender();
	struct irq_desc *desc = fn ? wire_of(fn) : NULL;
	struct expectation e;

	SKIP_IF(!desc, "no function on a root bus has INTx as its vector");
	e = (struct expectation){ &fn->msi, msi_handled(&fn->msi, 0) + 1 };
	atomic_fetch_or(&desc->state, IRQ_OFF | IRQ_OWNED);
	CHECK_EQ(fn->driver->raise(fn, 0), 0);
	time_delay_us(PAUSE_US);
	CHECK_EQ(msi_handled(&fn->msi, 0), e.handled - 1);
	CHECK(atomic_load(&desc->state) & IRQ_PEND);
	CHECK(is_off(desc));
	atomic_fetch_and(&desc->state, ~IRQ_OWNED);
	CHECK_EQ(irq_unmask(desc), 0);
	CHECK(time_wait(reached, &e, TIMEOUT_MS));
	time_delay_us(PAUSE_US);
	CHECK_EQ(msi_handled(&fn->msi, 0), e.handled);
	CHECK(!is_off(desc));
}

static struct pci_function *edge_sender(void)
{
	struct pci_function *fn = pci_first();

	while (fn && !(fn->driver && fn->driver->raise && fn->msi.enabled &&
		       !strcmp(fn->msi.by->name, "rtas")))
		fn = fn->next;
	return fn;
}

/* More than a masked vector's hart may be asked for: its source goes off, and comes with the unmask. */
TEST(papr, storm_of_a_masked_vector_is_held)
{
	struct pci_function *fn = edge_sender();
	struct expectation e;
	struct irq_desc *desc;
	struct pci_raised out;
	unsigned home;

	SKIP_IF(!fn, "no function raises vectors of the hypervisor");
	desc = fn->msi.descs[0];
	home = desc->hart;
	CHECK_EQ(msi_set_affinity(&fn->msi, 0, smp_index()), 0);
	e = (struct expectation){ &fn->msi, msi_handled(&fn->msi, 0) + 1 };
	msi_mask(&fn->msi, 0);
	for (unsigned i = 0; i < 2 * STORM_CLAIMS; i++)
		CHECK_EQ(fn->driver->raise(fn, 0), 0);
	CHECK(is_off(desc));
	CHECK_EQ(msi_handled(&fn->msi, 0), e.handled - 1);
	CHECK_EQ(msi_unmask(&fn->msi, 0), 0);
	CHECK(time_wait(reached, &e, TIMEOUT_MS));
	time_delay_us(PAUSE_US);
	CHECK(!is_off(desc));
	/* The latched one, and one that the source has kept. */
	CHECK(msi_handled(&fn->msi, 0) <= e.handled + 1);
	CHECK_EQ(pci_raise_series(fn, 0, 10, &out), 0);
	CHECK_EQ(out.handled, 10);
	CHECK_EQ(msi_set_affinity(&fn->msi, 0, home), 0);
}

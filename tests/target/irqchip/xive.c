// SPDX-License-Identifier: Apache-2.0
/*
 * Event state buffers and queues of XIVE. What becomes of freed sources, and what a set and a move
 * cost, tests/harness/machine/test_xive.py sees.
 */
#include <string.h>

#include "drivers/irqchip/papr_map.h"
#include "drivers/irqchip/xive.h"
#include "drivers/pci/pci.h"
#include "drivers/pci/raise.h"
#include "kernel/msi.h"
#include "kernel/time.h"
#include "tests/target/test.h"

#define TIMEOUT_MS 5000
/* More than an entry for each in a queue of 64 KiB: its rounds are told apart. */
#define RAISES 20000

static struct pci_function *sender(void)
{
	struct pci_function *fn = pci_first();

	while (fn && !(fn->driver && fn->driver->raise && fn->msi.enabled &&
		       !strcmp(fn->msi.by->name, "rtas") &&
		       !strcmp(fn->msi.descs[0]->chip->name, "xive")))
		fn = fn->next;
	return fn;
}

static unsigned bits_of(const struct irq_desc *desc)
{
	const struct xive_source *source = papr_find(desc->source);

	return source ? xive_esb_load(&source->esb, XIVE_GET) : 0;
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

static bool is_at_rest(void *arg)
{
	return !bits_of(arg);
}

/* P without an event masks; what comes is Q, once. */
TEST(xive, mask_is_p_and_what_comes_is_q)
{
	struct pci_function *fn = sender();
	struct expectation e;
	struct irq_desc *desc;

	SKIP_IF(!fn, "no function raises vectors on XIVE");
	desc = fn->msi.descs[0];
	e = (struct expectation){ &fn->msi, msi_handled(&fn->msi, 0) + 1 };
	CHECK(time_wait(is_at_rest, desc, TIMEOUT_MS));
	msi_mask(&fn->msi, 0);
	CHECK_EQ(bits_of(desc), XIVE_P);
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(fn->driver->raise(fn, 0), 0);
	CHECK_EQ(bits_of(desc), XIVE_P | XIVE_Q);
	/* Masked twice, it is not forgotten. */
	msi_mask(&fn->msi, 0);
	CHECK_EQ(bits_of(desc), XIVE_P | XIVE_Q);
	CHECK_EQ(msi_handled(&fn->msi, 0), e.handled - 1);
	CHECK_EQ(msi_unmask(&fn->msi, 0), 0);
	CHECK(time_wait(reached, &e, TIMEOUT_MS));
	CHECK(time_wait(is_at_rest, desc, TIMEOUT_MS));
	CHECK_EQ(msi_handled(&fn->msi, 0), e.handled);
}

/* Its handler sees the entry of each, whichever round of the queue it stands in. */
TEST(xive, queues_go_round)
{
	struct pci_function *fn = sender();
	struct pci_raised out;

	SKIP_IF(!fn, "no function raises vectors on XIVE");
	CHECK_EQ(pci_raise_series(fn, 0, RAISES, &out), 0);
	CHECK_EQ(out.handled, RAISES);
}

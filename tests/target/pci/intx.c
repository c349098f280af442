// SPDX-License-Identifier: Apache-2.0
/* INTx as a vector: functions that share wires. */
#include <errno.h>

#include "drivers/pci/pci.h"
#include "drivers/pci/raise.h"
#include "kernel/time.h"
#include "tests/target/test.h"

#define RAISES    300
#define SETTLE_MS 5

/* fn, or the first after it that has an INTx vector and can raise it. */
static struct pci_function *sender(struct pci_function *fn)
{
	while (fn && !(fn->driver && fn->driver->raise && fn->msi.enabled &&
		       fn->msi.ops->type == MSI_INTX))
		fn = fn->next;
	return fn;
}

static uint64_t handled_by_all(void)
{
	uint64_t sum = 0;

	for (struct pci_function *fn = sender(pci_first()); fn; fn = sender(fn->next))
		sum += msi_handled(&fn->msi, 0);
	return sum;
}

/* Who shares the wire with the one that raises counts nothing. */
TEST(intx, raises_are_exact)
{
	struct pci_function *fn = sender(pci_first());

	SKIP_IF(!fn, "no function has INTx as its vector");
	for (; fn; fn = sender(fn->next)) {
		uint64_t before = handled_by_all();
		struct pci_raised out;

		CHECK_EQ(pci_raise_series(fn, 0, RAISES, &out), 0);
		CHECK_EQ(out.handled, RAISES);
		CHECK_EQ(handled_by_all() - before, RAISES);
	}
}

static bool came(void *arg)
{
	struct pci_function *fn = arg;

	return !fn->msi.ops->pending(&fn->msi, 0);
}

TEST(intx, masked_one_pends_and_the_others_go_on)
{
	struct pci_function *fn = sender(pci_first()), *other = fn ? sender(fn->next) : NULL;
	struct pci_raised out;
	uint64_t before;

	SKIP_IF(!other, "no two functions have INTx as their vectors");
	before = msi_handled(&fn->msi, 0);
	msi_mask(&fn->msi, 0);
	CHECK_EQ(fn->driver->raise(fn, 0), 0);
	time_sleep_ms(SETTLE_MS);
	CHECK(fn->msi.ops->pending(&fn->msi, 0));
	for (; other; other = sender(other->next))
		CHECK_EQ(pci_raise_series(other, 0, 1, &out), 0);
	CHECK_EQ(msi_handled(&fn->msi, 0), before);
	CHECK_EQ(msi_unmask(&fn->msi, 0), 0);
	CHECK(time_wait(came, fn, PCI_RAISE_TIMEOUT_MS));
	time_sleep_ms(SETTLE_MS);
	CHECK_EQ(msi_handled(&fn->msi, 0), before + 1);
}

static void handle_nothing(void *arg)
{
	(void)arg;
}

/* A function that no driver has: its vector is taken and given back, also twice. */
TEST(intx, is_granted_and_freed)
{
	struct pci_function *fn = pci_first();

	while (fn && (fn->driver || !fn->msi.intx))
		fn = fn->next;
	SKIP_IF(!fn, "no function without driver has an INTx pin");
	for (unsigned i = 0; i < 2; i++) {
		CHECK_EQ(msi_alloc(&fn->msi, 2, 4, MSI_ALLOW_INTX, NULL), -ENOSPC);
		CHECK_EQ(msi_alloc(&fn->msi, 1, 4, MSI_ALLOW_INTX, NULL), 1);
		CHECK_EQ(msi_request(&fn->msi, 0, handle_nothing, NULL, "test"), 0);
		CHECK(fn->msi.ops->masked(&fn->msi, 0));
		CHECK_EQ(msi_enable(&fn->msi), 0);
		CHECK(!fn->msi.ops->masked(&fn->msi, 0));
		CHECK_EQ(msi_set_affinity(&fn->msi, 0, fn->msi.descs[0]->hart), 0);
		msi_free(&fn->msi);
	}
	CHECK_EQ(fn->msi.count, 0);
}

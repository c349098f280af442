// SPDX-License-Identifier: Apache-2.0
/* Function-level reset of whatever has one: driver and vectors work as before. */
#include <errno.h>

#include "drivers/nvme/nvme.h"
#include "drivers/pci/pci.h"
#include "drivers/pci/raise.h"
#include "kernel/mem.h"
#include "kernel/smp.h"
#include "kernel/time.h"
#include "tests/target/raises.h"
#include "tests/target/test.h"

#define ROUNDS 3
#define RAISES 20

static bool resets(const struct pci_function *fn)
{
	return fn->driver && fn->driver->quiet && pci_can_reset(fn);
}

/* A PF with VFs in use is not reset: that is a test of its own. */
static bool vfs_in_use(const struct pci_function *pf)
{
	for (const struct pci_function *fn = pci_first(); fn; fn = fn->next)
		if (fn->physical == pf && fn->driver)
			return true;
	return false;
}

static struct pci_function *first(bool vf)
{
	struct pci_function *fn = pci_first();

	while (fn && !(resets(fn) && !fn->physical == !vf && !vfs_in_use(fn)))
		fn = fn->next;
	return fn;
}

static bool comes_back(struct pci_function *fn)
{
	for (unsigned i = 0; i < ROUNDS; i++)
		if (pci_reset(fn) || raise_each(fn, RAISES) >= 0)
			return false;
	return true;
}

TEST(reset, functions_and_vectors_come_back)
{
	unsigned tried = 0;

	for (struct pci_function *fn = pci_first(); fn; fn = fn->next) {
		if (!resets(fn) || fn->physical || vfs_in_use(fn))
			continue;
		CHECK(comes_back(fn));
		tried++;
	}
	SKIP_IF(!tried, "no function with a reset and a driver that knows it");
}

TEST(reset, virtual_function_comes_back)
{
	struct pci_function *vf = first(true);

	SKIP_IF(!vf, "no virtual function");
	CHECK(comes_back(vf));
	CHECK_EQ(pci_reset(vf->physical), -EBUSY);
	CHECK_EQ(raise_each(vf->physical, RAISES), -1);
}

/* What is wished while the function may not be touched is there when it comes back. */
TEST(reset, wishes_meanwhile)
{
	struct pci_function *fn = first(false);
	unsigned to;
	uint64_t before;

	SKIP_IF(!fn, "no function with a reset and a driver that knows it");
	SKIP_IF(fn->msi.ops->type == MSI_INTX, "INTx is latched nowhere, and moves by its wire");
	to = smp_next_online(fn->msi.descs[0]->hart);
	fn->driver->quiet(fn);
	CHECK_EQ(msi_suspend(&fn->msi), 0);
	CHECK(!fn->msi.enabled);
	CHECK_EQ(msi_enable(&fn->msi), -EBUSY);
	CHECK_EQ(msi_set_affinity(&fn->msi, 0, to), 0);
	msi_mask(&fn->msi, 0);
	CHECK_EQ(msi_unmask(&fn->msi, 0), 0);
	CHECK_EQ(fn->msi.descs[0]->hart, to);
	before = msi_handled(&fn->msi, 0);
	/* One on its way when it was suspended. */
	fn->msi.descs[0]->chip->retrigger(fn->msi.descs[0]);
	time_sleep_ms(2);
	CHECK_EQ(msi_handled(&fn->msi, 0), before);
	CHECK_EQ(msi_resume(&fn->msi), 0);
	for (unsigned i = 0; i < 1000 && msi_handled(&fn->msi, 0) == before; i++)
		time_sleep_ms(1);
	CHECK_EQ(msi_handled(&fn->msi, 0), before + 1);
	CHECK_EQ(pci_reset(fn), 0);
	CHECK_EQ(raise_each(fn, RAISES), -1);
}

TEST(reset, suspended_set_can_be_freed)
{
	struct pci_function *fn = first(false);

	SKIP_IF(!fn, "no function with a reset and a driver that knows it");
	fn->driver->quiet(fn);
	CHECK_EQ(msi_suspend(&fn->msi), 0);
	CHECK_EQ(pci_remove_driver(fn), 0);
	CHECK(!fn->msi.count && !fn->msi.suspended);
	CHECK(pci_probe_drivers() >= 1);
	CHECK_EQ(raise_each(fn, RAISES), -1);
}

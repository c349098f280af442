// SPDX-License-Identifier: Apache-2.0
#include "drivers/ahci/ahci.h"

#include "tests/target/raises.h"
#include "tests/target/test.h"

#define RAISES 300

static struct pci_function *find_drive(void)
{
	struct pci_function *fn = pci_first();

	while (fn && !(ahci_of(fn) && ahci_model(ahci_of(fn))))
		fn = fn->next;
	return fn;
}

TEST(ahci, drive_is_identified_by_interrupt)
{
	struct pci_function *fn = find_drive();
	uint64_t before;

	SKIP_IF(!fn, "no AHCI with a drive on this machine");
	before = msi_handled(&fn->msi, 0);
	CHECK_EQ(ahci_identify(ahci_of(fn)), 0);
	CHECK(ahci_model(ahci_of(fn))[0]);
	CHECK(msi_handled(&fn->msi, 0) > before);
}

TEST(ahci, raises_are_exact)
{
	struct pci_function *fn = find_drive();

	SKIP_IF(!fn, "no AHCI with a drive on this machine");
	CHECK_EQ(fn->msi.count, 1);
	CHECK_EQ(raise_each(fn, RAISES), -1);
}

TEST(ahci, is_removed_and_comes_back)
{
	struct pci_function *fn = find_drive();

	SKIP_IF(!fn, "no AHCI with a drive on this machine");
	CHECK(removed_and_back(fn));
	CHECK(ahci_model(ahci_of(fn))[0]);
	CHECK_EQ(raise_each(fn, 3), -1);
}

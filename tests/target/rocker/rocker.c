// SPDX-License-Identifier: Apache-2.0
#include "drivers/rocker/rocker.h"

#include "tests/target/raises.h"
#include "tests/target/test.h"

#define RAISES 300

static struct pci_function *find_rocker(void)
{
	struct pci_function *fn = pci_first();

	while (fn && !rocker_of(fn))
		fn = fn->next;
	return fn;
}

/* QEMU documentation, "MSI-X Vectors": four, and two a port. */
TEST(rocker, has_all_vectors)
{
	struct pci_function *fn = find_rocker();

	SKIP_IF(!fn, "no rocker on this machine");
	CHECK(rocker_alive(rocker_of(fn)));
	CHECK_EQ(fn->msi.msix_count, 4 + 2 * rocker_ports(rocker_of(fn)));
	CHECK_EQ(fn->msi.count, fn->msi.msix_count);
}

TEST(rocker, raises_are_exact)
{
	struct pci_function *fn = find_rocker();

	SKIP_IF(!fn, "no rocker on this machine");
	CHECK_EQ(raise_each(fn, RAISES), -1);
}

TEST(rocker, is_removed_and_comes_back)
{
	struct pci_function *fn = find_rocker();

	SKIP_IF(!fn, "no rocker on this machine");
	SKIP_IF(msi_query(&fn->msi, fn->msi.ops->type) < (int)fn->msi.count,
		"too few vectors are left");
	CHECK(removed_and_back(fn));
	CHECK_EQ(raise_each(fn, 3), -1);
}

// SPDX-License-Identifier: Apache-2.0
#include "tests/target/raises.h"

#include "drivers/pci/raise.h"

static uint64_t handled_by_all(const struct pci_function *fn)
{
	uint64_t sum = 0;

	for (unsigned v = 0; v < fn->msi.count; v++)
		sum += msi_handled(&fn->msi, v);
	return sum;
}

int raise_each(struct pci_function *fn, unsigned raises)
{
	for (unsigned v = 0; v < fn->msi.count; v++) {
		uint64_t before = handled_by_all(fn);
		struct pci_raised out;

		if (pci_raise_series(fn, v, raises, &out) || out.raised != raises ||
		    out.handled != raises || handled_by_all(fn) - before != raises)
			return (int)v;
	}
	return -1;
}

bool removed_and_back(struct pci_function *fn)
{
	const struct pci_driver *driver = fn->driver;
	unsigned count = fn->msi.count;

	if (pci_remove_driver(fn) || fn->driver || fn->msi.count)
		return false;
	pci_probe_drivers();
	return fn->driver == driver && fn->msi.count == count && fn->msi.enabled;
}

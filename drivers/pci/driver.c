// SPDX-License-Identifier: Apache-2.0
#include <errno.h>

#include "drivers/pci/internal.h"
#include "kernel/lib/log.h"

static bool id_matches(const struct pci_id *id, const struct pci_function *fn)
{
	return (id->vendor == PCI_ANY || id->vendor == fn->vendor) &&
	       (id->device == PCI_ANY || id->device == fn->device) &&
	       !(((fn->class_rev >> 8) ^ id->class_) & id->class_mask);
}

static bool driver_matches(const struct pci_driver *driver, const struct pci_function *fn)
{
	if (driver->takes && !driver->takes(fn))
		return false;
	for (unsigned i = 0; i < driver->nr_ids; i++)
		if (id_matches(&driver->ids[i], fn))
			return true;
	return false;
}

static bool probe(struct pci_function *fn, const struct pci_driver *driver)
{
	int rc;

	/* Set before: a probe may look for its own driver. */
	fn->driver = driver;
	rc = driver->probe(fn);
	if (!rc)
		return true;
	log_warn("%s: driver %s does not take it: %d", fn->name, driver->name, rc);
	fn->driver = NULL;
	fn->driver_data = NULL;
	return false;
}

bool pci_probe_function(struct pci_function *fn)
{
	const struct pci_driver *driver;

	for_each_table_entry(pci_driver, driver)
		if (fn->usable && !fn->driver && driver_matches(driver, fn) && probe(fn, driver))
			return true;
	return false;
}

unsigned pci_probe_drivers(void)
{
	struct pci_function *fn;
	unsigned taken = 0;

	/* What is behind an IOMMU sends no message before that has a driver. */
	for_each_function(fn)
		if (fn->class_rev >> 16 == PCI_CLASS_IOMMU)
			taken += pci_probe_function(fn);
	for_each_function(fn)
		taken += pci_probe_function(fn);
	return taken;
}

int pci_remove_driver(struct pci_function *fn)
{
	if (!fn->driver)
		return -ENODEV;
	if (!fn->driver->remove)
		return -EOPNOTSUPP;
	fn->driver->remove(fn);
	fn->driver = NULL;
	fn->driver_data = NULL;
	return 0;
}

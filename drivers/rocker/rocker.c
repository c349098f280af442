// SPDX-License-Identifier: Apache-2.0
#include "drivers/rocker/rocker.h"

#include <errno.h>

#include "drivers/pci/mmio.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"

/* Rocker Network Switch Register Programming Guide, "Register Set". */
#define ROCKER_TEST_REG        0x0010
#define ROCKER_TEST_IRQ        0x0020
#define ROCKER_CONTROL         0x0300
#define ROCKER_CONTROL_RESET   BIT(0)
#define ROCKER_PORT_PHYS_COUNT 0x0304
#define ROCKER_BAR_BYTES       0x308

struct rocker {
	uintptr_t regs;
	struct pci_function *fn;
};

/* TEST_IRQ leaves no status behind: there is nothing to acknowledge, the core counts. */
static void rocker_interrupt(void *arg)
{
	(void)arg;
}

static int rocker_raise(struct pci_function *fn, unsigned vector)
{
	struct rocker *rocker = fn->driver_data;

	if (vector >= fn->msi.count)
		return -EINVAL;
	if (pci_gone(fn))
		return -ENODEV;
	pci_mmio_write32(rocker->fn, rocker->regs + ROCKER_TEST_IRQ, vector);
	return 0;
}

bool rocker_alive(struct rocker *rocker)
{
	const uint32_t probe = 0x35a5c33c;

	pci_mmio_write32(rocker->fn, rocker->regs + ROCKER_TEST_REG, probe);
	return pci_mmio_read32(rocker->fn, rocker->regs + ROCKER_TEST_REG) == 2 * probe;
}

unsigned rocker_ports(struct rocker *rocker)
{
	return pci_mmio_read32(rocker->fn, rocker->regs + ROCKER_PORT_PHYS_COUNT);
}

static int rocker_start(struct rocker *rocker)
{
	struct msi_function *msi = &rocker->fn->msi;
	int granted = msi_alloc(msi, 1, MAX(msi->msix_count, 1), MSI_ALLOW_MSIX, NULL);
	int err = 0;

	if (granted < 0)
		return granted;
	for (int i = 0; i < granted && !err; i++)
		err = msi_request(msi, (unsigned)i, rocker_interrupt, rocker, "rocker");
	if (!err)
		err = msi_enable(msi);
	if (err)
		msi_free(msi);
	return err;
}

static int rocker_setup(struct pci_function *fn, struct rocker *rocker)
{
	rocker->fn = fn;
	rocker->regs = pci_map_bar(fn, 0, ROCKER_BAR_BYTES);
	if (!rocker->regs)
		return -ENODEV;
	if (!rocker_alive(rocker)) {
		log_error("%s: rocker: its test register does not answer", fn->msi.name);
		return -EIO;
	}
	/* Rings that firmware left running are not ours. */
	pci_mmio_write32(rocker->fn, rocker->regs + ROCKER_CONTROL, ROCKER_CONTROL_RESET);
	return rocker_start(rocker);
}

static int rocker_probe(struct pci_function *fn)
{
	struct rocker *rocker = page_alloc(sizeof(*rocker), 0);
	int err;

	if (!rocker)
		return -ENOMEM;
	pci_enable(fn);
	fn->driver_data = rocker;
	err = rocker_setup(fn, rocker);
	if (err)
		page_free(rocker, sizeof(*rocker));
	return err;
}

static void rocker_remove(struct pci_function *fn)
{
	struct rocker *rocker = fn->driver_data;

	msi_free(&fn->msi);
	pci_mmio_write32(rocker->fn, rocker->regs + ROCKER_CONTROL, ROCKER_CONTROL_RESET);
	page_free(rocker, sizeof(*rocker));
}

static const struct pci_id rocker_ids[] = {
	{ .vendor = 0x1b36, .device = 0x0006, .class_ = PCI_ANY, .class_mask = 0 },
};

TABLE_ENTRY(struct pci_driver, pci_driver, 5, rocker) = {
	.name = "rocker",
	.ids = rocker_ids,
	.nr_ids = ARRAY_SIZE(rocker_ids),
	.probe = rocker_probe,
	.remove = rocker_remove,
	.raise = rocker_raise,
};

struct rocker *rocker_of(const struct pci_function *fn)
{
	return fn->driver == &pci_driver_entry_rocker ? fn->driver_data : NULL;
}

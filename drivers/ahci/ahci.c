// SPDX-License-Identifier: Apache-2.0
#include "drivers/ahci/ahci.h"

#include <errno.h>

#include "arch/barrier.h"
#include "drivers/ahci/port.h"
#include "drivers/pci/mmio.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"
#include "kernel/time.h"

#define CLASS_AHCI 0x010601 /* PCI Code and ID Assignment: Serial ATA controller, AHCI */

#define RESET_TIMEOUT_MS 1000 /* section 10.4.3 */
#define LINK_TIMEOUT_MS  100

struct ahci {
	struct pci_function *fn;
	uintptr_t regs;
	uint32_t ports; /* PI, of those whose registers exist */
	struct ahci_port port;
};

static void ahci_interrupt(void *arg)
{
	struct ahci *ahci = arg;

	if (ahci->port.regs)
		ahci_port_interrupt(&ahci->port);
	/* The ports' causes first, or IS comes back (section 10.7.2.1). */
	pci_mmio_write32(ahci->fn, ahci->regs + AHCI_IS,
			 pci_mmio_read32(ahci->fn, ahci->regs + AHCI_IS));
	/* They have arrived before this run is counted: who sees the count may raise again. */
	(void)pci_mmio_read32(ahci->fn, ahci->regs + AHCI_IS);
	barrier_after_device_read();
}

static int ahci_raise(struct pci_function *fn, unsigned vector)
{
	struct ahci *ahci = fn->driver_data;

	if (vector || !ahci->port.regs)
		return -EINVAL;
	return ahci_port_raise(&ahci->port);
}

static bool is_reset(void *arg)
{
	const struct ahci *ahci = arg;

	return !(pci_mmio_read32(ahci->fn, ahci->regs + AHCI_GHC) & AHCI_GHC_HR);
}

static int reset(struct ahci *ahci)
{
	pci_mmio_write32(ahci->fn, ahci->regs + AHCI_GHC, AHCI_GHC_AE);
	pci_mmio_write32(ahci->fn, ahci->regs + AHCI_GHC, AHCI_GHC_AE | AHCI_GHC_HR);
	if (!time_wait(is_reset, ahci, RESET_TIMEOUT_MS)) {
		log_error("%s: ahci: does not come out of reset", ahci->fn->msi.name);
		return -EIO;
	}
	pci_mmio_write32(ahci->fn, ahci->regs + AHCI_GHC, AHCI_GHC_AE);
	return 0;
}

static void find_ports(struct ahci *ahci)
{
	uint64_t size = ahci->fn->bars[AHCI_BAR].size;

	ahci->ports = pci_mmio_read32(ahci->fn, ahci->regs + AHCI_PI);
	for (unsigned n = 0; n < AHCI_MAX_PORTS; n++) {
		uintptr_t cmd = ahci->regs + AHCI_PORT(n) + AHCI_PXCMD;

		if (AHCI_PORT(n + 1) > size)
			ahci->ports &= ~BIT(n);
		if (ahci->ports & BIT(n))
			pci_mmio_write32(ahci->fn, cmd,
					 pci_mmio_read32(ahci->fn, cmd) | AHCI_PXCMD_SUD |
						 AHCI_PXCMD_POD);
	}
}

static bool find_device(void *arg)
{
	struct ahci *ahci = arg;

	for (unsigned n = 0; n < AHCI_MAX_PORTS; n++) {
		uintptr_t regs = ahci->regs + AHCI_PORT(n);

		if ((ahci->ports & BIT(n)) && ahci_port_present(ahci->fn, regs)) {
			ahci->port.fn = ahci->fn;
			ahci->port.regs = regs;
			return true;
		}
	}
	return false;
}

static int start_vector(struct ahci *ahci)
{
	struct msi_function *msi = &ahci->fn->msi;
	int granted = msi_alloc(msi, 1, 1, MSI_ALLOW_ANY, NULL);
	int err;

	if (granted < 0)
		return granted;
	err = msi_request(msi, 0, ahci_interrupt, ahci, "ahci");
	if (!err)
		err = msi_enable(msi);
	if (err) {
		msi_free(msi);
		return err;
	}
	pci_mmio_write32(ahci->fn, ahci->regs + AHCI_GHC, AHCI_GHC_AE | AHCI_GHC_IE);
	return 0;
}

/* Nothing is sent or stored any more; what the controller may still reach is not freed. */
static void stop(struct ahci *ahci)
{
	bool at_rest = !ahci->port.memory || !ahci_port_stop(&ahci->port) || pci_gone(ahci->fn);

	pci_mmio_write32(ahci->fn, ahci->regs + AHCI_GHC, AHCI_GHC_AE);
	msi_free(&ahci->fn->msi);
	if (ahci->port.memory && at_rest)
		dma_free(ahci->port.memory, sizeof(*ahci->port.memory));
}

static int start_device(struct ahci *ahci)
{
	bool is64 = pci_mmio_read32(ahci->fn, ahci->regs + AHCI_CAP) & AHCI_CAP_S64A;
	int err;

	ahci->port.memory = dma_alloc(sizeof(*ahci->port.memory), is64 ? UINT64_MAX : UINT32_MAX);
	if (!ahci->port.memory)
		return -ENOMEM;
	err = ahci_port_start(&ahci->port);
	if (!err)
		err = ahci_port_identify(&ahci->port);
	if (err)
		log_error("%s: ahci: its device does not answer", ahci->fn->msi.name);
	else
		log_info("%s: ahci: %s", ahci->fn->msi.name, ahci->port.model);
	return err;
}

static int ahci_setup(struct pci_function *fn, struct ahci *ahci)
{
	int err;

	ahci->fn = fn;
	ahci->regs = pci_map_bar(fn, AHCI_BAR, AHCI_PORT(1));
	if (!ahci->regs)
		return -ENODEV;
	err = reset(ahci);
	if (err)
		return err;
	find_ports(ahci);
	if (!time_wait(find_device, ahci, LINK_TIMEOUT_MS))
		log_info("%s: ahci: no port has a device", fn->msi.name);
	err = start_vector(ahci);
	if (!err && ahci->port.regs)
		err = start_device(ahci);
	if (err)
		stop(ahci);
	return err;
}

static int ahci_probe(struct pci_function *fn)
{
	struct ahci *ahci = page_alloc(sizeof(*ahci), 0);
	int err;

	if (!ahci)
		return -ENOMEM;
	pci_enable(fn);
	fn->driver_data = ahci;
	err = ahci_setup(fn, ahci);
	if (err)
		page_free(ahci, sizeof(*ahci));
	return err;
}

static void ahci_remove(struct pci_function *fn)
{
	struct ahci *ahci = fn->driver_data;

	stop(ahci);
	page_free(ahci, sizeof(*ahci));
}

static const struct pci_id ahci_ids[] = {
	{ .vendor = PCI_ANY, .device = PCI_ANY, .class_ = CLASS_AHCI, .class_mask = 0xffffff },
};

TABLE_ENTRY(struct pci_driver, pci_driver, 5, ahci) = {
	.name = "ahci",
	.ids = ahci_ids,
	.nr_ids = ARRAY_SIZE(ahci_ids),
	.probe = ahci_probe,
	.remove = ahci_remove,
	.raise = ahci_raise,
};

struct ahci *ahci_of(const struct pci_function *fn)
{
	return fn->driver == &pci_driver_entry_ahci ? fn->driver_data : NULL;
}

const char *ahci_model(const struct ahci *ahci)
{
	return ahci->port.regs ? ahci->port.model : NULL;
}

int ahci_identify(struct ahci *ahci)
{
	return ahci->port.regs ? ahci_port_identify(&ahci->port) : -ENODEV;
}

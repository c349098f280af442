// SPDX-License-Identifier: Apache-2.0
/*
 * Function-level reset (PCIe Base Specification, "Function Level Reset (FLR)"). It clears the
 * registers of the function, those of its MSI-X table too: what this kernel has set is set anew.
 */
#include <errno.h>

#include "drivers/pci/internal.h"
#include "drivers/pci/pci_regs.h"
#include "kernel/lib/log.h"
#include "kernel/time.h"

#define PENDING_TIMEOUT_MS 1000  /* for what the function still waits for; then it is lost */
#define FLR_MS             100   /* until then it need not answer */
#define READY_TIMEOUT_MS   60000 /* as long as it may answer that it is not ready yet */

/* Registers that are neither written at each start of MSIs nor known from the layout. */
struct saved {
	uint16_t device_control, link_control, device_control2, link_control2, pm_control;
	uint8_t cache_line, interrupt_line;
	uint16_t command;
};

bool pci_can_reset(const struct pci_function *fn)
{
	/* A bridge would take what is behind it along. */
	return fn->cap_pcie && !fn->bridge &&
	       (pci_read32(fn, fn->cap_pcie + PCI_PCIE_DEVCAP) & PCI_PCIE_DEVCAP_FLR);
}

static bool has_version_2(const struct pci_function *fn)
{
	return FIELD_GET(PCI_PCIE_FLAGS_VERSION, pci_read16(fn, fn->cap_pcie + PCI_PCIE_FLAGS)) > 1;
}

static void save(const struct pci_function *fn, struct saved *saved)
{
	unsigned pcie = fn->cap_pcie;

	*saved = (struct saved){
		.device_control = pci_read16(fn, pcie + PCI_PCIE_DEVCTL),
		.link_control = pci_read16(fn, pcie + PCI_PCIE_LNKCTL),
		.cache_line = pci_read8(fn, PCI_CACHE_LINE_SIZE),
		.interrupt_line = pci_read8(fn, PCI_INTERRUPT_LINE),
		.command = pci_read16(fn, PCI_COMMAND),
	};
	if (has_version_2(fn)) {
		saved->device_control2 = pci_read16(fn, pcie + PCI_PCIE_DEVCTL2);
		saved->link_control2 = pci_read16(fn, pcie + PCI_PCIE_LNKCTL2);
	}
	if (fn->cap_pm)
		saved->pm_control = pci_read16(fn, fn->cap_pm + PCI_PM_CONTROL);
}

static void restore(struct pci_function *fn, const struct saved *saved)
{
	unsigned pcie = fn->cap_pcie;

	pci_write16(fn, pcie + PCI_PCIE_DEVCTL, saved->device_control & ~PCI_PCIE_DEVCTL_FLR);
	pci_write16(fn, pcie + PCI_PCIE_LNKCTL, saved->link_control);
	if (has_version_2(fn)) {
		pci_write16(fn, pcie + PCI_PCIE_DEVCTL2, saved->device_control2);
		pci_write16(fn, pcie + PCI_PCIE_LNKCTL2, saved->link_control2);
	}
	if (fn->cap_pm)
		pci_write16(fn, fn->cap_pm + PCI_PM_CONTROL,
			    saved->pm_control & ~PCI_PM_CONTROL_PME_STATUS);
	pci_write8(fn, PCI_CACHE_LINE_SIZE, saved->cache_line);
	pci_write8(fn, PCI_INTERRUPT_LINE, saved->interrupt_line);
	pci_write_bars(fn);
	pci_write16(fn, PCI_COMMAND, saved->command);
	pci_sriov_restore(fn);
}

static bool nothing_pending(void *arg)
{
	const struct pci_function *fn = arg;

	return !(pci_read16(fn, fn->cap_pcie + PCI_PCIE_DEVSTA) & PCI_PCIE_DEVSTA_PENDING);
}

/* Not ready yet: it answers nothing, or the ID that stands for it ("Configuration Request Retry Status"). */
static bool answers(void *arg)
{
	const struct pci_function *fn = arg;
	uint32_t command = pci_read32(fn, PCI_COMMAND);

	return command != UINT32_MAX && pci_read16(fn, PCI_VENDOR_ID) != PCI_VENDOR_ID_CRS;
}

static int flr(struct pci_function *fn)
{
	unsigned control = fn->cap_pcie + PCI_PCIE_DEVCTL;
	int rc;

	/* No new requests of its own; those under way may end. */
	pci_write16(fn, PCI_COMMAND, pci_read16(fn, PCI_COMMAND) & (uint16_t)~PCI_COMMAND_MASTER);
	rc = pci_wait(fn, nothing_pending, fn, PENDING_TIMEOUT_MS);
	if (rc == -ETIMEDOUT)
		log_warn("%s: reset with requests under way", fn->name);
	else if (rc)
		return rc;
	pci_write16(fn, control, pci_read16(fn, control) | PCI_PCIE_DEVCTL_FLR);
	time_sleep_ms(FLR_MS);
	return time_wait(answers, fn, READY_TIMEOUT_MS) ? 0 : -ETIMEDOUT;
}

/* A PF's reset ends its VFs: who uses one must have let go of it. */
static bool vf_in_use(const struct pci_function *pf)
{
	for (const struct pci_function *fn = pci_first(); fn; fn = fn->next)
		if (fn->physical == pf && fn->driver)
			return true;
	return false;
}

static int bring_back(struct pci_function *fn)
{
	int rc = msi_resume(&fn->msi);

	return rc || !fn->driver ? rc : fn->driver->restore(fn);
}

int pci_reset(struct pci_function *fn)
{
	struct saved saved;
	int rc;

	if (!pci_can_reset(fn) || (fn->driver && !(fn->driver->quiet && fn->driver->restore)))
		return -EOPNOTSUPP;
	if (vf_in_use(fn))
		return -EBUSY;
	if (pci_gone(fn))
		return -ENODEV;
	if (fn->driver)
		fn->driver->quiet(fn);
	if (fn->msi.count)
		msi_suspend(&fn->msi);
	save(fn, &saved);
	rc = flr(fn);
	if (!rc) {
		restore(fn, &saved);
		rc = bring_back(fn);
	}
	if (rc)
		log_error("%s: does not come out of reset: %d", fn->name, rc);
	return rc;
}

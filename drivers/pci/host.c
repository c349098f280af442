// SPDX-License-Identifier: Apache-2.0
/* From a host bridge to functions that drivers can take. */
#include <errno.h>

#include "drivers/pci/internal.h"
#include "kernel/lib/log.h"

/* A domain that composes messages: the registers are ours, and what firmware left in them goes. */
static void stop_stale(struct msi_function *msi)
{
	if (!msi->domain)
		return;
	if (msi->msix_ops)
		msi->msix_ops->stop(msi);
	if (msi->msi_ops)
		msi->msi_ops->stop(msi);
}

/* With its backend chosen: behind an IOMMU it reaches nothing yet. */
static void set_up_iommu(struct pci_function *fn)
{
	struct pci_host *host = fn->host;
	struct msi_iommu *iommu;
	uint32_t id;

	if (!host->iommu || !fn->usable)
		return;
	iommu = host->iommu(host, fn->msi.rid, &id);
	if (iommu && iommu->attach(iommu, &fn->msi, id))
		pci_leave_out(fn, "its IOMMU does not take it");
}

void pci_iommu_found(void)
{
	struct pci_function *fn;

	for_each_function(fn)
		if (!fn->msi.remap)
			set_up_iommu(fn);
}

static void set_up_msi(struct pci_function *fn)
{
	struct pci_host *host = fn->host;
	int rc;

	fn->msi.device_id = fn->msi.rid;
	fn->msi.firmware = host->firmware;
	if (host->msi_domain)
		fn->msi.domain = host->msi_domain(host, fn->msi.rid, &fn->msi.device_id);
	rc = fn->msi.msix_ops ? pci_msix_map(fn) : 0;
	if (rc) {
		pci_leave_out(fn, "its MSI-X table can't be mapped");
		return;
	}
	stop_stale(&fn->msi);
	pci_intx_read(fn);
	rc = msi_function_init(&fn->msi);
	if (rc && rc != -ENODEV)
		pci_leave_out(fn, "no memory for its vectors");
	set_up_iommu(fn);
}

unsigned pci_set_up(struct pci_host *host, struct pci_function *port)
{
	struct pci_function *fn;
	unsigned usable = 0;

	pci_layout(host, port);
	pci_program(host, port);
	pci_sriov_enable(host, port);
	for_each_behind(host, port, fn)
	{
		if (!fn->usable)
			continue;
		set_up_msi(fn);
		usable += fn->usable;
	}
	return usable;
}

int pci_host_add(struct pci_host *host)
{
	unsigned before = pci_count(), usable;

	pci_scan(host);
	usable = pci_set_up(host, NULL);
	log_info("pci: segment %x, %s: buses %02x-%02x, %u functions, %u usable", host->segment,
		 host->config->name, host->first_bus, host->next_bus - 1, pci_count() - before,
		 usable);
	return (int)(pci_count() - before);
}

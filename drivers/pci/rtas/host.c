// SPDX-License-Identifier: Apache-2.0
/* Host bridges of a logical partition (Power Architecture Platform Reference, "PCI Host Bridge"). */
#include <errno.h>
#include <stdlib.h>

#include "drivers/pci/host_dt.h"
#include "drivers/pci/pci_regs.h"
#include "drivers/pci/rtas/config.h"
#include "drivers/pci/rtas/tce.h"
#include "kernel/lib/log.h"
#include "platform/pseries/phb.h"

struct rtas_host {
	struct pci_dt_host dt;
	struct rtas_phb phb;
};

static int init(struct rtas_host *rtas, dt_node_t node)
{
	struct pci_host *host = &rtas->dt.host;
	bool extended = dt_u32(node, "ibm,pci-config-space-type", 0, 0);
	int rc = pci_rtas_config_init();

	if (rc || dt_cells(node, "reg") < 2)
		return rc ? rc : -EINVAL;
	rtas->phb.buid_hi = dt_u32(node, "reg", 0, 0);
	rtas->phb.buid_lo = dt_u32(node, "reg", 1, 0);
	host->config = &pci_rtas_config_ops;
	host->config_data = &rtas->phb;
	host->config_size = extended ? PCI_EXTENDED_CONFIG_SIZE : PCI_CONFIG_SIZE;
	host->firmware = &rtas->phb;
	rc = pci_dt_host_init(&rtas->dt, node);
	if (rc)
		return rc;
	rc = pci_rtas_map_dma(node);
	if (rc)
		log_warn("pci: %s: no DMA window is set up: %d", dt_name(node), rc);
	return 0;
}

static int probe(dt_node_t node)
{
	struct rtas_host *rtas = calloc(1, sizeof(*rtas));
	int rc = rtas ? init(rtas, node) : -ENOMEM;

	if (!rc)
		rc = pci_host_add(&rtas->dt.host);
	else
		free(rtas);
	return rc < 0 ? rc : 0;
}

TABLE_ENTRY(struct dt_driver, dt_driver, 4, pci_host_rtas) = {
	.name = "pci-host-rtas",
	.compatible = "IBM,Logical_PHB",
	.class_ = DT_CLASS_PCI_HOST,
	.probe = probe,
};

// SPDX-License-Identifier: Apache-2.0
/* Host bridges of bare POWER9, which firmware has set up as far as their root ports. */
#include <errno.h>
#include <stdlib.h>

#include "drivers/pci/opal/bridge.h"
#include "drivers/pci/pci_regs.h"
#include "kernel/lib/log.h"
#include "platform/powernv9/opal.h"

/* OPAL_PCI_SET_PE: of a requester ID nothing is compared; the endpoint gets it. */
#define ANY_BUS 0
#define ANY     0
#define MAP_PE  1
/* OPAL_PCI_EEH_FREEZE_CLEAR: for loads and stores, and for DMA. */
#define CLEAR_ALL 3

/* Isolated may be what nobody answered in a scan, or what firmware has left. */
static void clear_freeze(const struct opal_bridge *bridge)
{
	opal_call(OPAL_PCI_EEH_FREEZE_CLEAR, bridge->id, OPAL_PE, CLEAR_ALL);
}

static int set_up_endpoint(struct opal_bridge *bridge)
{
	if (opal_call(OPAL_PCI_SET_PE, bridge->id, OPAL_PE, 0, ANY_BUS, ANY, ANY, MAP_PE))
		return -EIO;
	clear_freeze(bridge);
	return 0;
}

static int init(struct opal_bridge *bridge, dt_node_t node)
{
	struct pci_host *host = &bridge->dt.host;
	int rc;

	if (dt_cells(node, "ibm,opal-phbid") < 2)
		return -EINVAL;
	bridge->id = dt_number(node, "ibm,opal-phbid", 0, 2);
	host->config = &pci_opal_config_ops;
	host->config_data = bridge;
	host->config_size = PCI_EXTENDED_CONFIG_SIZE;
	host->firmware = bridge;
	rc = pci_dt_host_init(&bridge->dt, node);
	if (!rc)
		rc = set_up_endpoint(bridge);
	if (rc)
		return rc;
	rc = pci_opal_map_dma(bridge);
	if (rc)
		log_warn("pci: %s: no DMA window is set up: %d", dt_name(node), rc);
	return pci_opal_msi_init(bridge);
}

static int probe(dt_node_t node)
{
	struct opal_bridge *bridge = calloc(1, sizeof(*bridge));
	int rc = bridge ? init(bridge, node) : -ENOMEM;

	if (rc) {
		free(bridge);
		return rc;
	}
	rc = pci_host_add(&bridge->dt.host);
	clear_freeze(bridge);
	return rc < 0 ? rc : 0;
}

TABLE_ENTRY(struct dt_driver, dt_driver, 4, pci_host_opal) = {
	.name = "pci-host-opal",
	.compatible = "ibm,ioda3-phb",
	.class_ = DT_CLASS_PCI_HOST,
	.probe = probe,
};

// SPDX-License-Identifier: Apache-2.0
/* Host bridges `pci-host-ecam-generic` (binding host-generic-pci). */
#include <errno.h>
#include <stdlib.h>

#include "drivers/pci/config_ecam.h"
#include "drivers/pci/host_dt.h"
#include "drivers/pci/pci_regs.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"

struct ecam_host {
	struct pci_dt_host dt;
	struct pci_ecam ecam;
};

/* The region begins with the first bus; buses that it does not hold do not exist. */
static int map_buses(struct ecam_host *ecam)
{
	struct pci_host *host = &ecam->dt.host;
	unsigned first = host->first_bus;
	struct dt_range reg;
	uint64_t buses;
	int rc = dt_reg(ecam->dt.node, 0, &reg);

	if (rc)
		return rc;
	buses = MIN(reg.size / PCI_ECAM_BUS_SIZE, host->last_bus - first + 1ull);
	if (!buses)
		return -EINVAL;
	host->last_bus = (uint8_t)(first + buses - 1);
	ecam->ecam.base = mmio_map(reg.base, buses * PCI_ECAM_BUS_SIZE);
	return ecam->ecam.base ? 0 : -ENOMEM;
}

static int pci_host_ecam_probe(dt_node_t node)
{
	struct ecam_host *ecam = calloc(1, sizeof(*ecam));
	int rc;

	if (!ecam)
		return -ENOMEM;
	ecam->dt.host.config = &pci_ecam_ops;
	ecam->dt.host.config_data = &ecam->ecam;
	ecam->dt.host.config_size = PCI_EXTENDED_CONFIG_SIZE;
	rc = pci_dt_host_init(&ecam->dt, node);
	if (!rc)
		rc = map_buses(ecam);
	if (rc) {
		free(ecam);
		return rc;
	}
	if (!dt_has(node, "iommu-map"))
		log_info("pci: no IOMMU: functions reach all memory and every interrupt file");
	rc = pci_host_add(&ecam->dt.host);
	return rc < 0 ? rc : 0;
}

TABLE_ENTRY(struct dt_driver, dt_driver, 4, pci_host_ecam) = {
	.name = "pci-host-ecam",
	.compatible = "pci-host-ecam-generic",
	.class_ = DT_CLASS_PCI_HOST,
	.probe = pci_host_ecam_probe,
};

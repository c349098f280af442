/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "drivers/pci/pci.h"

/* A host bridge that the device tree names; embedded in what its kind needs beside it. */
struct pci_dt_host {
	struct pci_host host; /* first: pci_host to pci_dt_host */
	dt_node_t node;
};

/*
 * Fills in what does not depend on how configuration space is reached: buses, windows, segment,
 * MSI controllers and INTx. *dt is zeroed. 0, -EINVAL: malformed. Boot.
 */
int pci_dt_host_init(struct pci_dt_host *dt, dt_node_t node);

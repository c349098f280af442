/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "drivers/pci/host_dt.h"
#include "kernel/spinlock.h"

/* Between the files of the driver: a host bridge as the firmware names it. */
struct opal_bridge {
	struct pci_dt_host dt;
	uint64_t id;
	/* Its message sources: number at the bridge, in the machine, and as an identity of the domain. */
	unsigned nr_msis;
	uint32_t first_source;
	unsigned first_identity;
	struct spinlock lock;
	uint64_t *taken; /* a bit a source */
	struct opal_bridge *next;
};

/*
 * All functions of a bridge are one partitionable endpoint: the unit that the bridge isolates when
 * there was an error, and that has a DMA window.
 */
#define OPAL_PE 1

/* Configuration space: pci_host.config_data is a struct opal_bridge. */
extern const struct pci_config_ops pci_opal_config_ops;

/* Lets the functions reach RAM at its own addresses. 0, -ENOMEM, -EIO. Boot. */
int pci_opal_map_dma(const struct opal_bridge *bridge);

/* Its messages; bridge->dt.host.msi_domain is set. 0, -ENOMEM, -EINVAL: has none. Boot. */
int pci_opal_msi_init(struct opal_bridge *bridge);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "drivers/pci/pci.h"

/* Configuration space by RTAS: pci_host.config_data is a struct rtas_phb. */
extern const struct pci_config_ops pci_rtas_config_ops;
/* Boot, before it is used: the services' tokens. 0, -ENODEV. */
int pci_rtas_config_init(void);

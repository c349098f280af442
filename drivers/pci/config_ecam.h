/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "drivers/pci/pci.h"

/*
 * Configuration space in memory (PCIe Base Specification, "PCI Express Enhanced
 * Configuration Access Mechanism"): pci_host.config_data is a struct pci_ecam.
 */
struct pci_ecam {
	uintptr_t base; /* mapped: configuration space of 00.0 on pci_host.first_bus */
};

#define PCI_ECAM_BUS_SIZE 0x100000ull

extern const struct pci_config_ops pci_ecam_ops;

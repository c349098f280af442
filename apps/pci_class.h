/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/*
 * Names after the PCI Code and ID Assignment Specification, chapter 1, as pciutils
 * writes them; NULL: not in these small tables.
 */
const char *pci_class_name(uint16_t class_); /* class and subclass */
const char *pci_base_class_name(uint8_t base);
const char *pci_interface_name(uint32_t class_); /* class, subclass, programming interface */
const char *pci_capability_name(uint8_t id);

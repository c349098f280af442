/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/*
 * A host bridge as RTAS names it: its bus unit ID. pci_host.firmware, and so
 * msi_function.firmware, points to one.
 */
struct rtas_phb {
	uint32_t buid_hi, buid_lo;
};

/*
 * The configuration address of a register of a function (Power Architecture Platform Reference,
 * "PCI Configuration Address"): bits 11 to 8 of the register stand on top.
 */
static inline uint32_t rtas_config_address(uint16_t rid, unsigned offset)
{
	return (uint32_t)(offset >> 8) << 28 | (uint32_t)rid << 8 | (offset & 0xff);
}

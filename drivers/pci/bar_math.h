/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "drivers/pci/pci.h"

/* The arithmetic of BARs and windows, without configuration accesses. Any context. */

/*
 * What a BAR is, from what it and the next one read after all ones were written (PCI
 * Local Bus Specification, 6.2.5.1). How many registers it takes, or -EINVAL: no
 * power of two, or a reserved type. Not implemented: 1, and size 0.
 */
int bar_decode(uint32_t low, uint32_t high, struct pci_bar *bar);

/* Takes size bytes, aligned (a power of two), from the window. false: it has no room. */
bool window_take(struct pci_window *window, uint64_t size, uint64_t align, uint64_t *bus_addr);

/* Is [offset, offset + size) inside a BAR of so many bytes? */
bool bar_holds(const struct pci_bar *bar, uint64_t offset, uint64_t size);

/* Base and limit of a bridge window in the form of its registers; a window of 0 bytes is closed. */
struct bridge_io {
	uint8_t base, limit;
	uint16_t base_upper, limit_upper;
};
struct bridge_memory {
	uint16_t base, limit;
	uint32_t base_upper, limit_upper;
};
struct bridge_io bridge_io_registers(const struct pci_window *window);
struct bridge_memory bridge_memory_registers(const struct pci_window *window);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "arch/io.h"
#include "drivers/pci/pci.h"

/*
 * Registers in a function's BARs, as arch/io.h has them: once the function is gone reads are all
 * ones and writes are dropped, and the bus sees neither. Any context.
 */
#define PCI_MMIO(bits)                                                                            \
	static inline uint##bits##_t pci_mmio_read##bits(const struct pci_function *fn,           \
							 uintptr_t address)                       \
	{                                                                                         \
		return pci_gone(fn) ? (uint##bits##_t) ~0ull : mmio_read##bits(address);          \
	}                                                                                         \
	static inline void pci_mmio_write##bits(const struct pci_function *fn, uintptr_t address, \
						uint##bits##_t value)                             \
	{                                                                                         \
		if (!pci_gone(fn))                                                                \
			mmio_write##bits(address, value);                                         \
	}
PCI_MMIO(8)
PCI_MMIO(16)
PCI_MMIO(32)
#undef PCI_MMIO

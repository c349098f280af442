// SPDX-License-Identifier: Apache-2.0
/* BARs and bridge windows as registers: sizing and writing. */
#include <errno.h>

#include "drivers/pci/bar_math.h"
#include "drivers/pci/internal.h"
#include "drivers/pci/pci_regs.h"

static unsigned nr_bars(const struct pci_function *fn)
{
	return fn->header_type == PCI_HEADER_TYPE_BRIDGE ? PCI_NR_BARS_BRIDGE : PCI_NR_BARS_NORMAL;
}

static uint32_t read_sizing(struct pci_function *fn, unsigned offset)
{
	uint32_t before = pci_read32(fn, offset), sized;

	pci_write32(fn, offset, ~0u);
	sized = pci_read32(fn, offset);
	pci_write32(fn, offset, before);
	return sized;
}

static bool says_64bit(uint32_t low)
{
	return !(low & PCI_BAR_IO) && FIELD_GET(PCI_BAR_MEM_TYPE, low) == PCI_BAR_MEM_TYPE_64;
}

int pci_size_bar_registers(struct pci_function *fn, unsigned offset, unsigned n,
			   struct pci_bar *bars)
{
	for (unsigned i = 0; i < n;) {
		uint32_t low = read_sizing(fn, offset + 4 * i), high = 0;
		int registers;

		if (low != ~0u && says_64bit(low)) {
			if (i + 1 == n)
				return -EINVAL;
			high = read_sizing(fn, offset + 4 * (i + 1));
		}
		registers = bar_decode(low, high, &bars[i]);
		if (registers < 0)
			return registers;
		i += (unsigned)registers;
	}
	return 0;
}

int pci_size_bars(struct pci_function *fn)
{
	return pci_size_bar_registers(fn, PCI_BASE_ADDRESS_0, nr_bars(fn), fn->bars);
}

void pci_probe_bridge_windows(struct pci_function *bridge)
{
	uint16_t type;

	/* A window that is not there reads 0 (PCI-to-PCI Bridge Architecture, 3.2.5). */
	pci_write8(bridge, PCI_IO_BASE, PCI_IO_ADDRESS);
	bridge->bridge->has_io = pci_read8(bridge, PCI_IO_BASE) & PCI_IO_ADDRESS;
	pci_write16(bridge, PCI_PREFETCHABLE_BASE, PCI_MEMORY_ADDRESS);
	type = pci_read16(bridge, PCI_PREFETCHABLE_BASE);
	bridge->bridge->has_mem64 = (type & PCI_MEMORY_ADDRESS) &&
				    (type & PCI_PREFETCHABLE_TYPE) == PCI_PREFETCHABLE_TYPE_64;
}

static void write_bars(struct pci_function *fn, unsigned offset, unsigned n,
		       const struct pci_bar *bar)
{
	for (unsigned end = offset + 4 * n; offset < end; offset += 4, bar++) {
		if (!bar->bus_addr)
			continue;
		pci_write32(fn, offset, (uint32_t)bar->bus_addr);
		if (bar->is64)
			pci_write32(fn, offset + 4, (uint32_t)(bar->bus_addr >> 32));
	}
}

void pci_write_bars(struct pci_function *fn)
{
	/* A VF's are in its PF. */
	if (!fn->physical)
		write_bars(fn, PCI_BASE_ADDRESS_0, nr_bars(fn), fn->bars);
	if (fn->sriov)
		write_bars(fn, fn->cap_sriov + PCI_SRIOV_VF_BAR_0, PCI_NR_BARS, fn->sriov->bars);
}

static void write_windows(struct pci_function *fn)
{
	const struct pci_window *windows = fn->bridge->windows;
	struct bridge_io io = bridge_io_registers(&windows[PCI_SPACE_IO]);
	struct bridge_memory mem = bridge_memory_registers(&windows[PCI_SPACE_MEM32]);
	struct bridge_memory pref = bridge_memory_registers(&windows[PCI_SPACE_MEM64]);

	pci_write8(fn, PCI_IO_BASE, io.base);
	pci_write8(fn, PCI_IO_LIMIT, io.limit);
	pci_write16(fn, PCI_IO_BASE_UPPER, io.base_upper);
	pci_write16(fn, PCI_IO_LIMIT_UPPER, io.limit_upper);
	pci_write16(fn, PCI_MEMORY_BASE, mem.base);
	pci_write16(fn, PCI_MEMORY_LIMIT, mem.limit);
	pci_write16(fn, PCI_PREFETCHABLE_BASE, pref.base);
	pci_write16(fn, PCI_PREFETCHABLE_LIMIT, pref.limit);
	pci_write32(fn, PCI_PREFETCHABLE_BASE_UPPER, pref.base_upper);
	pci_write32(fn, PCI_PREFETCHABLE_LIMIT_UPPER, pref.limit_upper);
}

void pci_program(struct pci_host *host, const struct pci_function *port)
{
	struct pci_function *fn;

	for_each_behind(host, port, fn)
	{
		pci_write_bars(fn);
		/* Whether a driver comes or not: at the console its registers can be looked at. */
		pci_decode(fn);
		if (fn->bridge && fn->bridge->forwards) {
			write_windows(fn);
			/* Bus master: what is behind it may send upstream, messages too. */
			pci_enable(fn);
		}
	}
}

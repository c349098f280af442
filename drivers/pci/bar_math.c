// SPDX-License-Identifier: Apache-2.0
#include "drivers/pci/bar_math.h"

#include <errno.h>

#include "drivers/pci/pci_regs.h"

static int set_size(struct pci_bar *bar, uint64_t mask)
{
	bar->size = -mask;
	return is_power_of_two(bar->size) ? 0 : -EINVAL;
}

static int decode_io(uint32_t low, struct pci_bar *bar)
{
	uint32_t mask = low & PCI_BAR_IO_ADDRESS;

	bar->io = true;
	bar->space = PCI_SPACE_IO;
	if (!mask || (low & PCI_BAR_IO_RESERVED))
		return -EINVAL;
	/* The upper half may be hardwired to 0: 16-bit addresses. */
	if (!(mask >> 16))
		mask |= 0xffff0000u;
	return set_size(bar, mask | 0xffffffff00000000ull) ? -EINVAL : 1;
}

static int decode_memory(uint32_t low, uint32_t high, struct pci_bar *bar)
{
	uint32_t type = FIELD_GET(PCI_BAR_MEM_TYPE, low);
	uint64_t mask = low & PCI_BAR_MEM_ADDRESS;

	bar->prefetchable = low & PCI_BAR_MEM_PREFETCHABLE;
	bar->is64 = type == PCI_BAR_MEM_TYPE_64;
	bar->space = bar->is64 ? PCI_SPACE_MEM64 : PCI_SPACE_MEM32;
	if (type != PCI_BAR_MEM_TYPE_32 && type != PCI_BAR_MEM_TYPE_64)
		return -EINVAL;
	if (!bar->is64)
		return !mask || set_size(bar, mask | 0xffffffff00000000ull) ? -EINVAL : 1;
	mask |= (uint64_t)high << 32;
	return !mask || set_size(bar, mask) ? -EINVAL : 2;
}

int bar_decode(uint32_t low, uint32_t high, struct pci_bar *bar)
{
	int registers;

	*bar = (struct pci_bar){ 0 };
	if (!low)
		return 1;
	/* Nothing answers: no BAR has all of its type bits set. */
	if (low == ~0u)
		return -EINVAL;
	registers = low & PCI_BAR_IO ? decode_io(low, bar) : decode_memory(low, high, bar);
	if (registers < 0)
		bar->size = 0;
	return registers;
}

bool window_take(struct pci_window *window, uint64_t size, uint64_t align, uint64_t *bus_addr)
{
	uint64_t at = ALIGN_UP(window->next, align), offset = at - window->bus_base;

	if (at < window->next || at < window->bus_base || offset > window->size ||
	    size > window->size - offset)
		return false;
	*bus_addr = at;
	window->next = at + size;
	return true;
}

bool bar_holds(const struct pci_bar *bar, uint64_t offset, uint64_t size)
{
	return offset <= bar->size && size <= bar->size - offset;
}

/* A base above the limit closes a window (PCI-to-PCI Bridge Architecture, 3.2.5.6). */
struct bridge_io bridge_io_registers(const struct pci_window *window)
{
	uint64_t base = window->bus_base, limit = base + window->size - 1;

	if (!window->size)
		return (struct bridge_io){ .base = PCI_IO_ADDRESS };
	return (struct bridge_io){
		.base = (base >> 8) & PCI_IO_ADDRESS,
		.limit = (limit >> 8) & PCI_IO_ADDRESS,
		.base_upper = (uint16_t)(base >> 16),
		.limit_upper = (uint16_t)(limit >> 16),
	};
}

struct bridge_memory bridge_memory_registers(const struct pci_window *window)
{
	uint64_t base = window->bus_base, limit = base + window->size - 1;

	if (!window->size)
		return (struct bridge_memory){ .base = PCI_MEMORY_ADDRESS };
	return (struct bridge_memory){
		.base = (base >> 16) & PCI_MEMORY_ADDRESS,
		.limit = (limit >> 16) & PCI_MEMORY_ADDRESS,
		.base_upper = (uint32_t)(base >> 32),
		.limit_upper = (uint32_t)(limit >> 32),
	};
}

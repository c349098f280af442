// SPDX-License-Identifier: Apache-2.0
/* What the scan left in the registers of whatever functions this machine has. */
#include "drivers/pci/pci.h"

#include "arch/io.h"
#include "drivers/pci/pci_regs.h"
#include "tests/target/test.h"

/* fn, or the first after it that is usable. */
static struct pci_function *usable(struct pci_function *fn)
{
	while (fn && !fn->usable)
		fn = fn->next;
	return fn;
}

static uint64_t bar_register(const struct pci_function *fn, unsigned i)
{
	unsigned offset = PCI_BASE_ADDRESS_0 + 4 * i;
	uint64_t value = pci_read32(fn, offset);

	if (value & PCI_BAR_IO)
		return value & PCI_BAR_IO_ADDRESS;
	value &= PCI_BAR_MEM_ADDRESS;
	if (fn->bars[i].is64)
		value |= (uint64_t)pci_read32(fn, offset + 4) << 32;
	return value;
}

TEST(pci, functions_are_in_order)
{
	unsigned count = 0;

	for (const struct pci_function *fn = pci_first(); fn; fn = fn->next) {
		const struct pci_function *next = fn->next;

		count++;
		CHECK(!next || fn->msi.segment < next->msi.segment ||
		      (fn->msi.segment == next->msi.segment && fn->msi.rid < next->msi.rid));
	}
	CHECK_EQ(count, pci_count());
}

TEST(pci, functions_are_found_by_name)
{
	static const char *const no_names[] = { "",         "0:0",           "00:20.0", "00:00.8",
						"100:00.0", "00:00.0 ",      ":00.0",   "00:00.",
						"g0:00.0",  "10000:00:00.0", "ff:1f.7" };

	for (struct pci_function *fn = pci_first(); fn; fn = fn->next)
		CHECK(pci_find(fn->msi.name) == fn);
	for (unsigned i = 0; i < ARRAY_SIZE(no_names); i++)
		CHECK(!pci_find(no_names[i]));
}

TEST(pci, bars_hold_their_aligned_addresses)
{
	for (struct pci_function *fn = usable(pci_first()); fn; fn = usable(fn->next)) {
		for (unsigned i = 0; i < PCI_NR_BARS; i++) {
			const struct pci_bar *bar = &fn->bars[i];

			if (!bar->size || bar->space == PCI_NR_SPACES || fn->physical)
				continue;
			CHECK(bar->bus_addr);
			CHECK(is_power_of_two(bar->size));
			CHECK(IS_ALIGNED(bar->bus_addr, bar->size));
			CHECK(bar->is64 || bar->bus_addr + bar->size <= 1ull << 32);
			CHECK_EQ(bar_register(fn, i), bar->bus_addr);
		}
	}
}

/* Two BARs of one kind of address space. */
static bool overlap(const struct pci_bar *a, const struct pci_bar *b)
{
	return a != b && a->bus_addr && b->bus_addr && a->io == b->io &&
	       a->bus_addr < b->bus_addr + b->size && b->bus_addr < a->bus_addr + a->size;
}

TEST(pci, bars_do_not_overlap)
{
	for (struct pci_function *a = usable(pci_first()); a; a = usable(a->next)) {
		for (struct pci_function *b = usable(pci_first()); b; b = usable(b->next)) {
			if (a->host != b->host)
				continue;
			for (unsigned i = 0; i < PCI_NR_BARS * PCI_NR_BARS; i++)
				CHECK(!overlap(&a->bars[i / PCI_NR_BARS],
					       &b->bars[i % PCI_NR_BARS]));
		}
	}
}

struct span {
	uint64_t first, last;
};

static bool inside(uint64_t base, uint64_t size, struct span span)
{
	return base >= span.first && base + size - 1 <= span.last;
}

/* As the registers of the bridge say. */
static struct span bridge_io(const struct pci_function *bridge)
{
	struct span span = {
		((uint64_t)pci_read16(bridge, PCI_IO_BASE_UPPER) << 16) |
			(pci_read8(bridge, PCI_IO_BASE) & PCI_IO_ADDRESS) << 8,
		((uint64_t)pci_read16(bridge, PCI_IO_LIMIT_UPPER) << 16) |
			(pci_read8(bridge, PCI_IO_LIMIT) & PCI_IO_ADDRESS) << 8 | 0xfff,
	};

	return span;
}

static struct span bridge_memory(const struct pci_function *bridge)
{
	uint32_t both = pci_read32(bridge, PCI_MEMORY_BASE);

	return (struct span){ (both & PCI_MEMORY_ADDRESS) << 16,
			      (both & (PCI_MEMORY_ADDRESS << 16)) | 0xfffff };
}

static struct span bridge_prefetchable(const struct pci_function *bridge)
{
	uint32_t both = pci_read32(bridge, PCI_PREFETCHABLE_BASE);

	return (struct span){
		(uint64_t)pci_read32(bridge, PCI_PREFETCHABLE_BASE_UPPER) << 32 |
			(both & PCI_MEMORY_ADDRESS) << 16,
		(uint64_t)pci_read32(bridge, PCI_PREFETCHABLE_LIMIT_UPPER) << 32 |
			(both & (PCI_MEMORY_ADDRESS << 16)) | 0xfffff,
	};
}

static bool forwarded(const struct pci_function *bridge, const struct pci_bar *bar)
{
	if (bar->io)
		return inside(bar->bus_addr, bar->size, bridge_io(bridge));
	return inside(bar->bus_addr, bar->size, bridge_memory(bridge)) ||
	       (bar->prefetchable && inside(bar->bus_addr, bar->size, bridge_prefetchable(bridge)));
}

TEST(pci, bars_are_inside_every_window_above)
{
	for (struct pci_function *fn = usable(pci_first()); fn; fn = usable(fn->next)) {
		for (unsigned i = 0; i < PCI_NR_BARS; i++) {
			const struct pci_bar *bar = &fn->bars[i];
			const struct pci_window *window = &fn->host->windows[bar->space];

			if (!bar->bus_addr)
				continue;
			CHECK(inside(bar->bus_addr, bar->size,
				     (struct span){ window->bus_base,
						    window->bus_base + window->size - 1 }));
			for (const struct pci_function *up = fn->parent; up; up = up->parent)
				CHECK(forwarded(up, bar));
		}
	}
}

/* The next bridge on the same bus. */
static const struct pci_function *next_sibling_bridge(const struct pci_function *bridge)
{
	const struct pci_function *fn = bridge->next;

	while (fn && (fn->host != bridge->host || fn->parent != bridge->parent || !fn->bridge ||
		      !fn->bridge->forwards))
		fn = fn->next;
	return fn;
}

TEST(pci, buses_are_nested)
{
	for (const struct pci_function *fn = pci_first(); fn; fn = fn->next) {
		const struct pci_function *up = fn->parent, *sibling;

		/* VFs may be on buses of their own, behind the same bridge. */
		if (fn->physical && up)
			CHECK(fn->msi.rid >> 8 >= up->bridge->secondary &&
			      fn->msi.rid >> 8 <= up->bridge->subordinate);
		else if (!fn->physical)
			CHECK_EQ(fn->msi.rid >> 8,
				 up ? up->bridge->secondary : fn->host->first_bus);
		if (!fn->bridge || !fn->bridge->forwards)
			continue;
		CHECK_EQ(pci_read8(fn, PCI_PRIMARY_BUS), fn->msi.rid >> 8);
		CHECK_EQ(pci_read8(fn, PCI_SECONDARY_BUS), fn->bridge->secondary);
		CHECK_EQ(pci_read8(fn, PCI_SUBORDINATE_BUS), fn->bridge->subordinate);
		CHECK(fn->bridge->secondary > fn->msi.rid >> 8);
		CHECK(!up || fn->bridge->subordinate <= up->bridge->subordinate);
		sibling = next_sibling_bridge(fn);
		CHECK(!sibling || sibling->bridge->secondary > fn->bridge->subordinate);
	}
}

TEST(pci, bridges_forward)
{
	const uint16_t bits = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	unsigned bridges = 0;

	for (const struct pci_function *fn = pci_first(); fn; fn = fn->next) {
		if (!fn->bridge || !fn->bridge->forwards)
			continue;
		bridges++;
		CHECK_EQ(pci_read16(fn, PCI_COMMAND) & bits, bits);
	}
	SKIP_IF(!bridges, "no bridge on this machine");
}

/* Rules M3: who sends messages is bus master, sends no INTx, and has one type enabled. */
TEST(pci, senders_are_set_up_to_send)
{
	unsigned senders = 0;

	for (struct pci_function *fn = usable(pci_first()); fn; fn = usable(fn->next)) {
		bool msix = fn->cap_msix && (pci_read16(fn, fn->cap_msix + PCI_MSIX_CONTROL) &
					     PCI_MSIX_CONTROL_ENABLE);
		bool msi = fn->cap_msi &&
			   (pci_read16(fn, fn->cap_msi + PCI_MSI_CONTROL) & PCI_MSI_CONTROL_ENABLE);

		CHECK(!(msix && msi));
		CHECK_EQ(msix || msi, fn->msi.enabled && fn->msi.ops->type != MSI_INTX);
		if (!fn->msi.enabled)
			continue;
		senders++;
		CHECK(pci_read16(fn, PCI_COMMAND) & PCI_COMMAND_MASTER);
		CHECK(pci_memory_decodes(fn));
		/* A VF has no INTx: the bit may be hardwired to 0. */
		CHECK(fn->physical || fn->msi.ops->type == MSI_INTX ||
		      (pci_read16(fn, PCI_COMMAND) & PCI_COMMAND_INTX_DISABLE));
		CHECK_EQ(msix, fn->msi.ops->type == MSI_MSIX);
	}
	SKIP_IF(!senders, "no function has its MSIs enabled");
}

/* What firmware left in an entry that nobody uses may not come out. */
TEST(pci, unused_entries_are_masked)
{
	unsigned unused = 0;

	for (struct pci_function *fn = usable(pci_first()); fn; fn = usable(fn->next)) {
		if (!fn->msi.enabled || fn->msi.ops->type != MSI_MSIX)
			continue;
		for (unsigned i = fn->msi.count; i < fn->msi.msix_count; i++, unused++)
			CHECK(mmio_read32(fn->msix_table + i * PCI_MSIX_ENTRY_SIZE +
					  PCI_MSIX_ENTRY_CONTROL) &
			      PCI_MSIX_ENTRY_CONTROL_MASK);
	}
	SKIP_IF(!unused, "no function has MSI-X entries that it does not use");
}

TEST(pci, capability_walks_agree_with_the_scan)
{
	for (struct pci_function *fn = usable(pci_first()); fn; fn = usable(fn->next)) {
		CHECK_EQ(pci_find_capability(fn, PCI_CAP_ID_MSI, 0), fn->cap_msi);
		CHECK_EQ(pci_find_capability(fn, PCI_CAP_ID_MSIX, 0), fn->cap_msix);
		CHECK_EQ(pci_find_capability(fn, PCI_CAP_ID_PCIE, 0), fn->cap_pcie);
		/* IDs that nobody has: the walks go to the end. */
		CHECK_EQ(pci_find_capability(fn, 0xfe, 0), 0);
		CHECK_EQ(pci_find_extended_capability(fn, 0xfffe, 0), 0);
	}
}

TEST(pci, nobody_reads_all_ones)
{
	struct pci_host *host;
	uint16_t rid;

	SKIP_IF(!pci_first(), "no PCI host bridge");
	host = pci_first()->host;
	rid = (uint16_t)(host->first_bus << 8 | 31 << 3 | 7);
	SKIP_IF(host->config->read16(host, rid & ~7u, PCI_VENDOR_ID) != UINT16_MAX,
		"the last device of the root bus exists");
	CHECK_EQ(host->config->read32(host, rid, PCI_VENDOR_ID), UINT32_MAX);
	CHECK_EQ(host->config->read8(host, rid, PCI_HEADER_TYPE), UINT8_MAX);
}

// SPDX-License-Identifier: Apache-2.0
// SOURCES: tests/host/fake_ecam.c drivers/pci/bar_math.c drivers/pci/bars.c drivers/pci/caps.c
// SOURCES: drivers/pci/config_ecam.c drivers/pci/function.c drivers/pci/host.c drivers/pci/layout.c
// SOURCES: drivers/pci/msi_regs.c drivers/pci/msix.c drivers/pci/scan.c kernel/lib/format.c
// SOURCES: drivers/pci/sriov.c
/* Machines that are described, well-formed and not, through the whole of pci_host_add(). */
#include <errno.h>
#include <string.h>

#include "drivers/pci/pci_regs.h"
#include "tests/host/cmocka_test.h"
#include "tests/host/fake_ecam.h"
#include "tests/host/fake_mmio.h"
#include "tests/host/host_support.h"

int msi_function_init(struct msi_function *fn)
{
	return fn->msix_count || fn->msi_count ? 0 : -ENODEV;
}

const bool msi_checked = true;

int msi_check_change(struct msi_function *msi, enum msi_part part, const struct msi_msg *msg,
		     const void *caller)
{
	(void)msi, (void)part, (void)msg, (void)caller;
	return 0;
}

int msi_check_write(struct msi_function *fn, unsigned i, const struct msi_msg *msg,
		    const void *caller)
{
	(void)fn, (void)i, (void)msg, (void)caller;
	return 0;
}

#define TABLE_BAR0 0x0
#define PBA_BAR0   0x800

/* The last line logged may be the summary: what left something out is told by problem and count. */
static void assert_left_out(const struct fake_function *fake, const char *problem, unsigned lines)
{
	const struct pci_function *fn = fake_found(fake);

	assert_non_null(fn);
	assert_false(fn->usable);
	assert_non_null(strstr(fn->problem, problem));
	assert_int_equal(host_log_lines(), lines + 1); /* and the summary */
	assert_int_equal(fake_get(fake, PCI_COMMAND, 2) & (PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER),
			 0);
	for (unsigned i = 0; i < PCI_NR_BARS; i++)
		assert_int_equal(fn->bars[i].bus_addr, 0);
}

static uint64_t bar_register(const struct fake_function *fake, unsigned i)
{
	uint32_t low = fake_get(fake, PCI_BASE_ADDRESS_0 + 4 * i, 4);
	uint64_t value = low & (low & 1 ? PCI_BAR_IO_ADDRESS : PCI_BAR_MEM_ADDRESS);

	if (!(low & 1) && (low & PCI_BAR_MEM_TYPE) == 4)
		value |= (uint64_t)fake_get(fake, PCI_BASE_ADDRESS_0 + 4 * i + 4, 4) << 32;
	return value;
}

/* Assigned, aligned, in the register, and at the CPU address that the host bridge makes of it. */
static uint64_t assert_assigned(const struct fake_function *fake, unsigned i, enum pci_space space)
{
	const struct pci_function *fn = fake_found(fake);
	const struct pci_bar *bar = &fn->bars[i];
	const struct pci_window *window = &fn->host->windows[space];

	assert_true(fn->usable);
	assert_int_equal(bar->space, space);
	assert_int_not_equal(bar->bus_addr, 0);
	assert_int_equal(bar->bus_addr & (bar->size - 1), 0);
	assert_int_equal(bar->bus_addr, bar_register(fake, i));
	assert_int_equal(bar->cpu_addr - window->cpu_base, bar->bus_addr - window->bus_base);
	assert_in_range(bar->bus_addr, window->bus_base,
			window->bus_base + window->size - bar->size);
	return bar->bus_addr;
}

static struct pci_host *clear(void)
{
	host_log_clear();
	return fake_host();
}

static void empty_bus(void **state)
{
	(void)state;
	clear();
	assert_int_equal(fake_scan(), 0);
	/* One probe a device: what is not there is cheap. */
	assert_int_equal(fake_unanswered(), 32);
}

static void only_multifunction_devices_are_asked_for_more(void **state)
{
	struct fake_function *a, *b, *hidden;

	(void)state;
	clear();
	a = fake_add(NULL, 3, 0);
	hidden = fake_add(NULL, 3, 1);
	b = fake_add(NULL, 4, 0);
	fake_multifunction(b);
	fake_add(NULL, 4, 7);
	fake_add(NULL, 5, 2); /* no function 0: not there */
	assert_int_equal(fake_scan(), 3);
	assert_non_null(fake_found(a));
	assert_int_equal(hidden->reads, 0);
	assert_int_equal(fake_unanswered(), 30 + 6);
}

static void bars_go_where_they_belong(void **state)
{
	struct fake_function *a;

	(void)state;
	clear();
	a = fake_add(NULL, 1, 0);
	/* Firmware left it decoding, and bus master. */
	fake_set(a, PCI_COMMAND, 2, 0x0007, 0x0547);
	fake_bar(a, 0, FAKE_BAR_32, 0x1000);
	fake_bar(a, 1, FAKE_BAR_IO, 0x20);
	fake_bar(a, 2, FAKE_BAR_64_PREF, 1u << 26);
	fake_bar(a, 4, FAKE_BAR_64, 0x4000);
	assert_int_equal(fake_scan(), 1);
	assert_assigned(a, 0, PCI_SPACE_MEM32);
	assert_assigned(a, 1, PCI_SPACE_IO);
	assert_int_equal(assert_assigned(a, 2, PCI_SPACE_MEM64), FAKE_MEM64);
	assert_int_equal(assert_assigned(a, 4, PCI_SPACE_MEM64), FAKE_MEM64 + (1u << 26));
	/* It answers, but sends nothing before a driver says so. */
	assert_int_equal(fake_get(a, PCI_COMMAND, 2), 3 | PCI_COMMAND_INTX_DISABLE);
	pci_enable(fake_found(a));
	assert_int_equal(fake_get(a, PCI_COMMAND, 2), 7 | PCI_COMMAND_INTX_DISABLE);
	assert_int_equal(pci_map_bar(fake_found(a), 1, 1), 0);
	assert_int_equal(pci_map_bar(fake_found(a), 0, 0x1001), 0);
	assert_int_equal(pci_map_bar(fake_found(a), 6, 1), 0);
	assert_int_equal(pci_map_bar(fake_found(a), 0, 0x1000), fake_found(a)->bars[0].cpu_addr);
}

static void assert_window(struct fake_function *bridge, uint64_t base, uint64_t limit)
{
	uint32_t both = fake_get(bridge, PCI_MEMORY_BASE, 4);

	assert_int_equal((both & 0xfff0) << 16, base);
	assert_int_equal((both & 0xfff00000) | 0xfffff, limit);
}

static void nested_bridges(void **state)
{
	struct fake_function *outer, *inner, *deep, *wide, *other, *empty;
	uint64_t at;

	(void)state;
	clear();
	outer = fake_bridge(NULL, 1);
	inner = fake_bridge(outer, 0);
	deep = fake_add(inner, 2, 0);
	fake_bar(deep, 0, FAKE_BAR_32, 0x100000);
	fake_bar(deep, 1, FAKE_BAR_IO, 0x10);
	fake_bar(deep, 2, FAKE_BAR_64, 0x1000); /* not prefetchable: below 4 GiB */
	fake_bar(deep, 4, FAKE_BAR_64_PREF, 0x200000);
	wide = fake_add(outer, 5, 0);
	fake_bar(wide, 0, FAKE_BAR_32, 0x1000000);
	empty = fake_bridge(NULL, 2);
	other = fake_add(NULL, 3, 0);
	fake_bar(other, 0, FAKE_BAR_32, 0x10);
	assert_int_equal(fake_scan(), 6);

	assert_int_equal(fake_get(outer, PCI_PRIMARY_BUS, 3), 0x020100);
	assert_int_equal(fake_get(inner, PCI_PRIMARY_BUS, 3), 0x020201);
	assert_int_equal(fake_get(empty, PCI_PRIMARY_BUS, 3), 0x030300);
	assert_string_equal(fake_found(deep)->name + 5, "02:02.0");

	at = assert_assigned(deep, 0, PCI_SPACE_MEM32);
	assert_assigned(deep, 1, PCI_SPACE_IO);
	assert_assigned(deep, 2, PCI_SPACE_MEM32);
	assert_assigned(deep, 4, PCI_SPACE_MEM64);
	assert_assigned(wide, 0, PCI_SPACE_MEM32);
	assert_assigned(other, 0, PCI_SPACE_MEM32);
	/* 16 MiB, then the inner window of 2 MiB; aligned to its largest. */
	assert_window(outer, FAKE_MEM32, FAKE_MEM32 + 0x11fffff);
	assert_window(inner, at, at + 0x1fffff);
	assert_int_equal(fake_get(inner, PCI_IO_BASE, 2), 0x1010);
	assert_int_equal(fake_get(inner, PCI_PREFETCHABLE_BASE_UPPER, 4), 4);
	assert_int_equal(fake_get(empty, PCI_MEMORY_BASE, 4), 0x0000fff0);
	assert_int_equal(fake_get(outer, PCI_COMMAND, 2) & 7, 7);
}

static void functions_come_in_order(void **state)
{
	struct fake_function *b1, *b2;
	uint16_t before = 0;

	(void)state;
	clear();
	b1 = fake_bridge(NULL, 1);
	b2 = fake_bridge(NULL, 2);
	for (unsigned i = 0; i < 4; i++) {
		fake_add(b1, 20 - i, 0);
		fake_add(b2, 10 + i, 0);
	}
	fake_bridge(b1, 1);
	fake_scan();
	for (const struct pci_function *fn = fake_found(b1); fn; fn = fn->next) {
		assert_true(fn->msi.rid > before);
		before = fn->msi.rid;
	}
}

static void below_a_port_is_one_device(void **state)
{
	struct fake_function *port;

	(void)state;
	clear();
	port = fake_bridge(NULL, 0);
	fake_pcie(port, 0x40, PCI_PCIE_TYPE_ROOT_PORT);
	fake_add(port, 0, 0);
	fake_add(port, 1, 0); /* an alias of the same device, say */
	assert_int_equal(fake_scan(), 2);
	assert_int_equal(fake_unanswered(), 31);
}

/* Each is malformed in one way; the one beside it goes on. */
static void malformed(void (*spoil)(struct fake_function *fn), const char *problem)
{
	struct fake_function *bad, *good;

	clear();
	bad = fake_add(NULL, 1, 0);
	good = fake_add(NULL, 2, 0);
	for (unsigned i = 0; i < 2; i++) {
		struct fake_function *fn = i ? bad : good;

		fake_bar(fn, 0, FAKE_BAR_32, 0x1000);
		fake_bar(fn, 1, FAKE_BAR_IO, 0x20);
		fake_bar(fn, 2, FAKE_BAR_64, 0x1000);
	}
	spoil(bad);
	assert_int_equal(fake_scan(), 2);
	assert_left_out(bad, problem, 1);
	assert_assigned(good, 0, PCI_SPACE_MEM32);
}

static void cap_loop(struct fake_function *fn)
{
	fake_cap(fn, PCI_CAP_ID_PM, 0x40);
	fake_cap(fn, PCI_CAP_ID_VENDOR, 0x60);
	fn->config[0x61] = 0x40;
}

static void cap_to_itself(struct fake_function *fn)
{
	fake_cap(fn, PCI_CAP_ID_PM, 0x40);
	fn->config[0x41] = 0x40;
}

static void cap_into_header(struct fake_function *fn)
{
	fake_cap(fn, PCI_CAP_ID_PM, 0x40);
	fn->config[0x41] = 0x10;
}

static void cap_all_ones(struct fake_function *fn)
{
	fake_cap(fn, 0xff, 0x40);
	fn->config[0x41] = 0xff;
}

static void ext_loop(struct fake_function *fn)
{
	fake_pcie(fn, 0x40, 0);
	fake_set(fn, 0x100, 4, 0x14010001, 0);
	fake_set(fn, 0x140, 4, 0x10010003, 0);
}

static void ext_into_header(struct fake_function *fn)
{
	fake_pcie(fn, 0x40, 0);
	fake_set(fn, 0x100, 4, 0x04010001, 0);
}

static void bir_6(struct fake_function *fn)
{
	fake_msix(fn, 0x40, 4, 6, PBA_BAR0);
}

static void pba_bir_7(struct fake_function *fn)
{
	fake_msix(fn, 0x40, 4, TABLE_BAR0, 7);
}

static void bir_io(struct fake_function *fn)
{
	fake_msix(fn, 0x40, 1, 1, PBA_BAR0);
}

static void bir_upper_half(struct fake_function *fn)
{
	fake_msix(fn, 0x40, 1, 3, PBA_BAR0);
}

static void bir_unimplemented(struct fake_function *fn)
{
	fake_msix(fn, 0x40, 1, 4, PBA_BAR0);
}

static void table_beyond(struct fake_function *fn)
{
	fake_msix(fn, 0x40, 129, 0x800, 0);
}

static void table_offset_beyond(struct fake_function *fn)
{
	fake_msix(fn, 0x40, 1, 0xfffffff8, PBA_BAR0);
}

static void pba_beyond(struct fake_function *fn)
{
	fake_msix(fn, 0x40, 65, TABLE_BAR0, 0xff8);
}

static void msix_at_the_end(struct fake_function *fn)
{
	fake_cap(fn, PCI_CAP_ID_MSIX, 0xf8);
}

static void msi_at_the_end(struct fake_function *fn)
{
	fake_cap(fn, PCI_CAP_ID_MSI, 0xf0);
	fake_set(fn, 0xf2, 2, PCI_MSI_CONTROL_64BIT | PCI_MSI_CONTROL_MASKABLE, 0);
}

static void msi_64_messages(struct fake_function *fn)
{
	fake_msi(fn, 0x40, 0);
	fake_set(fn, 0x42, 2, 6 << 1, 0);
}

static void bar_hardwired(struct fake_function *fn)
{
	fake_set(fn, PCI_BASE_ADDRESS_0, 4, 0x1000, 0);
}

static void bar_with_a_hole(struct fake_function *fn)
{
	fake_set(fn, PCI_BASE_ADDRESS_0, 4, 0, 0xff0ff000);
}

static void bar_all_ones(struct fake_function *fn)
{
	fake_set(fn, PCI_BASE_ADDRESS_0, 4, ~0u, 0);
}

static void bar_without_address(struct fake_function *fn)
{
	fake_set(fn, PCI_BASE_ADDRESS_0 + 8, 4, 4, 0);
	fake_set(fn, PCI_BASE_ADDRESS_0 + 12, 4, 0, 0);
}

static void bar_64_at_the_end(struct fake_function *fn)
{
	fake_set(fn, PCI_BASE_ADDRESS_0 + 20, 4, 4, 0xfffff000);
	/* The register behind is none of its BARs. */
	fake_set(fn, PCI_BASE_ADDRESS_0 + 24, 4, 0, ~0u);
}

static void header_type_2(struct fake_function *fn)
{
	fn->config[PCI_HEADER_TYPE] = 2;
}

static void malformed_functions_are_left_out(void **state)
{
	static const struct {
		void (*spoil)(struct fake_function *fn);
		const char *problem;
	} cases[] = {
		{ cap_loop, "loop" },
		{ cap_to_itself, "loop" },
		{ cap_into_header, "leaves" },
		{ cap_all_ones, "leaves" },
		{ ext_loop, "loop" },
		{ ext_into_header, "leaves" },
		{ bir_6, "table" },
		{ pba_bir_7, "PBA" },
		{ bir_io, "table" },
		{ bir_upper_half, "table" },
		{ bir_unimplemented, "table" },
		{ table_beyond, "table" },
		{ table_offset_beyond, "table" },
		{ pba_beyond, "PBA" },
		{ msix_at_the_end, "MSI-X capability leaves" },
		{ msi_at_the_end, "MSI capability leaves" },
		{ msi_64_messages, "reserved" },
		{ bar_hardwired, "size" },
		{ bar_with_a_hole, "size" },
		{ bar_all_ones, "size" },
		{ bar_without_address, "size" },
		{ bar_64_at_the_end, "size" },
		{ header_type_2, "header type" },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
		malformed(cases[i].spoil, cases[i].problem);
}

static void tables_up_to_the_edge_are_fine(void **state)
{
	struct fake_function *fn;

	(void)state;
	clear();
	fn = fake_add(NULL, 1, 0);
	fake_bar(fn, 0, FAKE_BAR_32, 0x10000);
	fake_msix(fn, 0x40, 2048, 0x8000, 0x7f00);
	fake_msi(fn, 0x60, PCI_MSI_CONTROL_64BIT | PCI_MSI_CONTROL_MASKABLE | 5 << 1);
	fake_scan();
	assert_true(fake_found(fn)->usable);
	assert_int_equal(fake_found(fn)->msi.msix_count, 2048);
	assert_int_equal(fake_found(fn)->msi.msi_count, 32);
	assert_int_equal(fake_found(fn)->msix_table, fake_found(fn)->bars[0].cpu_addr + 0x8000);
	assert_int_equal(fake_found(fn)->msi.address_limit, UINT64_MAX);
}

static void msi_of_32_bits_limits_the_address(void **state)
{
	struct fake_function *fn;

	(void)state;
	clear();
	fn = fake_add(NULL, 1, 0);
	fake_msi(fn, 0x40, 0);
	fake_scan();
	assert_int_equal(fake_found(fn)->msi.address_limit, UINT32_MAX);
	assert_int_equal(fake_found(fn)->msi.msi_count, 1);
}

static void largest_goes_when_the_window_is_full(void **state)
{
	struct fake_function *fn[3];

	(void)state;
	clear();
	for (unsigned i = 0; i < 3; i++) {
		fn[i] = fake_add(NULL, i, 0);
		fake_bar(fn[i], 0, FAKE_BAR_32, i == 1 ? 0x1000 : 1u << 29);
	}
	fake_scan();
	assert_assigned(fn[0], 0, PCI_SPACE_MEM32);
	assert_assigned(fn[1], 0, PCI_SPACE_MEM32);
	assert_left_out(fn[2], "no room", 1);
	assert_int_equal(bar_register(fn[2], 0), 0);
}

static void bridge_windows_are_aligned_to_what_is_inside(void **state)
{
	struct fake_function *small, *big;

	(void)state;
	clear();
	small = fake_add(fake_bridge(NULL, 1), 0, 0);
	fake_bar(small, 0, FAKE_BAR_32, 0x1000);
	big = fake_add(fake_bridge(NULL, 2), 0, 0);
	fake_bar(big, 0, FAKE_BAR_32, 1u << 28);
	fake_bar(big, 1, FAKE_BAR_32, 0x1000);
	fake_scan();
	assert_assigned(small, 0, PCI_SPACE_MEM32);
	assert_assigned(big, 0, PCI_SPACE_MEM32);
	assert_assigned(big, 1, PCI_SPACE_MEM32);
}

static void behind_a_bridge_only_the_large_one_goes(void **state)
{
	struct fake_function *bridge, *big, *small, *beside;

	(void)state;
	clear();
	bridge = fake_bridge(NULL, 1);
	big = fake_add(bridge, 1, 0);
	fake_bar(big, 0, FAKE_BAR_32, 1u << 31);
	small = fake_add(bridge, 2, 0);
	fake_bar(small, 0, FAKE_BAR_32, 0x1000);
	beside = fake_add(NULL, 2, 0);
	fake_bar(beside, 0, FAKE_BAR_32, 0x1000);
	fake_scan();
	assert_left_out(big, "no room", 1);
	assert_assigned(small, 0, PCI_SPACE_MEM32);
	assert_assigned(beside, 0, PCI_SPACE_MEM32);
}

static void full_64bit_window_falls_back(void **state)
{
	struct fake_function *big, *bigger, *absurd;

	(void)state;
	clear();
	big = fake_add(NULL, 1, 0);
	fake_bar(big, 0, FAKE_BAR_64_PREF, 1u << 29);
	bigger = fake_add(NULL, 2, 0);
	fake_bar(bigger, 0, FAKE_BAR_64_PREF, 1u << 30);
	absurd = fake_add(NULL, 3, 0);
	fake_bar(absurd, 0, FAKE_BAR_64, 1ull << 63);
	fake_scan();
	assert_left_out(absurd, "no room", 1);
	assert_assigned(bigger, 0, PCI_SPACE_MEM32);
	assert_assigned(big, 0, PCI_SPACE_MEM64);
}

static void no_64bit_window(void **state)
{
	struct pci_host *host;
	struct fake_function *fn;

	(void)state;
	host = clear();
	host->windows[PCI_SPACE_MEM64].size = 0;
	host->windows[PCI_SPACE_IO].size = 0;
	fn = fake_add(NULL, 1, 0);
	fake_bar(fn, 0, FAKE_BAR_64, 0x4000);
	fake_bar(fn, 2, FAKE_BAR_IO, 0x20);
	fake_scan();
	assert_assigned(fn, 0, PCI_SPACE_MEM32);
	/* Without an IO window the rest of the function still works, and IO is not decoded. */
	assert_int_equal(fake_found(fn)->bars[2].bus_addr, 0);
	pci_enable(fake_found(fn));
	assert_int_equal(fake_get(fn, PCI_COMMAND, 2),
			 PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE);
}

static void bridge_without_64bit_window(void **state)
{
	struct fake_function *bridge, *fn;

	(void)state;
	clear();
	bridge = fake_bridge(NULL, 1);
	fake_set(bridge, PCI_PREFETCHABLE_BASE, 4, 0, 0);
	fake_set(bridge, PCI_IO_BASE, 2, 0, 0);
	fn = fake_add(bridge, 1, 0);
	fake_bar(fn, 0, FAKE_BAR_64_PREF, 0x4000);
	fake_bar(fn, 2, FAKE_BAR_IO, 0x20);
	fake_scan();
	assert_assigned(fn, 0, PCI_SPACE_MEM32);
	assert_int_equal(fake_found(fn)->bars[2].bus_addr, 0);
}

static void io_is_shared_by_sixteen_bridges(void **state)
{
	struct fake_function *fn[17];
	unsigned usable = 0;

	(void)state;
	clear();
	for (unsigned i = 0; i < 17; i++) {
		fn[i] = fake_add(fake_bridge(NULL, i), 0, 0);
		fake_bar(fn[i], 0, FAKE_BAR_IO, 0x20);
	}
	fake_scan();
	for (unsigned i = 0; i < 17; i++)
		usable += fake_found(fn[i])->usable;
	/* The first 4 KiB hold address 0, which is nobody's. */
	assert_int_equal(usable, 15);
	assert_left_out(fn[16], "no room", 2);
}

static void bridge_that_does_not_fit_goes_with_all_behind(void **state)
{
	struct fake_function *bridge, *inner, *fn;

	(void)state;
	clear();
	bridge = fake_bridge(NULL, 1);
	fake_bar(bridge, 0, FAKE_BAR_32, 1u << 31);
	inner = fake_bridge(bridge, 0);
	fn = fake_add(inner, 0, 0);
	fake_bar(fn, 0, FAKE_BAR_32, 0x1000);
	fake_scan();
	assert_left_out(bridge, "no room", 3);
	assert_left_out(inner, "behind", 3);
	assert_left_out(fn, "behind", 3);
}

static void bridge_with_bad_msi_still_forwards(void **state)
{
	struct fake_function *bridge, *fn;

	(void)state;
	clear();
	bridge = fake_bridge(NULL, 1);
	fake_bar(bridge, 0, FAKE_BAR_32, 0x1000);
	fake_msix(bridge, 0x40, 1, 6, 0);
	fn = fake_add(bridge, 0, 0);
	fake_bar(fn, 0, FAKE_BAR_32, 0x1000);
	fake_scan();
	assert_false(fake_found(bridge)->usable);
	assert_int_not_equal(fake_found(bridge)->bars[0].bus_addr, 0);
	assert_assigned(fn, 0, PCI_SPACE_MEM32);
	assert_int_equal(fake_get(bridge, PCI_COMMAND, 2) & 7, 7);
	assert_int_equal(host_log_lines(), 2);
}

static void bus_numbers_run_out(void **state)
{
	struct pci_host *host;
	struct fake_function *bridge[3];

	(void)state;
	host = clear();
	host->first_bus = 0x10;
	host->last_bus = 0x12;
	for (unsigned i = 0; i < 3; i++)
		bridge[i] = fake_bridge(NULL, i);
	assert_int_equal(fake_scan(), 3);
	assert_left_out(bridge[2], "bus number", 1);
	assert_int_equal(fake_get(bridge[1], PCI_PRIMARY_BUS, 3), 0x121210);
	assert_int_equal(fake_get(bridge[2], PCI_PRIMARY_BUS, 3), 0x000010);
}

static void buses_of_another_host_read_all_ones(void **state)
{
	struct pci_host *host = clear();
	struct fake_function *fn;

	(void)state;
	host->first_bus = 0x10;
	host->last_bus = 0x12;
	fn = fake_add(NULL, 1, 0);
	fake_scan();
	fake_record(true);
	for (unsigned rid = 0x0ff8; rid < 0x10000; rid += rid == 0x0ff8 ? 0x308 : 0x100) {
		assert_int_equal(host->config->read32(host, (uint16_t)rid, 0), UINT32_MAX);
		assert_int_equal(host->config->read16(host, (uint16_t)rid, 0), UINT16_MAX);
		assert_int_equal(host->config->read8(host, (uint16_t)rid, 0), UINT8_MAX);
		host->config->write32(host, (uint16_t)rid, 4, 0);
		host->config->write16(host, (uint16_t)rid, 4, 0);
		host->config->write8(host, (uint16_t)rid, 4, 0);
	}
	assert_int_equal(pci_read32(fake_found(fn), 4096), UINT32_MAX);
	assert_int_equal(fake_mmio_log_length(), 0);
}

static void all_256_buses(void **state)
{
	struct fake_function *last = NULL;
	unsigned n = 0;

	(void)state;
	clear();
	/* 16 times 1 + 15 bridges: with the root bus one number too few. */
	for (unsigned i = 0; i < 16; i++) {
		struct fake_function *outer = fake_bridge(NULL, i);

		for (unsigned k = 0; k < 15; k++, n++)
			last = fake_bridge(outer, k);
	}
	assert_int_equal(fake_scan(), 16 * 16);
	assert_left_out(last, "bus number", 1);
}

static void depth_is_bounded(void **state)
{
	struct fake_function *up = NULL;

	(void)state;
	clear();
	for (unsigned i = 0; i < 40; i++)
		up = fake_bridge(up, 0);
	assert_int_equal(fake_scan(), 17);
	assert_int_equal(host_log_lines(), 2);
}

static void found_by_name(void **state)
{
	struct pci_host *host;
	struct fake_function *fn;
	char name[PCI_NAME_SIZE];

	(void)state;
	host = clear();
	host->segment = 0xabcd;
	fn = fake_add(NULL, 0x1f, 0);
	fake_scan();
	assert_string_equal(fake_found(fn)->name, "abcd:00:1f.0");
	assert_ptr_equal(pci_find("abcd:00:1f.0"), fake_found(fn));
	assert_ptr_equal(pci_find("ABCD:0:1F.0"), fake_found(fn));
	assert_null(pci_find("abce:00:1f.0"));
	assert_null(pci_find("abcd:00:1f.1"));
	memset(name, '0', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_null(pci_find(name));
	assert_null(pci_find(""));
	assert_null(pci_find(":"));
	assert_null(pci_find("::."));
	assert_null(pci_find("00:20.0"));
}

static void capabilities_after_one(void **state)
{
	struct fake_function *fn;
	struct pci_function *found;

	(void)state;
	clear();
	fn = fake_add(NULL, 1, 0);
	fake_cap(fn, PCI_CAP_ID_VENDOR, 0x80);
	fake_cap(fn, PCI_CAP_ID_PM, 0x40);
	fake_cap(fn, PCI_CAP_ID_VENDOR, 0x60);
	fake_pcie(fn, 0x50, 0);
	fake_set(fn, 0x100, 4, 0x14010001, 0);
	fake_set(fn, 0x140, 4, 0x00010003, 0);
	fake_scan();
	found = fake_found(fn);
	assert_int_equal(pci_find_capability(found, PCI_CAP_ID_VENDOR, 0), 0x80);
	assert_int_equal(pci_find_capability(found, PCI_CAP_ID_VENDOR, 0x80), 0x60);
	assert_int_equal(pci_find_capability(found, PCI_CAP_ID_VENDOR, 0x60), 0);
	assert_int_equal(found->cap_pm, 0x40);
	assert_int_equal(pci_find_extended_capability(found, 3, 0), 0x140);
	assert_int_equal(pci_find_extended_capability(found, 1, 0x100), 0);
	/* Turns bad later: each walk is bounded by itself. */
	fn->config[0x61] = 0x80;
	assert_int_equal(pci_find_capability(found, PCI_CAP_ID_MSI, 0), -ELOOP);
	fake_set(fn, 0x140, 4, 0x10010003, 0);
	assert_int_equal(pci_find_extended_capability(found, 9, 0), -ELOOP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_bus),
		cmocka_unit_test(only_multifunction_devices_are_asked_for_more),
		cmocka_unit_test(bars_go_where_they_belong),
		cmocka_unit_test(nested_bridges),
		cmocka_unit_test(functions_come_in_order),
		cmocka_unit_test(below_a_port_is_one_device),
		cmocka_unit_test(malformed_functions_are_left_out),
		cmocka_unit_test(tables_up_to_the_edge_are_fine),
		cmocka_unit_test(msi_of_32_bits_limits_the_address),
		cmocka_unit_test(largest_goes_when_the_window_is_full),
		cmocka_unit_test(bridge_windows_are_aligned_to_what_is_inside),
		cmocka_unit_test(behind_a_bridge_only_the_large_one_goes),
		cmocka_unit_test(full_64bit_window_falls_back),
		cmocka_unit_test(no_64bit_window),
		cmocka_unit_test(bridge_without_64bit_window),
		cmocka_unit_test(io_is_shared_by_sixteen_bridges),
		cmocka_unit_test(bridge_that_does_not_fit_goes_with_all_behind),
		cmocka_unit_test(bridge_with_bad_msi_still_forwards),
		cmocka_unit_test(bus_numbers_run_out),
		cmocka_unit_test(buses_of_another_host_read_all_ones),
		cmocka_unit_test(all_256_buses),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(found_by_name),
		cmocka_unit_test(capabilities_after_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

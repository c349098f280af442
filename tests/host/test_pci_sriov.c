// SPDX-License-Identifier: Apache-2.0
// SOURCES: tests/host/fake_ecam.c drivers/pci/bar_math.c drivers/pci/bars.c drivers/pci/caps.c
// SOURCES: drivers/pci/config_ecam.c drivers/pci/function.c drivers/pci/host.c drivers/pci/layout.c
// SOURCES: drivers/pci/msi_regs.c drivers/pci/msix.c drivers/pci/scan.c kernel/lib/format.c
// SOURCES: drivers/pci/sriov.c
/* Virtual functions, 8-bit function numbers, and the way of an INTx pin. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "drivers/pci/internal.h"
#include "tests/host/cmocka_test.h"
#include "tests/host/fake_ecam.h"
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

#define SRIOV 0x160

static unsigned reg(const struct fake_function *pf, unsigned offset, unsigned bytes)
{
	return fake_get(pf, SRIOV + offset, bytes);
}

static struct fake_function *add_pf(struct fake_function *parent, unsigned device, unsigned total,
				    unsigned first, unsigned stride)
{
	struct fake_function *pf = fake_add(parent, device, 0);

	fake_pcie(pf, 0xa0, 0);
	fake_ari(pf, 0x100, 0);
	fake_sriov(pf, SRIOV, total, first, stride);
	return pf;
}

static struct fake_function *port_on(unsigned device, bool ari)
{
	struct fake_function *port = fake_bridge(NULL, device);

	fake_pcie(port, 0x40, PCI_PCIE_TYPE_ROOT_PORT);
	fake_set(port, 0x40 + PCI_PCIE_DEVCAP2, 4, ari ? PCI_PCIE_DEVCAP2_ARI : 0, 0);
	fake_set(port, 0x40 + PCI_PCIE_DEVCTL2, 2, 0, 0xffff);
	return port;
}

static void none_without_a_wish(void **state)
{
	struct fake_function *pf;

	(void)state;
	fake_host();
	pf = add_pf(NULL, 1, 4, 0x80, 2);
	/* firmware left them on */
	fake_set(pf, SRIOV + PCI_SRIOV_CONTROL, 2, 9, 0x19);
	assert_int_equal(fake_scan(), 1);
	assert_int_equal(reg(pf, PCI_SRIOV_CONTROL, 2), 0);
	assert_int_equal(pci_nr_vfs(fake_found(pf)), 0);
}

static void all_have_ids_bars_and_the_pfs_vendor(void **state)
{
	struct fake_function *pf, *vfs[4];
	uint64_t base;

	(void)state;
	fake_host();
	fake_wish_vfs("all");
	pf = add_pf(NULL, 1, 4, 0x80, 2);
	for (unsigned n = 0; n < 4; n++)
		vfs[n] = fake_vf(pf, n);
	assert_int_equal(fake_scan(), 5);
	assert_int_equal(reg(pf, PCI_SRIOV_CONTROL, 2),
			 PCI_SRIOV_CONTROL_VF | PCI_SRIOV_CONTROL_MEMORY);
	assert_int_equal(reg(pf, PCI_SRIOV_NUM_VFS, 2), 4);
	assert_int_equal(reg(pf, PCI_SRIOV_SYSTEM_PAGE_SIZE, 4), 1);
	base = reg(pf, PCI_SRIOV_VF_BAR_0, 4) & ~15u;
	base |= (uint64_t)reg(pf, PCI_SRIOV_VF_BAR_0 + 4, 4) << 32;
	for (unsigned n = 0; n < 4; n++) {
		const struct pci_function *vf = fake_found(vfs[n]);

		assert_non_null(vf);
		assert_true(vf->usable);
		assert_int_equal(vf->msi.rid, 0x88 + 2 * n);
		assert_int_equal(vf->vendor, 0x1234);
		assert_int_equal(vf->device, 0x10ca);
		assert_int_equal(vf->bars[0].bus_addr, base + n * 0x4000);
		assert_int_equal(vf->bars[0].cpu_addr, base + n * 0x4000 + FAKE_CPU_OFFSET);
	}
}

static void wish_names_function_and_count(void **state)
{
	struct fake_function *one, *two, *three;
	unsigned segment = fake_host()->segment;
	char wish[64];

	(void)state;
	snprintf(wish, sizeof(wish), "zz,00:03.0,%04x:00:02.0:1,%04x:00:01.0", segment, segment);
	fake_wish_vfs(wish);
	one = add_pf(NULL, 1, 2, 0x80, 1);
	two = add_pf(NULL, 2, 2, 0x80, 1);
	three = add_pf(NULL, 3, 2, 0x80, 1);
	for (unsigned n = 0; n < 2; n++)
		fake_vf(one, n);
	fake_vf(two, 0);
	assert_int_equal(fake_scan(), 6);
	assert_int_equal(pci_nr_vfs(fake_found(one)), 2);
	assert_int_equal(pci_nr_vfs(fake_found(two)), 1);
	assert_int_equal(pci_nr_vfs(fake_found(three)), 0);
}

static void words_that_name_nothing_are_said(void **state)
{
	unsigned segment = fake_host()->segment;
	char pf[16], counted[32], mixed[80], list[80], odd[80];
	const struct {
		const char *setting;
		unsigned lines;
		const char *last;
	} cases[] = {
		{ "", 0, "" },
		{ "all", 0, "" },
		{ pf, 0, "" },
		{ counted, 0, "" },
		{ "al", 1, "\"al\"" },
		{ "0123456789012345678901234567890123456789", 1, "\"0123" },
		{ mixed, 1, "\"all\"" },
		{ list, 2, ":00:03.0\"" },
		{ odd, 2, "\"\"" },
	};

	(void)state;
	snprintf(pf, sizeof(pf), "%04x:00:01.0", segment);
	snprintf(counted, sizeof(counted), "%s:2", pf);
	snprintf(mixed, sizeof(mixed), "%s,all", pf);
	/* One that has none, and one that is not there. */
	snprintf(list, sizeof(list), "%04x:00:02.0:1,%s,%04x:00:03.0", segment, pf, segment);
	snprintf(odd, sizeof(odd), "%s:two,,%s:2", pf, pf);
	fake_wish_vfs("");
	add_pf(NULL, 1, 2, 0x80, 1);
	fake_add(NULL, 2, 0);
	assert_int_equal(fake_scan(), 2);
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		fake_wish_vfs(cases[i].setting);
		host_log_clear();
		pci_check_settings();
		assert_int_equal(host_log_lines(), cases[i].lines);
		assert_non_null(strstr(host_log_text(), cases[i].last));
	}
	fake_wish_vfs("");
}

/* More than there are is all there are; fewer are fewer. */
static void count_is_bounded(void **state)
{
	static const struct {
		unsigned wished, given;
	} cases[] = { { 0, 0 }, { 1, 1 }, { 3, 3 }, { 4, 3 }, { 65535, 3 } };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		char wish[64];
		struct fake_function *pf;

		snprintf(wish, sizeof(wish), "%04x:00:01.0:%u", fake_host()->segment,
			 cases[i].wished);
		fake_wish_vfs(wish);
		pf = add_pf(NULL, 1, 3, 0x80, 1);
		for (unsigned n = 0; n < 3; n++)
			fake_vf(pf, n);
		assert_int_equal(fake_scan(), 1 + cases[i].given);
		assert_int_equal(pci_nr_vfs(fake_found(pf)), cases[i].given);
	}
}

/* Their bus numbers are nobody else's, and the port above forwards them. */
static void buses_are_reserved(void **state)
{
	struct fake_function *first, *second, *pf, *last, *behind;

	(void)state;
	fake_host();
	fake_wish_vfs("all");
	first = port_on(1, false);
	second = port_on(2, false);
	pf = add_pf(first, 0, 2, 0x1f8, 0x10);
	fake_vf(pf, 0);
	last = fake_vf(pf, 1);
	behind = fake_add(second, 0, 0);
	assert_int_equal(fake_scan(), 6);
	assert_int_equal(fake_get(first, PCI_SECONDARY_BUS, 1), 1);
	assert_int_equal(fake_get(first, PCI_SUBORDINATE_BUS, 1), 3);
	assert_int_equal(fake_found(last)->msi.rid, 0x308);
	assert_int_equal(fake_found(behind)->msi.rid, 0x400);
}

static void malformed_ones_have_no_vfs(void **state)
{
	static const struct {
		unsigned first, stride, pages, bar;
	} cases[] = {
		{ 0, 1, 1, 0xffffc000 },         { 0x80, 0, 1, 0xffffc000 },
		{ 0x80, 1, 0, 0xffffc000 },      { 0x80, 1, 1, 0xff00c000 },
		{ 0xff80, 0xff, 1, 0xffffc000 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_function *pf;

		host_log_clear();
		fake_host();
		fake_wish_vfs("all");
		pf = add_pf(NULL, 1, 8, cases[i].first, cases[i].stride);
		fake_set(pf, SRIOV + PCI_SRIOV_SUPPORTED_PAGES, 4, cases[i].pages, 0);
		fake_set(pf, SRIOV + PCI_SRIOV_VF_BAR_0, 4, 4, cases[i].bar);
		assert_int_equal(fake_scan(), 1);
		assert_true(fake_found(pf)->usable);
		assert_int_equal(pci_nr_vfs(fake_found(pf)), 0);
		assert_int_equal(reg(pf, PCI_SRIOV_CONTROL, 2), 0);
		assert_int_equal(host_log_lines(), 2); /* and the summary */
	}
}

/* The capability begins where its end is outside. */
static void capability_that_leaves_configuration_space(void **state)
{
	struct fake_function *pf;

	(void)state;
	fake_host();
	fake_wish_vfs("all");
	pf = fake_add(NULL, 1, 0);
	fake_pcie(pf, 0xa0, 0);
	fake_ari(pf, 0x100, 0);
	fake_ext_cap(pf, PCI_EXT_CAP_ID_SRIOV, 0xfc4);
	assert_int_equal(fake_scan(), 1);
	assert_null(fake_found(pf)->sriov);
}

/* 8 x 256 MiB have no room anywhere: the PF stays. */
static void no_room_for_their_bars(void **state)
{
	struct fake_function *pf;

	(void)state;
	fake_host();
	fake_wish_vfs("all");
	pf = add_pf(NULL, 1, 8, 0x80, 1);
	fake_bar(pf, 0, FAKE_BAR_32, 0x1000);
	fake_set(pf, SRIOV + PCI_SRIOV_VF_BAR_0, 4, 4, 0xf0000000);
	assert_int_equal(fake_scan(), 1);
	assert_true(fake_found(pf)->usable);
	assert_int_not_equal(fake_found(pf)->bars[0].bus_addr, 0);
	assert_int_equal(pci_nr_vfs(fake_found(pf)), 0);
}

static void vf_that_does_not_answer(void **state)
{
	struct fake_function *pf;

	(void)state;
	fake_host();
	fake_wish_vfs("all");
	pf = add_pf(NULL, 1, 2, 0x80, 1);
	fake_vf(pf, 0);
	assert_int_equal(fake_scan(), 3);
	assert_true(fake_found(pf)->usable);
	assert_int_equal(pci_nr_vfs(fake_found(pf)), 2);
}

static struct fake_function *ari_function(struct fake_function *port, unsigned number,
					  unsigned next)
{
	struct fake_function *fn = fake_add(port, number >> 3, number & 7);

	fake_pcie(fn, 0xa0, 0);
	fake_ari(fn, 0x100, next);
	return fn;
}

static void function_numbers_above_7(void **state)
{
	struct fake_function *port, *high, *pf;

	(void)state;
	fake_host();
	port = port_on(1, true);
	ari_function(port, 0, 9);
	ari_function(port, 9, 0xff);
	high = ari_function(port, 0xff, 0);
	assert_int_equal(fake_scan(), 4);
	assert_int_equal(fake_get(port, 0x40 + PCI_PCIE_DEVCTL2, 2), PCI_PCIE_DEVCTL2_ARI);
	assert_string_equal(strchr(fake_found(high)->name, ':') + 1, "01:1f.7");
	/* The setting of ARI comes before First VF Offset and VF Stride are read. */
	fake_host();
	fake_wish_vfs("all");
	pf = add_pf(port_on(1, true), 0, 1, 0x80, 1);
	fake_vf(pf, 0);
	assert_int_equal(fake_scan(), 3);
	assert_true(reg(pf, PCI_SRIOV_CONTROL, 2) & PCI_SRIOV_CONTROL_ARI);
}

static void ari_needs_everybody(void **state)
{
	struct fake_function *port, *zero, *one;

	(void)state;
	for (unsigned port_can = 0; port_can < 2; port_can++) {
		fake_host();
		port = port_on(1, port_can);
		zero = ari_function(port, 0, 9);
		fake_multifunction(zero);
		one = fake_add(port, 0, 1);
		fake_pcie(one, 0xa0, 0);
		ari_function(port, 9, 0);
		/* firmware had it on */
		fake_set(port, 0x40 + PCI_PCIE_DEVCTL2, 2, PCI_PCIE_DEVCTL2_ARI, 0xffff);
		assert_int_equal(fake_scan(), 3);
		if (port_can)
			assert_int_equal(fake_get(port, 0x40 + PCI_PCIE_DEVCTL2, 2), 0);
	}
}

/* The next number goes back, or names nobody. */
static void ari_chain_ends(void **state)
{
	static const struct {
		unsigned next, of_next;
	} cases[] = { { 9, 9 }, { 9, 0 }, { 9, 8 }, { 9, 0x70 } };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fake_function *port;

		fake_host();
		port = port_on(1, true);
		ari_function(port, 0, cases[i].next);
		ari_function(port, 9, cases[i].of_next);
		assert_int_equal(fake_scan(), 3);
	}
}

static void pins_are_swizzled(void **state)
{
	(void)state;
	for (unsigned device = 0; device < 32; device++)
		for (unsigned pin = 1; pin <= 4; pin++)
			assert_int_equal(pci_intx_swizzle(pin, device), (pin - 1 + device) % 4 + 1);
	/* PCI-to-PCI Bridge Architecture, table 9-1 */
	assert_int_equal(pci_intx_swizzle(1, 1), 2);
	assert_int_equal(pci_intx_swizzle(4, 1), 1);
	assert_int_equal(pci_intx_swizzle(3, 2), 1);
	assert_int_equal(pci_intx_swizzle(2, 31), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_without_a_wish),
		cmocka_unit_test(all_have_ids_bars_and_the_pfs_vendor),
		cmocka_unit_test(wish_names_function_and_count),
		cmocka_unit_test(words_that_name_nothing_are_said),
		cmocka_unit_test(count_is_bounded),
		cmocka_unit_test(buses_are_reserved),
		cmocka_unit_test(malformed_ones_have_no_vfs),
		cmocka_unit_test(capability_that_leaves_configuration_space),
		cmocka_unit_test(no_room_for_their_bars),
		cmocka_unit_test(vf_that_does_not_answer),
		cmocka_unit_test(function_numbers_above_7),
		cmocka_unit_test(ari_needs_everybody),
		cmocka_unit_test(ari_chain_ends),
		cmocka_unit_test(pins_are_swizzled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

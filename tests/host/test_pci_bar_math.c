// SPDX-License-Identifier: Apache-2.0
// SOURCES: drivers/pci/bar_math.c
#include "drivers/pci/bar_math.h"

#include <errno.h>

#include "tests/host/cmocka_test.h"

static void unimplemented_takes_one_register(void **state)
{
	struct pci_bar bar = { .size = 1 };

	(void)state;
	assert_int_equal(bar_decode(0, 0, &bar), 1);
	assert_int_equal(bar.size, 0);
}

static void every_32bit_size(void **state)
{
	struct pci_bar bar;

	(void)state;
	for (unsigned bit = 4; bit < 32; bit++) {
		assert_int_equal(bar_decode(-(1u << bit), 0, &bar), 1);
		assert_int_equal(bar.size, 1ull << bit);
		assert_int_equal(bar.space, PCI_SPACE_MEM32);
		assert_false(bar.is64 || bar.prefetchable || bar.io);
		assert_int_equal(bar_decode(-(1u << bit) | 8, 0, &bar), 1);
		assert_true(bar.prefetchable);
	}
}

static void every_64bit_size(void **state)
{
	struct pci_bar bar;

	(void)state;
	for (unsigned bit = 4; bit < 64; bit++) {
		uint64_t mask = -(1ull << bit);

		assert_int_equal(bar_decode((uint32_t)mask | 4, (uint32_t)(mask >> 32), &bar), 2);
		assert_int_equal(bar.size, 1ull << bit);
		assert_int_equal(bar.space, PCI_SPACE_MEM64);
		assert_true(bar.is64);
	}
}

static void io_with_16_and_32_bits(void **state)
{
	struct pci_bar bar;

	(void)state;
	assert_int_equal(bar_decode(0xffffffe1, 0, &bar), 1);
	assert_int_equal(bar.size, 32);
	assert_true(bar.io);
	assert_int_equal(bar_decode(0x0000ffe1, 0, &bar), 1);
	assert_int_equal(bar.size, 32);
	assert_int_equal(bar_decode(0xfffffffd, 0, &bar), 1);
	assert_int_equal(bar.size, 4);
}

static void what_does_not_size(void **state)
{
	static const uint32_t low[] = {
		0xffffffff, /* nobody */
		0x00000004, /* 64-bit and no address bit */
		0x00000008, /* prefetchable and no address bit */
		0x00000001, /* IO and no address bit */
		0xfffff002, /* below 1 MiB */
		0xfffff006, /* reserved type */
		0xff00f000, /* a hole */
		0x0ffff000, /* the top bits are missing */
		0x00001000, /* a hardwired address */
		0xffffff03, /* reserved IO bit */
	};
	struct pci_bar bar;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(low); i++) {
		assert_int_equal(bar_decode(low[i], 0, &bar), -EINVAL);
		assert_int_equal(bar.size, 0);
	}
	/* 4 GiB from the upper half alone is fine, a hole in it is not. */
	assert_int_equal(bar_decode(4, 0xffffffff, &bar), 2);
	assert_int_equal(bar.size, 1ull << 32);
	assert_int_equal(bar_decode(4, 0xfffffff5, &bar), -EINVAL);
	assert_int_equal(bar_decode(0xfffff004, 0x7fffffff, &bar), -EINVAL);
}

static void window_edges(void **state)
{
	struct pci_window window = { .bus_base = 0x1000, .size = 0x3000, .next = 0x1004 };
	uint64_t at;

	(void)state;
	assert_true(window_take(&window, 0x1000, 0x1000, &at));
	assert_int_equal(at, 0x2000);
	assert_false(window_take(&window, 0x1001, 0x10, &at));
	assert_true(window_take(&window, 0x1000, 0x1000, &at));
	assert_int_equal(at, 0x3000);
	assert_false(window_take(&window, 1, 1, &at));
	/* Up to the last byte of the address space, and not round it. */
	window = (struct pci_window){ .bus_base = -0x2000ull, .size = 0x2000, .next = -0x2000ull };
	assert_true(window_take(&window, 0x1000, 0x1000, &at));
	assert_false(window_take(&window, 0x2000, 0x2000, &at));
	assert_false(window_take(&window, 1ull << 63, 1ull << 63, &at));
	assert_true(window_take(&window, 0x1000, 0x1000, &at));
	assert_false(window_take(&window, 0x1000, 0x1000, &at));
	window = (struct pci_window){ .size = UINT64_MAX, .next = UINT64_MAX - 10 };
	assert_false(window_take(&window, 1, 0x1000, &at));
}

static void holds_edges(void **state)
{
	const struct pci_bar bar = { .size = 0x1000 }, none = { 0 };

	(void)state;
	assert_true(bar_holds(&bar, 0, 0x1000));
	assert_true(bar_holds(&bar, 0xff0, 0x10));
	assert_false(bar_holds(&bar, 0xff8, 0x10));
	assert_false(bar_holds(&bar, 0, 0x1001));
	assert_false(bar_holds(&bar, 0xfffffff8, 0x10));
	assert_false(bar_holds(&bar, 0x10, UINT64_MAX));
	assert_false(bar_holds(&none, 0, 8));
}

static void bridge_registers(void **state)
{
	struct pci_window io = { .bus_base = 0x12000, .size = 0x3000 }, closed = { 0 };
	struct pci_window mem = { .bus_base = 0x1240000000, .size = 0x300000 };

	(void)state;
	assert_int_equal(bridge_io_registers(&io).base, 0x20);
	assert_int_equal(bridge_io_registers(&io).limit, 0x40);
	assert_int_equal(bridge_io_registers(&io).base_upper, 1);
	assert_int_equal(bridge_io_registers(&io).limit_upper, 1);
	assert_int_equal(bridge_memory_registers(&mem).base, 0x4000);
	assert_int_equal(bridge_memory_registers(&mem).limit, 0x4020);
	assert_int_equal(bridge_memory_registers(&mem).base_upper, 0x12);
	assert_int_equal(bridge_memory_registers(&mem).limit_upper, 0x12);
	assert_true(bridge_io_registers(&closed).base > bridge_io_registers(&closed).limit);
	assert_true(bridge_memory_registers(&closed).base > bridge_memory_registers(&closed).limit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unimplemented_takes_one_register),
		cmocka_unit_test(every_32bit_size),
		cmocka_unit_test(every_64bit_size),
		cmocka_unit_test(io_with_16_and_32_bits),
		cmocka_unit_test(what_does_not_size),
		cmocka_unit_test(window_edges),
		cmocka_unit_test(holds_edges),
		cmocka_unit_test(bridge_registers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

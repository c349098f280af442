// SPDX-License-Identifier: Apache-2.0
// SOURCES: drivers/irqchip/imsic_math.c
/* Register indices and interrupt file addresses at the edges where other stacks went wrong. */
#include <errno.h>
#include "drivers/irqchip/imsic_math.h"
#include "tests/host/cmocka_test.h"

static void register_and_bit(void **state)
{
	static const struct {
		unsigned identity, select, bit;
	} want[] = { { 1, 0, 1 },    { 62, 0, 62 }, { 63, 0, 63 },   { 64, 2, 0 },
		     { 127, 2, 63 }, { 128, 4, 0 }, { 2047, 62, 63 } };

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct imsic_bit got = imsic_eix(want[i].identity);

		assert_int_equal(got.select, want[i].select);
		assert_int_equal(got.bit, want[i].bit);
		/* Odd registers do not exist on RV64. */
		assert_int_equal(got.select % 2, 0);
	}
}

static void mask_holds_exactly_what_exists(void **state)
{
	static const unsigned max_ids[] = { 63, 127, 255, 1023, 2047 };

	(void)state;
	for (size_t i = 0; i < sizeof(max_ids) / sizeof(max_ids[0]); i++) {
		unsigned count = 0;

		for (unsigned select = 0; select < 64; select += 2) {
			uint64_t mask = imsic_eix_mask(select, max_ids[i]);

			for (unsigned bit = 0; bit < 64; bit++) {
				unsigned id = select / 2 * 64 + bit;

				assert_int_equal(mask >> bit & 1, id >= 1 && id <= max_ids[i]);
			}
			count += (unsigned)__builtin_popcountll(mask);
		}
		assert_int_equal(count, max_ids[i]);
	}
	/* A file need not fill its last register. */
	assert_true(imsic_eix_mask(2, 64) == 1);
	assert_true(imsic_eix_mask(2, 63) == 0);
}

static const struct imsic_geometry flat = {
	.guest_bits = 0,
	.hart_bits = 2,
	.nr_files = 4,
	.nr_ranges = 1,
	.ranges = { { 0x28000000, 0x4000 } },
};

static const struct imsic_geometry guests = {
	.guest_bits = 2,
	.hart_bits = 2,
	.nr_files = 4,
	.nr_ranges = 1,
	.ranges = { { 0x28000000, 0x10000 } },
};

/* Two sockets of three harts: two ranges, a group each. */
static const struct imsic_geometry sockets = {
	.guest_bits = 0,
	.hart_bits = 2,
	.group_bits = 1,
	.group_shift = 24,
	.nr_files = 6,
	.nr_ranges = 2,
	.ranges = { { 0x28000000, 0x3000 }, { 0x29000000, 0x3000 } },
};

static void address_of(const struct imsic_geometry *g, unsigned n, uint64_t address,
		       unsigned hart_index)
{
	uint64_t got;

	assert_int_equal(imsic_file_address(g, n, &got), 0);
	assert_true(got == address);
	assert_int_equal(imsic_hart_index(g, got), hart_index);
}

static void addresses(void **state)
{
	(void)state;
	address_of(&flat, 0, 0x28000000, 0);
	address_of(&flat, 3, 0x28003000, 3);
	address_of(&guests, 1, 0x28004000, 1);
	address_of(&guests, 3, 0x2800c000, 3);
	address_of(&sockets, 2, 0x28002000, 2);
	address_of(&sockets, 3, 0x29000000, 4);
	address_of(&sockets, 5, 0x29002000, 6);
}

static void addresses_that_do_not_exist(void **state)
{
	struct imsic_geometry small = flat;
	uint64_t got;

	(void)state;
	assert_int_equal(imsic_file_address(&flat, 4, &got), -EINVAL);
	/* reg is shorter than interrupts-extended */
	small.ranges[0].size = 0x2000;
	assert_int_equal(imsic_file_address(&small, 1, &got), 0);
	assert_int_equal(imsic_file_address(&small, 2, &got), -EINVAL);
}

static void impossible_geometry_is_refused(void **state)
{
	struct imsic_geometry g;

	(void)state;
	assert_int_equal(imsic_geometry_check(&flat), 0);
	assert_int_equal(imsic_geometry_check(&guests), 0);
	assert_int_equal(imsic_geometry_check(&sockets), 0);
	g = flat;
	g.nr_files = 0;
	assert_int_equal(imsic_geometry_check(&g), -EINVAL);
	g = flat;
	g.nr_ranges = 0;
	assert_int_equal(imsic_geometry_check(&g), -EINVAL);
	g = flat;
	g.guest_bits = 7;
	assert_int_equal(imsic_geometry_check(&g), -EINVAL);
	g = flat;
	g.hart_bits = 16;
	assert_int_equal(imsic_geometry_check(&g), -EINVAL);
	g = sockets;
	g.group_shift = 13;
	assert_int_equal(imsic_geometry_check(&g), -EINVAL);
	g = flat;
	g.ranges[0].base += 4;
	assert_int_equal(imsic_geometry_check(&g), -EINVAL);
	g = flat;
	g.ranges[0].size = 0;
	assert_int_equal(imsic_geometry_check(&g), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(register_and_bit),
		cmocka_unit_test(mask_holds_exactly_what_exists),
		cmocka_unit_test(addresses),
		cmocka_unit_test(addresses_that_do_not_exist),
		cmocka_unit_test(impossible_geometry_is_refused),
	};

	return cmocka_run_group_tests_name("imsic_math", tests, NULL, NULL);
}

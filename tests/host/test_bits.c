// SPDX-License-Identifier: Apache-2.0
// SOURCES:
#include "kernel/lib/bits.h"

#include "tests/host/cmocka_test.h"

static void masks(void **state)
{
	(void)state;
	assert_int_equal(BIT(0), 1);
	assert_int_equal(BIT(31), 0x80000000u);
	assert_true(BIT64(63) == 0x8000000000000000u);
	assert_int_equal(GENMASK(31, 0), 0xffffffffu);
	assert_int_equal(GENMASK(0, 0), 1);
	assert_int_equal(GENMASK(31, 31), 0x80000000u);
	assert_int_equal(GENMASK(10, 4), 0x7f0);
}

static void fields(void **state)
{
	(void)state;
	assert_int_equal(FIELD_GET(GENMASK(15, 8), 0x12345678u), 0x56);
	assert_int_equal(FIELD_GET(GENMASK(31, 24), 0xff000000u), 0xff);
	assert_int_equal(FIELD_GET(BIT(0), 0xfffffffeu), 0);
	assert_int_equal(FIELD_GET(GENMASK(31, 0), 0xdeadbeefu), 0xdeadbeefu);
	assert_int_equal(FIELD_PREP(GENMASK(15, 8), 0x56u), 0x5600);
	assert_int_equal(FIELD_PREP(GENMASK(15, 8), 0x156u), 0x5600); /* too wide: cut off */
	assert_int_equal(FIELD_PREP(BIT(31), 1u), 0x80000000u);
}

static void alignment(void **state)
{
	(void)state;
	assert_int_equal(ALIGN_UP(0u, 4096), 0);
	assert_int_equal(ALIGN_UP(1u, 4096), 4096);
	assert_int_equal(ALIGN_UP(4096u, 4096), 4096);
	assert_int_equal(ALIGN_DOWN(4095u, 4096), 0);
	assert_true(ALIGN_DOWN(0xffffffffffffffffull, 4096) == 0xfffffffffffff000ull);
	assert_true(ALIGN_UP(0x100000001ull, 0x1000) == 0x100001000ull);
	assert_true(IS_ALIGNED(0u, 64));
	assert_true(IS_ALIGNED(128u, 64));
	assert_false(IS_ALIGNED(96u, 64));
}

static void arithmetic(void **state)
{
	static const int five[5];

	(void)state;
	assert_int_equal(ARRAY_SIZE(five), 5);
	assert_int_equal(MIN(3, 4), 3);
	assert_int_equal(MAX(3, 4), 4);
	assert_int_equal(DIV_ROUND_UP(0, 8), 0);
	assert_int_equal(DIV_ROUND_UP(8, 8), 1);
	assert_int_equal(DIV_ROUND_UP(9, 8), 2);
}

static void powers(void **state)
{
	(void)state;
	assert_false(is_power_of_two(0));
	for (unsigned i = 0; i < 64; i++) {
		uint64_t x = BIT64(i);

		assert_true(is_power_of_two(x));
		assert_int_equal(log2_floor(x), i);
		assert_int_equal(log2_ceil(x), i);
		if (i < 2)
			continue;
		assert_false(is_power_of_two(x - 1) && i > 1);
		assert_false(is_power_of_two(x + 1));
		assert_int_equal(log2_floor(x - 1), i - 1);
		assert_int_equal(log2_floor(x + 1), i);
		assert_int_equal(log2_ceil(x - 1), i);
		if (i < 63)
			assert_int_equal(log2_ceil(x + 1), i + 1);
	}
	assert_int_equal(log2_floor(UINT64_MAX), 63);
	assert_int_equal(log2_ceil(UINT64_MAX), 64);
}

struct outer {
	int a;
	int inner;
};

static void containers(void **state)
{
	struct outer outer;

	(void)state;
	assert_ptr_equal(container_of(&outer.inner, struct outer, inner), &outer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(masks),     cmocka_unit_test(fields),
		cmocka_unit_test(alignment), cmocka_unit_test(arithmetic),
		cmocka_unit_test(powers),    cmocka_unit_test(containers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
// SOURCES: kernel/lib/symbols.c
#include "kernel/lib/symbols.h"
#include "tests/host/cmocka_test.h"

static const uint32_t addrs[] = { 0, 0x40, 0x44, 0x1000 };
static const uint32_t names[] = { 0, 7, 9, 14 };
static const struct symbols table = { 4, addrs, names, "_start\0f\0long\0last" };

static void expect(const struct symbols *symbols, uint32_t offset, const char *name, uint32_t into)
{
	uint32_t found_into = 0;
	const char *found = symbols_find(symbols, offset, &found_into);

	assert_non_null(found);
	assert_string_equal(found, name);
	assert_int_equal(found_into, into);
}

static void each_function_from_first_to_last_byte(void **state)
{
	(void)state;
	expect(&table, 0, "_start", 0);
	expect(&table, 0x3f, "_start", 0x3f);
	expect(&table, 0x40, "f", 0);
	expect(&table, 0x43, "f", 3);
	expect(&table, 0x44, "long", 0);
	expect(&table, 0xfff, "long", 0xfbb);
	expect(&table, 0x1000, "last", 0);
	expect(&table, UINT32_MAX, "last", UINT32_MAX - 0x1000);
}

static void tables_of_every_length(void **state)
{
	uint32_t starts[17], offsets[17] = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 17; i++)
		starts[i] = 10 + 10 * i;
	for (uint32_t count = 1; count <= 17; count++) {
		const struct symbols some = { count, starts, offsets, "x" };
		uint32_t into;

		assert_null(symbols_find(&some, 9, &into));
		for (uint32_t i = 0; i < count; i++) {
			expect(&some, 10 + 10 * i, "x", 0);
			expect(&some, 19 + 10 * i, "x", 9);
		}
	}
}

static void nothing_in_an_empty_table(void **state)
{
	const struct symbols none = { 0 };
	uint32_t into;

	(void)state;
	assert_null(symbols_find(&none, 0, &into));
	assert_null(symbols_find(&none, UINT32_MAX, &into));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_function_from_first_to_last_byte),
		cmocka_unit_test(tables_of_every_length),
		cmocka_unit_test(nothing_in_an_empty_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

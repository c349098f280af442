// SPDX-License-Identifier: Apache-2.0
// SOURCES: drivers/irqchip/aplic_math.c
#include "drivers/irqchip/aplic_math.h"
#include "tests/host/cmocka_test.h"

/* AIA specification, table of the APLIC's memory map. */
static void register_offsets(void **state)
{
	(void)state;
	assert_int_equal(aplic_sourcecfg(1), 0x0004);
	assert_int_equal(aplic_sourcecfg(1023), 0x0ffc);
	assert_int_equal(aplic_target(1), 0x3004);
	assert_int_equal(aplic_target(1023), 0x3ffc);
}

static void target_fields(void **state)
{
	(void)state;
	assert_int_equal(aplic_msi_target(0, 1), 1);
	assert_int_equal(aplic_msi_target(1, 0), 1u << 18);
	assert_int_equal(aplic_msi_target(0x3fff, 2047), 0x3fffu << 18 | 2047);
	/* The guest index between them stays 0. */
	assert_int_equal(aplic_msi_target(0x3fff, 2047) >> 12 & 0x3f, 0);
}

static void direct_mode(void **state)
{
	(void)state;
	/* Priority 0 does not exist. */
	assert_int_equal(aplic_direct_target(0), 1);
	assert_int_equal(aplic_direct_target(0x3fff), 0x3fffu << 18 | 1);
	assert_int_equal(aplic_idc(0), 0x4000);
	assert_int_equal(aplic_idc(1), 0x4020);
	assert_int_equal(aplic_idc(APLIC_MAX_HART_INDEX), 0x83fe0);
	assert_int_equal(aplic_claimed(0), 0);
	assert_int_equal(aplic_claimed(1u << 16 | 1), 1);
	assert_int_equal(aplic_claimed(0x3ffu << 16 | 0xff), 1023);
}

static void trigger_types(void **state)
{
	(void)state;
	assert_int_equal(aplic_source_mode(1), APLIC_SM_EDGE_RISE);
	assert_int_equal(aplic_source_mode(2), APLIC_SM_EDGE_FALL);
	assert_int_equal(aplic_source_mode(4), APLIC_SM_LEVEL_HIGH);
	assert_int_equal(aplic_source_mode(8), APLIC_SM_LEVEL_LOW);
	assert_int_equal(aplic_source_mode(0), APLIC_SM_INACTIVE);
	assert_int_equal(aplic_source_mode(3), APLIC_SM_INACTIVE);
	assert_true(aplic_mode_is_level(APLIC_SM_LEVEL_HIGH));
	assert_true(aplic_mode_is_level(APLIC_SM_LEVEL_LOW));
	assert_false(aplic_mode_is_level(APLIC_SM_EDGE_RISE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(register_offsets),
		cmocka_unit_test(target_fields),
		cmocka_unit_test(direct_mode),
		cmocka_unit_test(trigger_types),
	};

	return cmocka_run_group_tests_name("aplic_math", tests, NULL, NULL);
}

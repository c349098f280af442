// SPDX-License-Identifier: Apache-2.0
// SOURCES: drivers/irqchip/plic_math.c
#include "drivers/irqchip/plic_math.h"
#include "tests/host/cmocka_test.h"

/* PLIC specification, "Memory Map". */
static void priorities(void **state)
{
	(void)state;
	assert_int_equal(plic_priority(1), 0x4);
	assert_int_equal(plic_priority(1023), 0xffc);
}

static void enables(void **state)
{
	(void)state;
	assert_int_equal(plic_enable(0, 1).offset, 0x2000);
	assert_int_equal(plic_enable(0, 1).mask, 0x2);
	assert_int_equal(plic_enable(0, 31).mask, 0x80000000);
	assert_int_equal(plic_enable(0, 32).offset, 0x2004);
	assert_int_equal(plic_enable(0, 32).mask, 1);
	assert_int_equal(plic_enable(0, 1023).offset, 0x207c);
	assert_int_equal(plic_enable(1, 0).offset, 0x2080);
	assert_int_equal(plic_enable(PLIC_MAX_CONTEXT, 1023).offset, 0x1f1ffc);
}

static void contexts(void **state)
{
	(void)state;
	assert_int_equal(plic_context(0) + PLIC_THRESHOLD, 0x200000);
	assert_int_equal(plic_context(0) + PLIC_CLAIM, 0x200004);
	assert_int_equal(plic_context(1), 0x201000);
	assert_int_equal(plic_context(PLIC_MAX_CONTEXT), 0x3fff000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(priorities),
		cmocka_unit_test(enables),
		cmocka_unit_test(contexts),
	};

	return cmocka_run_group_tests_name("plic_math", tests, NULL, NULL);
}

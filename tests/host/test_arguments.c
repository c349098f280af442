// SPDX-License-Identifier: Apache-2.0
// SOURCES: platform/arguments.c kernel/lib/number.c
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/lib/number.h"
#include "platform/platform.h"
#include "tests/host/cmocka_test.h"
#include "tests/host/host_support.h"

static void take(const char *bootargs)
{
	/* Its end is the end of the memory: what reads on is caught. */
	char *exact = strdup(bootargs);

	assert_int_equal(platform_arguments_init(exact), 0);
	free(exact);
}

static void nothing_given(void **state)
{
	(void)state;
	take("");
	assert_string_equal(platform_commands(), "");
	assert_null(platform_setting("msi", NULL));
	assert_string_equal(platform_setting("msi", "direct"), "direct");
	assert_int_equal(platform_setting_number("maxharts", 7), 7);
}

static void settings_and_commands(void **state)
{
	(void)state;
	take("msi=direct maxharts=2 lspci; irq; test imsic.*; poweroff");
	assert_string_equal(platform_setting("msi", NULL), "direct");
	assert_int_equal(platform_setting_number("maxharts", 7), 2);
	assert_string_equal(platform_commands(), "  lspci; irq; test imsic.*; poweroff");
	/* Not by the beginning of a key, nor by a part of it. */
	assert_null(platform_setting("ms", NULL));
	assert_null(platform_setting("msix", NULL));
	assert_null(platform_setting("harts", NULL));
}

static void settings_stand_anywhere(void **state)
{
	(void)state;
	take("lspci;a=1;irq b=2; c=3\td.e-f_2=\nhelp");
	assert_string_equal(platform_setting("a", NULL), "1");
	assert_string_equal(platform_setting("b", NULL), "2");
	assert_string_equal(platform_setting("c", NULL), "3");
	assert_string_equal(platform_setting("d.e-f_2", NULL), "");
	assert_string_equal(platform_commands(), "lspci;;irq ; \t\nhelp");
	take("a=1 a=2 a=3");
	assert_string_equal(platform_setting("a", NULL), "3");
}

static void what_is_no_setting(void **state)
{
	static const char line[] = "test x SECONDS=600 =1 1a=2 -x=1 \"b=2\" 'c=3;' A=1 a!=2; B";

	(void)state;
	take(line);
	assert_string_equal(platform_commands(), line);
	assert_null(platform_setting("SECONDS", NULL));
	assert_null(platform_setting("b", NULL));
	assert_null(platform_setting("c", NULL));
}

static void quotes_in_settings(void **state)
{
	(void)state;
	take("a=\"x y;z\" b='\"' c=p\"q r\"s d=\"no end; e=1");
	assert_string_equal(platform_setting("a", NULL), "x y;z");
	assert_string_equal(platform_setting("b", NULL), "\"");
	assert_string_equal(platform_setting("c", NULL), "pq rs");
	assert_string_equal(platform_setting("d", NULL), "no end; e=1");
	assert_string_equal(platform_commands(), "   ");
	/* A quoted word of a command hides what looks like a setting. */
	take("say 'x a=1' b=1");
	assert_null(platform_setting("a", NULL));
	assert_string_equal(platform_setting("b", NULL), "1");
	assert_string_equal(platform_commands(), "say 'x a=1' ");
}

static void values_may_hold_equals_signs(void **state)
{
	(void)state;
	take("a=b=c");
	assert_string_equal(platform_setting("a", NULL), "b=c");
}

static void numbers(void **state)
{
	(void)state;
	take("a=10 b=0x1F c=18446744073709551615 d=18446744073709551616 e=-1 f=0x g=1z h= i=010");
	assert_int_equal(platform_setting_number("a", 1), 10);
	assert_int_equal(platform_setting_number("b", 1), 31);
	assert_int_equal(platform_setting_number("c", 1), ULONG_MAX);
	assert_int_equal(platform_setting_number("i", 1), 10);
	host_log_clear();
	assert_int_equal(platform_setting_number("d", 5), 5);
	assert_int_equal(platform_setting_number("e", 5), 5);
	assert_int_equal(platform_setting_number("f", 5), 5);
	assert_int_equal(platform_setting_number("g", 5), 5);
	assert_int_equal(platform_setting_number("h", 5), 5);
	assert_int_equal(host_log_lines(), 5);
}

static void number_limits(void **state)
{
	unsigned long long value = 77;

	(void)state;
	assert_int_equal(parse_number("255", 255, &value), 0);
	assert_int_equal(value, 255);
	assert_int_equal(parse_number("256", 255, &value), -EINVAL);
	assert_int_equal(parse_number("0xffffffffffffffff", ULLONG_MAX, &value), 0);
	assert_true(value == ULLONG_MAX);
	assert_int_equal(parse_number("0x10000000000000000", ULLONG_MAX, &value), -EINVAL);
	assert_int_equal(parse_number("", 1, &value), -EINVAL);
	assert_int_equal(parse_number(" 1", 1, &value), -EINVAL);
	assert_true(value == ULLONG_MAX);
}

static void long_ones_are_taken_whole(void **state)
{
	enum { LEN = 32768 };
	char *line = malloc(LEN + 2);

	(void)state;
	/* The most settings that fit, and no other byte. */
	for (int i = 0; i < LEN; i += 4)
		memcpy(line + i, "a=1 ", 4);
	line[LEN] = '\0';
	memcpy(line + LEN - 4, "zz=9", 4);
	take(line);
	assert_string_equal(platform_setting("zz", NULL), "9");
	/* One command. */
	memset(line, 'x', LEN);
	take(line);
	assert_string_equal(platform_commands(), line);
	/* One value. */
	line[1] = '=';
	take(line);
	assert_int_equal(strlen(platform_setting("x", "")), LEN - 2);
	/* One byte more: nothing, and it is said. */
	strcat(line, "x");
	host_log_clear();
	assert_int_equal(platform_arguments_init(line), -E2BIG);
	assert_int_equal(host_log_lines(), 1);
	assert_null(platform_setting("x", NULL));
	assert_string_equal(platform_commands(), "");
	free(line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_given),
		cmocka_unit_test(settings_and_commands),
		cmocka_unit_test(settings_stand_anywhere),
		cmocka_unit_test(what_is_no_setting),
		cmocka_unit_test(quotes_in_settings),
		cmocka_unit_test(values_may_hold_equals_signs),
		cmocka_unit_test(numbers),
		cmocka_unit_test(number_limits),
		cmocka_unit_test(long_ones_are_taken_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

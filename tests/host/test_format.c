// SPDX-License-Identifier: Apache-2.0
// SOURCES: kernel/lib/format.c
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "kernel/lib/log.h"
#include "tests/host/cmocka_test.h"

/* What both C's snprintf and ours make of it, the length too. */
#define SAME(...)                                                              \
	do {                                                                   \
		char ours[300], libcs[300];                                    \
		int ours_len = format_string(ours, sizeof(ours), __VA_ARGS__); \
		int libcs_len = snprintf(libcs, sizeof(libcs), __VA_ARGS__);   \
		assert_string_equal(ours, libcs);                              \
		assert_int_equal(ours_len, libcs_len);                         \
	} while (0)

#pragma GCC diagnostic ignored "-Wformat-truncation"

static void strings_and_characters(void **state)
{
	(void)state;
	SAME("plain");
	SAME("%s|%10s|%-10s|%.2s|%10.2s|%-10.2s|", "abc", "abc", "abc", "abc", "abc", "abc");
	SAME("%s%s", "", "");
	SAME("%c%5c%-5c|%%", 'x', 'y', 'z');
	SAME("%*s|%-*s|%*s|%.*s|", 6, "ab", 6, "ab", -6, "ab", 1, "ab");
	/* A precision ends the string: what stands behind is not read. */
	SAME("%.3s", (const char[]){ 'a', 'b', 'c' });
}

static void decimals(void **state)
{
	(void)state;
	SAME("%d %i %u", 0, 0, 0u);
	SAME("%d %d %d", 1, -1, 12345);
	SAME("%d %d %u", INT_MAX, INT_MIN, UINT_MAX);
	SAME("%ld %ld %lu", LONG_MAX, LONG_MIN, ULONG_MAX);
	SAME("%lld %lld %llu", LLONG_MAX, LLONG_MIN, ULLONG_MAX);
	SAME("%zu %zd", SIZE_MAX, (ssize_t)-1);
	SAME("%hhd %hhu %hd %hu", (signed char)-1, (unsigned char)255, (short)-2,
	     (unsigned short)65535);
	/* As much as their type has, whatever was passed. */
	SAME("%hhd %hhu %hd %hu", 0x1ff, 0x1ff, 0x1ffff, 0x1ffff);
	SAME("%5d|%-5d|%05d|%5d|%05d|%-5d|", 42, 42, 42, -42, -42, -42);
	SAME("%2d|%02d|%-2d|", 12345, 12345, 12345);
	SAME("%.3d|%8.3d|%-8.3d|%.3d", 7, 7, 7, -7);
	SAME("%20llu|%020llu", ULLONG_MAX, ULLONG_MAX);
}

static void hexadecimals(void **state)
{
	(void)state;
	SAME("%x %X %x", 0u, 0xabcdefu, UINT_MAX);
	SAME("%08x|%8x|%-8x|%02x", 0x1fu, 0x1fu, 0x1fu, 0x123u);
	SAME("%lx %llx %zx", ULONG_MAX, 0x8000000000000000ull, (size_t)1);
	SAME("%hhx %hx", (unsigned char)0xff, (unsigned short)0xffff);
	SAME("%p", (void *)0x1234);
}

static void the_size_is_kept(void **state)
{
	char buf[8];

	(void)state;
	memset(buf, 'z', sizeof(buf));
	assert_int_equal(format_string(buf, 0, "%d", 12345), 5);
	assert_int_equal(buf[0], 'z');
	assert_int_equal(format_string(buf, 1, "%d", 12345), 5);
	assert_int_equal(buf[0], '\0');
	assert_int_equal(buf[1], 'z');
	assert_int_equal(format_string(buf, 4, "%d", 12345), 5);
	assert_memory_equal(buf, "123\0z", 5);
	assert_int_equal(format_string(buf, 6, "%d", 12345), 5);
	assert_memory_equal(buf, "12345\0z", 7);
	assert_int_equal(format_string(NULL, 0, "%s", "counted"), 7);
}

/* Each line tells what it does where C leaves it open, or where we know no such thing. */
static void odd_formats(void **state)
{
	const char *volatile format = "%d %f %d";
	char buf[40];

	(void)state;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
	assert_int_equal(format_string(buf, sizeof(buf), format, 1), 7);
	assert_string_equal(buf, "1 %f %d");
	format = "end%";
	format_string(buf, sizeof(buf), format);
	assert_string_equal(buf, "end%");
	format = "%-08l";
	format_string(buf, sizeof(buf), format);
	assert_string_equal(buf, "%-08l");
	format = "%s";
	format_string(buf, sizeof(buf), format, NULL);
	assert_string_equal(buf, "(null)");
#pragma GCC diagnostic pop
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_and_characters),
		cmocka_unit_test(decimals),
		cmocka_unit_test(hexadecimals),
		cmocka_unit_test(the_size_is_kept),
		cmocka_unit_test(odd_formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

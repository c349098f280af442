// SPDX-License-Identifier: Apache-2.0
// SOURCES: kernel/lib/symbols.c
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/lib/symbols.h"
#include "tests/host/cmocka_test.h"

/* 0, 0x40, 0x44, 0x1044: the last distance needs two bytes. */
static const uint8_t starts[] = { 0, 0x20, 2, 0x80, 0x10 };
static const uint8_t codes[][2] = { { 0 }, { 'a', 0 }, { 'b', 0 }, { 1, 2 }, { 3, 3 }, { 4, 1 } };
/* abababa, b, ab, ababaa */
static const uint8_t names[] = { 5, 3, 0, 2, 0, 3, 0, 4, 1, 1, 0 };
static const struct symbols table = { 4, starts, codes, names };

static void expect(const struct symbols *symbols, uint32_t offset, const char *name, uint32_t into)
{
	uint32_t found_into = ~into;
	char found[256];
	int i = symbols_find(symbols, offset, &found_into);

	assert_in_range(i, 0, symbols->count - 1);
	symbols_name(symbols, (unsigned)i, found, sizeof(found));
	assert_string_equal(found, name);
	assert_int_equal(found_into, into);
}

static void each_function_from_first_to_last_byte(void **state)
{
	(void)state;
	expect(&table, 0, "ababaab", 0);
	expect(&table, 0x3f, "ababaab", 0x3f);
	expect(&table, 0x40, "b", 0);
	expect(&table, 0x43, "b", 3);
	expect(&table, 0x44, "ab", 0);
	expect(&table, 0x1043, "ab", 0xfff);
	expect(&table, 0x1044, "ababaa", 0);
	expect(&table, UINT32_MAX, "ababaa", UINT32_MAX - 0x1044);
}

static void nothing_before_the_first_or_in_an_empty_table(void **state)
{
	static const uint8_t late[] = { 5 };
	const struct symbols some = { 1, late, codes, names }, none = { 0 };
	uint32_t into;

	(void)state;
	assert_int_equal(symbols_find(&some, 9, &into), -1);
	expect(&some, 10, "ababaab", 0);
	assert_int_equal(symbols_find(&none, 0, &into), -1);
	assert_int_equal(symbols_find(&none, UINT32_MAX, &into), -1);
}

static void a_name_is_cut_to_its_buffer(void **state)
{
	(void)state;
	for (size_t size = 1; size <= 8; size++) {
		char name[9];

		memset(name, '#', sizeof(name));
		symbols_name(&table, 0, name, size);
		assert_int_equal(strlen(name), size - 1);
		assert_memory_equal(name, "ababaab", size - 1);
		assert_int_equal(name[size], '#');
	}
}

/* What tools/mksyms makes of a list of functions, as bytes. */
struct made {
	unsigned count;
	size_t used[3];
	uint8_t bytes[3][65536]; /* starts, codes, names */
};

static void read_made(FILE *from, struct made *made)
{
	static const char *const labels[] = { "ksyms_starts:", "ksyms_codes:", "ksyms_names:" };
	char line[128];
	int part = -1;

	while (fgets(line, sizeof(line), from)) {
		const char *at = strstr(line, ".byte ");

		sscanf(line, " .4byte %u", &made->count);
		for (int i = 0; i < 3; i++)
			if (!strncmp(line, labels[i], strlen(labels[i])))
				part = i;
		for (at = at ? at + strlen(".byte") : NULL; at; at = strchr(at + 1, ',')) {
			const char *value = at + 1 + strspn(at + 1, " ");

			assert_in_range(part, 0, 2);
			assert_true(made->used[part] < sizeof(made->bytes[part]));
			made->bytes[part][made->used[part]++] =
				(uint8_t)(*value == '\'' ? value[1] : atoi(value));
		}
	}
}

#define FUNCTIONS 3000

static uint32_t start_of(unsigned i)
{
	/* Distances from 2 to far above what two bytes hold. */
	return i ? 2 * i + i / 1000 * 0x100000 + i / 100 * 0x400 : 0;
}

static void name_of(unsigned i, char *name, size_t size)
{
	static const char *const words[] = { "msi", "vector", "Q", "alloc", "z9", "release" };

	snprintf(name, size, "_%s_%s%u_%s", words[i % 6], words[i / 6 % 6], i * 7919 % 4001,
		 words[i / 36 % 6]);
}

static void what_mksyms_packs_comes_out_again(void **state)
{
	static struct made made;
	char path[] = "/tmp/tocsin-symbols-XXXXXX", command[128], name[64];
	int fd = mkstemp(path);
	FILE *list = fdopen(fd, "w"), *from;

	(void)state;
	assert_non_null(list);
	for (unsigned i = 0; i < FUNCTIONS; i++) {
		name_of(i, name, sizeof(name));
		fprintf(list, "ffffffff%08x %c %s\n", 0x80000000u + start_of(i), "tT"[i % 2], name);
		fprintf(list, "ffffffff%08x t second_of_its_place\n", 0x80000000u + start_of(i));
		fprintf(list, "ffffffff%08x d no_function\n", 0x80000001u + start_of(i));
	}
	fclose(list);
	snprintf(command, sizeof(command), "tools/mksyms <%s", path);
	from = popen(command, "r");
	assert_non_null(from);
	read_made(from, &made);
	assert_int_equal(pclose(from), 0);
	unlink(path);

	assert_int_equal(made.count, FUNCTIONS);
	for (unsigned i = 0; i < FUNCTIONS; i++) {
		const struct symbols symbols = { made.count, made.bytes[0],
						 (const uint8_t(*)[2])made.bytes[1],
						 made.bytes[2] };

		name_of(i, name, sizeof(name));
		expect(&symbols, start_of(i) + 1, name, 1);
	}
	/* Packed: less than half of the letters. */
	assert_true(made.used[2] < FUNCTIONS * 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_function_from_first_to_last_byte),
		cmocka_unit_test(nothing_before_the_first_or_in_an_empty_table),
		cmocka_unit_test(a_name_is_cut_to_its_buffer),
		cmocka_unit_test(what_mksyms_packs_comes_out_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
// SOURCES: tests/target/runner.c kernel/lib/glob.c
/* What the runner of the on-target tests prints, line by line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/host/cmocka_test.h"
#include "tests/target/runner.h"

static void passes(struct test_result *t)
{
	CHECK(1 + 1 == 2);
	CHECK_EQ(2, 2);
	SKIP_IF(0, "never");
}

static int failing_line;

static void fails(struct test_result *t)
{
	failing_line = __LINE__ + 1;
	CHECK_EQ(1 + 1, 3);
}

static void skips(struct test_result *t)
{
	SKIP_IF(1, "no %s on\nthis machine", "edu");
}

static void says_much(struct test_result *t)
{
	test_fail(t, 1234, "%0200d", 1);
}

/* Not in order, and suites whose names begin alike. */
static const struct test table[] = {
	{ "pci_scan", "order", __FILE__, passes, false },
	{ "pci", "zero", __FILE__, skips, false },
	{ "pci", "alpha", __FILE__, passes, false },
	{ "edu", "raise", __FILE__, fails, false },
	{ "pci", "stress", __FILE__, passes, true },
};
#define TABLE table, table + 5

static char *text;
static FILE *console;

static void listen(void)
{
	static size_t size;

	free(text);
	text = NULL;
	fflush(stdout);
	console = stdout;
	stdout = open_memstream(&text, &size);
}

static void listen_no_more(void)
{
	fclose(stdout);
	stdout = console;
}

static unsigned run(int nr_words, char **words)
{
	const struct test_filter filter = { nr_words, words };
	unsigned failed;

	listen();
	failed = test_run_table(TABLE, &filter);
	listen_no_more();
	return failed;
}

static void all(void **state)
{
	char wanted[1000];

	(void)state;
	assert_int_equal(run(0, NULL), 1);
	snprintf(wanted, sizeof(wanted),
		 "KTAP version 1\n"
		 "1..3\n"
		 "    KTAP version 1\n"
		 "    # Subtest: edu\n"
		 "    1..1\n"
		 "    # tests/host/test_ktap.c:%d: 1 + 1 is 2, not 3\n"
		 "    not ok 1 raise\n"
		 "not ok 1 edu\n"
		 "    KTAP version 1\n"
		 "    # Subtest: pci\n"
		 "    1..2\n"
		 "    ok 1 alpha\n"
		 "    ok 2 zero # SKIP no edu on this machine\n"
		 "ok 2 pci\n"
		 "    KTAP version 1\n"
		 "    # Subtest: pci_scan\n"
		 "    1..1\n"
		 "    ok 1 order\n"
		 "ok 3 pci_scan\n",
		 failing_line);
	assert_string_equal(text, wanted);
}

static void some(void **state)
{
	char *words[] = { "SECONDS=600", "pci.*a" };

	(void)state;
	assert_int_equal(run(2, words), 0);
	assert_string_equal(text, "KTAP version 1\n"
				  "1..1\n"
				  "    KTAP version 1\n"
				  "    # Subtest: pci\n"
				  "    1..1\n"
				  "    ok 1 alpha\n"
				  "ok 1 pci\n");
}

static unsigned count(char *word)
{
	const struct test_filter filter = { 1, &word };

	return test_count(TABLE, &filter);
}

static void patterns(void **state)
{
	(void)state;
	assert_int_equal(count("pci"), 3);
	assert_int_equal(count("pci*"), 4);
	assert_int_equal(count("pci.zero"), 1);
	assert_int_equal(count("zero"), 0);
	assert_int_equal(count("KEY=1"), 4);
}

static void unknown_patterns_are_named(void **state)
{
	char *words[] = { "pci", "X=1", "nothing.*", "edu" };
	const struct test_filter filter = { 4, words }, good = { 2, words };

	(void)state;
	assert_string_equal(test_unmatched(TABLE, &filter), "nothing.*");
	assert_null(test_unmatched(TABLE, &good));
}

static void an_empty_table_is_an_empty_plan(void **state)
{
	const struct test_filter filter = { 0 };

	(void)state;
	listen();
	assert_int_equal(test_run_table(table, table, &filter), 0);
	listen_no_more();
	assert_string_equal(text, "KTAP version 1\n1..0\n");
}

static void long_messages_are_cut(void **state)
{
	const struct test one = { "s", "n", "a/file/with/quite/a/long/name/of/its/own.c", says_much,
				  false };
	const struct test_filter filter = { 0 };

	(void)state;
	listen();
	assert_int_equal(test_run_table(&one, &one + 1, &filter), 1);
	listen_no_more();
	assert_non_null(strstr(text, "own.c:1234: 000"));
	assert_non_null(strstr(text, "0\n    not ok 1 n\nnot ok 1 s\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all),
		cmocka_unit_test(some),
		cmocka_unit_test(patterns),
		cmocka_unit_test(unknown_patterns_are_named),
		cmocka_unit_test(an_empty_table_is_an_empty_plan),
		cmocka_unit_test(long_messages_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
/* KTAP version 1 (Linux Documentation/dev-tools/ktap.rst): a suite is a nested test. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kernel/lib/glob.h"
#include "tests/target/runner.h"

#define INDENT "    "

void test_fail(struct test_result *t, int line, const char *fmt, ...)
{
	int len = snprintf(t->message, sizeof(t->message), "%s:%d: ", t->file, line);
	va_list ap;

	t->failed = true;
	if (len < 0 || (size_t)len >= sizeof(t->message))
		return;
	va_start(ap, fmt);
	vsnprintf(t->message + len, sizeof(t->message) - (size_t)len, fmt, ap);
	va_end(ap);
}

void test_fail_check(struct test_result *t, int line, const char *what)
{
	test_fail(t, line, "%s", what);
}

void test_fail_equal(struct test_result *t, int line, const char *what, long long got,
		     long long want)
{
	test_fail(t, line, "%s is %lld, not %lld", what, got, want);
}

void test_skip(struct test_result *t, const char *fmt, ...)
{
	va_list ap;

	t->skipped = true;
	va_start(ap, fmt);
	vsnprintf(t->message, sizeof(t->message), fmt, ap);
	va_end(ap);
}

static bool is_parameter(const char *word)
{
	return strchr(word, '=');
}

static bool matches(const char *pattern, const struct test *test)
{
	char name[128];

	snprintf(name, sizeof(name), "%s.%s", test->suite, test->name);
	return glob_match(pattern, name) || glob_match(pattern, test->suite);
}

static bool wanted(const struct test_filter *filter, const struct test *test)
{
	bool any = false;

	for (int i = 0; i < filter->nr_words; i++) {
		if (is_parameter(filter->words[i]))
			continue;
		any = true;
		if (matches(filter->words[i], test))
			return true;
	}
	return !any && !test->by_name;
}

const char *test_unmatched(const struct test *first, const struct test *end,
			   const struct test_filter *filter)
{
	for (int i = 0; i < filter->nr_words; i++) {
		const struct test *test = first;

		if (is_parameter(filter->words[i]))
			continue;
		while (test < end && !matches(filter->words[i], test))
			test++;
		if (test == end)
			return filter->words[i];
	}
	return NULL;
}

unsigned test_count(const struct test *first, const struct test *end,
		    const struct test_filter *filter)
{
	unsigned n = 0;

	for (const struct test *test = first; test < end; test++)
		n += wanted(filter, test);
	return n;
}

/*
 * What is wanted, walked in order: the next suite behind `after`, and the next test behind
 * `after` in a suite. The table is short; nothing is sorted or kept.
 */
struct table {
	const struct test *first, *end;
	const struct test_filter *filter;
};

static const char *next_suite(const struct table *table, const char *after)
{
	const char *best = NULL;

	for (const struct test *test = table->first; test < table->end; test++)
		if (wanted(table->filter, test) && (!after || strcmp(test->suite, after) > 0) &&
		    (!best || strcmp(test->suite, best) < 0))
			best = test->suite;
	return best;
}

static const struct test *next_test(const struct table *table, const char *suite,
				    const struct test *after)
{
	const struct test *best = NULL;

	for (const struct test *test = table->first; test < table->end; test++)
		if (!strcmp(test->suite, suite) && wanted(table->filter, test) &&
		    (!after || strcmp(test->name, after->name) > 0) &&
		    (!best || strcmp(test->name, best->name) < 0))
			best = test;
	return best;
}

static unsigned count_suites(const struct table *table)
{
	unsigned n = 0;

	for (const char *suite = next_suite(table, NULL); suite; suite = next_suite(table, suite))
		n++;
	return n;
}

static unsigned count_tests(const struct table *table, const char *suite)
{
	const struct test *test = next_test(table, suite, NULL);
	unsigned n = 0;

	for (; test; test = next_test(table, suite, test))
		n++;
	return n;
}

/* A message is part of a line: it has no newline in it. */
static void print_result(unsigned number, const struct test *test, struct test_result *result)
{
	for (char *at = result->message; *at; at++)
		if (*at == '\n' || *at == '\r')
			*at = ' ';
	if (result->failed)
		printf(INDENT "# %s\n" INDENT "not ok %u %s\n", result->message, number,
		       test->name);
	else if (result->skipped)
		printf(INDENT "ok %u %s # SKIP %s\n", number, test->name, result->message);
	else
		printf(INDENT "ok %u %s\n", number, test->name);
	fflush(stdout);
}

static unsigned run_suite(const struct table *table, const char *suite)
{
	const struct test *test = next_test(table, suite, NULL);
	unsigned failed = 0, number = 0;

	printf(INDENT "KTAP version 1\n" INDENT "# Subtest: %s\n" INDENT "1..%u\n", suite,
	       count_tests(table, suite));
	for (; test; test = next_test(table, suite, test)) {
		struct test_result result = { .file = test->file };

		fflush(stdout);
		test->run(&result);
		print_result(++number, test, &result);
		failed += result.failed;
	}
	return failed;
}

unsigned test_run_table(const struct test *first, const struct test *end,
			const struct test_filter *filter)
{
	const struct table table = { first, end, filter };
	unsigned failed = 0, number = 0;

	printf("KTAP version 1\n1..%u\n", count_suites(&table));
	for (const char *suite = next_suite(&table, NULL); suite;
	     suite = next_suite(&table, suite)) {
		unsigned bad = run_suite(&table, suite);

		printf("%s %u %s\n", bad ? "not ok" : "ok", ++number, suite);
		failed += bad;
	}
	fflush(stdout);
	return failed;
}

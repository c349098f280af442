/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kernel/lib/table.h"

/*
 * On-target tests (KTAP version 1; a suite is the part of the name before the dot).
 *
 *	TEST(imsic, highest_identity)
 *	{
 *		CHECK(x == 1);
 *		CHECK_EQ(handled, 10);
 *		SKIP_IF(!device, "no edu on this machine");
 *	}
 *
 * A test runs in thread context on the shell's hart, frees what it took and may be
 * run again. CHECK ends the test function on failure; the file that its message names is
 * the one of the TEST.
 */
struct test_result;

struct test {
	const char *suite;
	const char *name;
	const char *file;
	void (*run)(struct test_result *t);
	bool by_name; /* runs only where a pattern wants it */
};

struct test_result {
	const char *file;
	bool failed;
	bool skipped;
	char message[120];
};
TABLE_DECLARE(struct test, test);

void test_fail(struct test_result *t, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* What CHECK and CHECK_EQ call. */
void test_fail_check(struct test_result *t, int line, const char *what);
void test_fail_equal(struct test_result *t, int line, const char *what, long long got,
		     long long want);
void test_skip(struct test_result *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define TEST_ENTRY(suite_, name_, by_name_)                         \
	static void test_##suite_##_##name_(struct test_result *t); \
	TABLE_ENTRY(struct test, test, 5, suite_##_##name_) = {     \
		.suite = #suite_,                                   \
		.name = #name_,                                     \
		.file = __FILE__,                                   \
		.run = test_##suite_##_##name_,                     \
		.by_name = by_name_,                                \
	};                                                          \
	static void test_##suite_##_##name_(__attribute__((unused)) struct test_result *t)

#define TEST(suite_, name_) TEST_ENTRY(suite_, name_, false)
/* One that takes too long to be among all: `test` without patterns leaves it out. */
#define TEST_BY_NAME(suite_, name_) TEST_ENTRY(suite_, name_, true)

#define CHECK(cond)                                          \
	do {                                                 \
		if (!(cond)) {                               \
			test_fail_check(t, __LINE__, #cond); \
			return;                              \
		}                                            \
	} while (0)

#define CHECK_EQ(got, want)                                              \
	do {                                                             \
		long long g_ = (long long)(got), w_ = (long long)(want); \
		if (g_ != w_) {                                          \
			test_fail_equal(t, __LINE__, #got, g_, w_);      \
			return;                                          \
		}                                                        \
	} while (0)

#define SKIP_IF(cond, ...)                         \
	do {                                       \
		if (cond) {                        \
			test_skip(t, __VA_ARGS__); \
			return;                    \
		}                                  \
	} while (0)

/*
 * Runs what matches any of the patterns ("suite", "suite.name", '*' wild); none: all but
 * those that run by name only. A
 * word KEY=VALUE is a parameter instead. 0, or -1 after one `error:` line: any failed, none
 * ran, or a pattern matches nothing (then none runs).
 */
int test_run(int nr_words, char **words);

/* The value of this run's parameter KEY=VALUE, else of the boot setting KEY; NULL: neither. */
const char *test_parameter(const char *key);

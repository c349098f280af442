/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "tests/target/test.h"

/* The runner, without the image's table: over tests first .. end - 1. Thread context. */

/*
 * The words behind `test`: patterns, and parameters KEY=VALUE. Without patterns all is wanted
 * but what runs by name only.
 */
struct test_filter {
	int nr_words;
	char **words;
};

/* A pattern that matches no test, or NULL. */
const char *test_unmatched(const struct test *first, const struct test *end,
			   const struct test_filter *filter);
/* How many tests are wanted. */
unsigned test_count(const struct test *first, const struct test *end,
		    const struct test_filter *filter);
/* Runs them in order of suite and name, whatever their order in the table; how many failed. */
unsigned test_run_table(const struct test *first, const struct test *end,
			const struct test_filter *filter);

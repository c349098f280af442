// SPDX-License-Identifier: Apache-2.0
// SOURCES: kernel/lib/log.c kernel/lib/format.c
// SANITIZE: thread
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/lib/log.h"
#include "tests/host/cmocka_test.h"

#define WRITERS 4
#define LINES   20000

static char said[4096];

static void hear(const char *bytes, size_t len)
{
	strncat(said, bytes, len);
}

static unsigned count_lines(void)
{
	enum log_level level;
	char line[200];
	unsigned n = 0;

	while (log_line(n, &level, line, sizeof(line)) >= 0)
		n++;
	return n;
}

static void an_empty_log_has_no_line(void **state)
{
	enum log_level level;
	char line[8];

	(void)state;
	assert_int_equal(log_line(0, &level, line, sizeof(line)), -ENOENT);
}

static void lines_are_kept_in_order_with_their_level(void **state)
{
	enum log_level level;
	char line[200];

	(void)state;
	log_error("one %d", 1);
	log_debug("two");
	assert_int_equal(log_line(0, &level, line, sizeof(line)), 5);
	assert_string_equal(line, "one 1");
	assert_int_equal(level, LOG_ERROR);
	assert_int_equal(log_line(1, &level, line, sizeof(line)), 3);
	assert_string_equal(line, "two");
	assert_int_equal(level, LOG_DEBUG);
	assert_int_equal(log_line(2, &level, line, sizeof(line)), -ENOENT);
	assert_int_equal(log_line(0, &level, line, 4), 5);
	assert_string_equal(line, "one");
}

static void the_console_gets_its_levels(void **state)
{
	(void)state;
	log_set_sink(hear);
	log_info("seen");
	log_debug("not seen");
	log_set_console_level(LOG_DEBUG);
	log_debug("seen too");
	log_set_console_level(LOG_ERROR);
	log_warn("not this");
	log_error("this");
	log_set_console_level(LOG_INFO);
	log_set_sink(NULL);
	log_error("nobody listens");
	assert_string_equal(said, "[info] seen\n[debug] seen too\n[error] this\n");
}

static void a_long_line_is_cut_and_ends(void **state)
{
	char longest[1000], line[1000];
	enum log_level level;
	unsigned last = count_lines();
	int len;

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	said[0] = '\0';
	log_set_sink(hear);
	log_info("%s", longest);
	log_set_sink(NULL);
	len = log_line(last, &level, line, sizeof(line));
	assert_in_range(len, 100, 200);
	assert_memory_equal(line, longest, (size_t)len);
	assert_int_equal(strlen(said), (size_t)len + strlen("[info] \n"));
	assert_int_equal(said[strlen(said) - 1], '\n');
}

static void the_oldest_lines_go(void **state)
{
	enum log_level level;
	char line[200];
	unsigned kept;

	(void)state;
	for (int i = 0; i < 1000; i++)
		log_debug("line %d", i);
	kept = count_lines();
	assert_in_range(kept, 100, 999);
	log_line(0, &level, line, sizeof(line));
	assert_int_equal(atoi(line + strlen("line ")), 1000 - kept);
	log_line(kept - 1, &level, line, sizeof(line));
	assert_string_equal(line, "line 999");
}

static _Atomic bool done;

static void *write_lines(void *arg)
{
	unsigned me = *(unsigned *)arg;

	/* A line that is mixed of two shows: its letters differ. */
	for (unsigned i = 0; i < LINES; i++) {
		char text[120];

		memset(text, (int)('a' + (me * 5 + i) % 26), sizeof(text));
		text[80 + i % 39] = '\0';
		log_debug("%s", text);
	}
	return NULL;
}

static void *read_lines(void *arg)
{
	unsigned *mixed = arg;

	while (!done) {
		enum log_level level;
		char line[200];

		/* The oldest ones: those that are about to be written over. */
		for (unsigned n = 0; n < 8; n++) {
			int len = log_line(n, &level, line, sizeof(line));

			for (int i = 1; i < len; i++)
				*mixed += line[i] != line[0];
		}
	}
	return NULL;
}

static void writers_and_a_reader_at_once(void **state)
{
	pthread_t writers[WRITERS], reader;
	unsigned ids[WRITERS], mixed = 0;

	(void)state;
	/* The lines of the tests before are not made of one letter. */
	for (unsigned i = 0; i < 256; i++)
		log_debug("aaaa");
	pthread_create(&reader, NULL, read_lines, &mixed);
	for (unsigned i = 0; i < WRITERS; i++) {
		ids[i] = i;
		pthread_create(&writers[i], NULL, write_lines, &ids[i]);
	}
	for (unsigned i = 0; i < WRITERS; i++)
		pthread_join(writers[i], NULL);
	done = true;
	pthread_join(reader, NULL);
	assert_int_equal(mixed, 0);
	assert_in_range(count_lines(), 200, 256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_log_has_no_line),
		cmocka_unit_test(lines_are_kept_in_order_with_their_level),
		cmocka_unit_test(the_console_gets_its_levels),
		cmocka_unit_test(a_long_line_is_cut_and_ends),
		cmocka_unit_test(the_oldest_lines_go),
		cmocka_unit_test(writers_and_a_reader_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
// SOURCES: apps/words.c kernel/lib/glob.c
/* How the shell takes a line apart, and the patterns of `test` and `bench`. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "apps/words.h"
#include "kernel/lib/glob.h"
#include "tests/host/cmocka_test.h"

/* The line as "word|word/word|...", '/' between commands; memory is exactly what is promised. */
static const char *apart(const char *text)
{
	static char out[200];
	size_t len = strlen(text);
	char *line = strdup(text), *at = line;
	char **argv = malloc((len / 2 + 2) * sizeof(*argv));

	out[0] = '\0';
	while (*at) {
		int n = words_split(&at, argv);

		if (n < 0) {
			assert_int_equal(n, -EINVAL);
			assert_int_equal(*at, '\0');
			strcat(out, "!");
			break;
		}
		assert_null(argv[n]);
		for (int i = 0; i < n; i++) {
			strcat(out, argv[i]);
			strcat(out, "|");
		}
		strcat(out, "/");
	}
	free(argv);
	free(line);
	return out;
}

static void words_and_commands(void **state)
{
	(void)state;
	assert_string_equal(apart(""), "");
	assert_string_equal(apart("a"), "a|/");
	assert_string_equal(apart("lspci; irq;test  a\tb ; "), "lspci|/irq|/test|a|b|//");
	assert_string_equal(apart(";;a;;"), "//a|//");
	assert_string_equal(apart("a b c d"), "a|b|c|d|/");
}

static void quotes(void **state)
{
	(void)state;
	assert_string_equal(apart("say 'a b;c' \"d 'e\""), "say|a b;c|d 'e|/");
	assert_string_equal(apart("a''b \"\" c\"d e\"f"), "ab||cd ef|/");
	assert_string_equal(apart("'' '' ''"), "|||/");
	assert_string_equal(apart("ok; x 'not closed; y"), "ok|/!");
	assert_string_equal(apart("\""), "!");
}

static void patterns(void **state)
{
	(void)state;
	assert_true(glob_match("imsic.edge", "imsic.edge"));
	assert_false(glob_match("imsic", "imsic.edge"));
	assert_false(glob_match("imsic.edge", "imsic"));
	assert_true(glob_match("*", ""));
	assert_true(glob_match("*", "anything"));
	assert_true(glob_match("imsic.*", "imsic.edge"));
	assert_true(glob_match("*edge", "imsic.edge"));
	assert_true(glob_match("i*.*ge", "imsic.edge.edge"));
	assert_true(glob_match("a**b", "ab"));
	assert_false(glob_match("a*b", "abc"));
	assert_false(glob_match("", "a"));
	assert_true(glob_match("", ""));
	/* Does not take for ever. */
	assert_false(glob_match("*a*a*a*a*a*a*a*a*b",
				"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_commands),
		cmocka_unit_test(quotes),
		cmocka_unit_test(patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

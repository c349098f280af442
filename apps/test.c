// SPDX-License-Identifier: Apache-2.0
#include "tests/target/runner.h"

#include <string.h>

#include "apps/command.h"
#include "platform/platform.h"

static struct test_filter running;

const char *test_parameter(const char *key)
{
	size_t len = strlen(key);

	for (int i = 0; i < running.nr_words; i++)
		if (!strncmp(running.words[i], key, len) && running.words[i][len] == '=')
			return running.words[i] + len + 1;
	return platform_setting(key, NULL);
}

int test_run(int nr_words, char **words)
{
	const struct test *first = table_test_start, *end = table_test_end;
	const struct test_filter filter = { nr_words, words };
	const char *unmatched = test_unmatched(first, end, &filter);
	unsigned failed, count = test_count(first, end, &filter);

	if (unmatched)
		return command_error("test: nothing matches %s", unmatched);
	running = filter;
	failed = test_run_table(first, end, &filter);
	running = (struct test_filter){ 0 };
	if (!count)
		return command_error("test: this image has no tests");
	if (failed)
		return command_error("test: %u of %u failed", failed, count);
	return 0;
}

static int run(int argc, char **argv)
{
	return test_run(argc - 1, argv + 1);
}

TABLE_ENTRY(struct command, command, 5, test) = {
	.name = "test",
	.usage = "[PATTERN|KEY=VALUE...]",
	.help = "runs the on-target tests, KTAP",
	.run = run,
};

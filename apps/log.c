// SPDX-License-Identifier: Apache-2.0
#include "kernel/lib/log.h"

#include <stdio.h>
#include <string.h>

#include "apps/command.h"

/* By name or number; false: neither. */
static bool parse_level(const char *word, enum log_level *level)
{
	unsigned long long number;

	for (*level = LOG_ERROR; *level <= LOG_DEBUG; (*level)++)
		if (!strcmp(word, log_level_name(*level)))
			return true;
	if (command_number(word, LOG_DEBUG, &number))
		return false;
	*level = (enum log_level)number;
	return true;
}

static int run(int argc, char **argv)
{
	enum log_level wanted = LOG_DEBUG, level;
	char line[160];

	if (argc > 2)
		return command_usage(command_find(argv[0]));
	if (argc == 2 && !parse_level(argv[1], &wanted))
		return command_error("log: LEVEL is error, warn, info or debug, not %s", argv[1]);
	for (unsigned n = 0; log_line(n, &level, line, sizeof(line)) >= 0; n++)
		if (level <= wanted)
			printf("[%s] %s\n", log_level_name(level), line);
	return 0;
}

TABLE_ENTRY(struct command, command, 5, log) = {
	.name = "log",
	.usage = "[LEVEL]",
	.help = "the kernel log, up to error, warn, info or debug",
	.run = run,
};

// SPDX-License-Identifier: Apache-2.0
#include "apps/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kernel/lib/number.h"

int command_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("error: ");
	vprintf(fmt, ap);
	putchar('\n');
	va_end(ap);
	return -1;
}

int command_usage(const struct command *cmd)
{
	return command_error("usage: %s%s%s", cmd->name, *cmd->usage ? " " : "", cmd->usage);
}

int command_number(const char *word, unsigned long long max, unsigned long long *value)
{
	return parse_number(word, max, value);
}

const struct command *command_find(const char *name)
{
	const struct command *cmd;

	for_each_table_entry(command, cmd)
		if (!strcmp(cmd->name, name))
			return cmd;
	return NULL;
}

int command_run(int argc, char **argv)
{
	const struct command *cmd = command_find(argv[0]);

	if (!cmd)
		return command_error("%s: no such command, `help` lists them", argv[0]);
	return cmd->run(argc, argv);
}

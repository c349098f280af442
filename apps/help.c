// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "apps/command.h"
#include "kernel/lib/bits.h"

#define HELP_COLUMN 24

static void show(const struct command *cmd)
{
	int width = printf("%s %s", cmd->name, cmd->usage);

	printf("%*s  %s\n", MAX(HELP_COLUMN - width, 0), "", cmd->help);
}

static int run(int argc, char **argv)
{
	const struct command *cmd;

	if (argc > 2)
		return command_usage(command_find(argv[0]));
	if (argc == 2) {
		cmd = command_find(argv[1]);
		if (!cmd)
			return command_error("help: there is no command %s", argv[1]);
		show(cmd);
		return 0;
	}
	for_each_table_entry(command, cmd)
		show(cmd);
	return 0;
}

TABLE_ENTRY(struct command, command, 5, help) = {
	.name = "help",
	.usage = "[CMD]",
	.help = "lists the commands",
	.run = run,
};

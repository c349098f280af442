// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "apps/command.h"
#include "platform/platform.h"

#define STATUS_MAX 255

static int reboot(int argc, char **argv)
{
	if (argc > 1)
		return command_usage(command_find(argv[0]));
	fflush(stdout);
	platform_reset();
}

static int poweroff(int argc, char **argv)
{
	unsigned long long status = shell_failed();

	if (argc > 2)
		return command_usage(command_find(argv[0]));
	if (argc == 2 && command_number(argv[1], STATUS_MAX, &status))
		return command_error("poweroff: %s is not a status from 0 to %u", argv[1],
				     STATUS_MAX);
	fflush(stdout);
	platform_power_off((unsigned)status);
}

TABLE_ENTRY(struct command, command, 5, reboot) = {
	.name = "reboot",
	.usage = "",
	.help = "restarts the machine",
	.run = reboot,
};

TABLE_ENTRY(struct command, command, 5, poweroff) = {
	.name = "poweroff",
	.usage = "[STATUS]",
	.help = "ends the machine; without STATUS 0, or 1 if a command failed",
	.run = poweroff,
};

// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "apps/command.h"
#include "kernel/smp.h"

struct order {
	int argc;
	char **argv;
};

static int carry_out(void *arg)
{
	const struct order *order = arg;
	int rc = command_run(order->argc, order->argv);

	/* Each hart has a stdout of its own. */
	fflush(stdout);
	return rc;
}

static int run(int argc, char **argv)
{
	struct order order = { .argc = argc - 2, .argv = argv + 2 };
	unsigned long long hart;

	if (argc < 3)
		return command_usage(command_find(argv[0]));
	if (command_number(argv[1], UINT32_MAX, &hart) || !smp_online((unsigned)hart))
		return command_error("on: there is no hart %s on line", argv[1]);
	fflush(stdout);
	return smp_run((unsigned)hart, carry_out, &order);
}

TABLE_ENTRY(struct command, command, 5, on) = {
	.name = "on",
	.usage = "HART COMMAND...",
	.help = "runs a command on another hart",
	.run = run,
};

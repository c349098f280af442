// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
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
	int rc;

	if (argc < 3)
		return command_usage(command_find(argv[0]));
	if (command_number(argv[1], UINT32_MAX, &hart) || hart >= smp_count())
		return command_error("on: there is no hart %s", argv[1]);
	if (!smp_online((unsigned)hart))
		return command_error("on: hart %s is not on line", argv[1]);
	fflush(stdout);
	rc = smp_run((unsigned)hart, carry_out, &order);
	return rc == -ENODEV ? command_error("on: hart %s has gone", argv[1]) : rc;
}

TABLE_ENTRY(struct command, command, 5, on) = {
	.name = "on",
	.usage = "HART COMMAND...",
	.help = "runs a command on another hart",
	.run = run,
};

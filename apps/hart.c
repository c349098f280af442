// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "apps/command.h"
#include "kernel/hart_off.h"

static const char *state_name(unsigned index)
{
	static const char *const names[] = {
		[HART_ABSENT] = "absent",    [HART_STARTING] = "starting",
		[HART_COMING] = "starting",  [HART_ONLINE] = "online",
		[HART_FAILED] = "failed",    [HART_LEAVING] = "leaving",
		[HART_STOPPING] = "leaving", [HART_OFFLINE] = "offline",
	};

	return names[atomic_load_explicit(&smp_hart(index)->state, memory_order_relaxed)];
}

static int list(void)
{
	printf("%4s %6s %-8s %10s\n", "hart", "id", "state", "kicks");
	for (unsigned i = 0; i < smp_count(); i++) {
		const struct hart *hart = smp_hart(i);

		printf("%4u %6llu %-8s %10u%s\n", i, (unsigned long long)hart->hart_id,
		       state_name(i),
		       (unsigned)atomic_load_explicit(&hart->kicked, memory_order_relaxed),
		       i == smp_index() ? "  (this one)" : "");
	}
	return 0;
}

static const char *why_not(unsigned index, int error)
{
	switch (error) {
	case -ENODEV:
	case -EALREADY:
		return "there is nothing to do";
	case -EBUSY:
		return "it is at work, or another one comes or goes";
	case -ENOSPC:
	case -EAGAIN:
		return "its vectors find no room on the others";
	case -EOPNOTSUPP:
		return "one of its vectors can't be moved";
	case -EIO:
		return smp_online(index) ? "the firmware refuses" : "it did not come";
	default:
		return "no memory";
	}
}

static int run(int argc, char **argv)
{
	unsigned long long number;
	unsigned index;
	bool on;
	int rc;

	if (argc == 1)
		return list();
	on = argc == 3 && !strcmp(argv[2], "on");
	if (!on && (argc != 3 || strcmp(argv[2], "off")))
		return command_usage(command_find(argv[0]));
	if (command_number(argv[1], UINT32_MAX, &number) || number >= smp_count())
		return command_error("hart: there is no hart %s", argv[1]);
	index = (unsigned)number;
	if (!on && (index == smp_index() || index == shell_hart()))
		return command_error("hart: hart %u stays on line: %s", index,
				     smp_online_count() == 1 ? "it is the last one"
				     : index == shell_hart() ? "it runs the shell"
							     : "it runs this command");
	rc = on ? hart_on(index) : hart_off(index);
	if (rc)
		return command_error("hart: hart %u is %s: %s", index, state_name(index),
				     why_not(index, rc));
	return 0;
}

TABLE_ENTRY(struct command, command, 5, hart) = {
	.name = "hart",
	.usage = "[N on|off]",
	.help = "harts: index, hart ID, state, IPIs taken; takes one on or off line",
	.run = run,
};

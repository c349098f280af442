// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "apps/command.h"
#include "kernel/smp.h"

static const char *state_name(const struct hart *hart)
{
	switch (atomic_load_explicit(&hart->state, memory_order_relaxed)) {
	case HART_STARTING:
	case HART_COMING:
		return "starting";
	case HART_ONLINE:
		return "online";
	case HART_FAILED:
		return "failed";
	default:
		return "absent";
	}
}

static int run(int argc, char **argv)
{
	if (argc > 1)
		return command_usage(command_find(argv[0]));
	printf("%4s %6s %-8s %10s\n", "hart", "id", "state", "kicks");
	for (unsigned i = 0; i < smp_count(); i++) {
		const struct hart *hart = smp_hart(i);

		printf("%4u %6llu %-8s %10u%s\n", i, (unsigned long long)hart->hart_id,
		       state_name(hart),
		       (unsigned)atomic_load_explicit(&hart->kicked, memory_order_relaxed),
		       i == smp_index() ? "  (this one)" : "");
	}
	return 0;
}

TABLE_ENTRY(struct command, command, 5, hart) = {
	.name = "hart",
	.usage = "",
	.help = "harts: index, hart ID, state, IPIs taken",
	.run = run,
};

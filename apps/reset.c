// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>

#include "apps/command.h"
#include "apps/pci.h"

static const struct command command_entry_reset;

static int run(int argc, char **argv)
{
	struct pci_function *fn;
	int err;

	if (argc != 2)
		return command_usage(&command_entry_reset);
	fn = command_function("reset", argv[1]);
	if (!fn)
		return -1;
	err = pci_reset(fn);
	switch (err) {
	case 0:
		printf("%s reset\n", fn->name);
		return 0;
	case -EOPNOTSUPP:
		return command_error("reset: %s: %s", fn->name,
				     pci_can_reset(fn) ? "its driver can't bring it back"
						       : "it has no function-level reset");
	case -EBUSY:
		return command_error("reset: %s: its virtual functions are in use", fn->name);
	default:
		return command_error("reset: %s: it does not come back (%d)", fn->name, err);
	}
}

TABLE_ENTRY(struct command, command, 5, reset) = {
	.name = "reset",
	.usage = "BDF",
	.help = "function-level reset; driver and vectors go on",
	.run = run,
};

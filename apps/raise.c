// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "apps/command.h"
#include "apps/pci.h"
#include "drivers/pci/raise.h"

static const struct command command_entry_raise;

static int raise_failed(const struct pci_function *fn, unsigned vector, int err)
{
	const char *name = fn->msi.name;

	switch (err) {
	case -EOPNOTSUPP:
		return command_error("raise: %s: no driver that can raise its vectors", name);
	case -EINVAL:
		return command_error("raise: %s[%u]: no such vector, or not raised by this device",
				     name, vector);
	case -ENODEV:
		return command_error("raise: %s is gone", name);
	case -ETIMEDOUT:
		return command_error("raise: %s[%u]: not handled within %u ms", name, vector,
				     PCI_RAISE_TIMEOUT_MS);
	default:
		return command_error("raise: %s[%u]: the driver failed (%d)", name, vector, err);
	}
}

static int raise_vector(struct pci_function *fn, unsigned vector, unsigned count)
{
	struct pci_raised out;
	int err = pci_raise_series(fn, vector, count, &out);

	if (!err || out.raised)
		printf("%s[%u] raised=%u handled=%llu\n", fn->msi.name, vector, out.raised,
		       (unsigned long long)out.handled);
	return err ? raise_failed(fn, vector, err) : 0;
}

static int raise_all(struct pci_function *fn)
{
	int err = 0;

	for (unsigned i = 0; i < fn->msi.count && !err; i++)
		err = raise_vector(fn, i, 1);
	return err;
}

static int run(int argc, char **argv)
{
	unsigned long long vector = 0, count = 1;
	struct pci_function *fn;

	if (argc < 2 || argc > 4)
		return command_usage(&command_entry_raise);
	fn = command_function("raise", argv[1]);
	if (!fn)
		return -1;
	if (!fn->driver || !fn->driver->raise || !fn->msi.count)
		return raise_failed(fn, 0, -EOPNOTSUPP);
	if (argc == 2)
		return raise_all(fn);
	if (command_number(argv[2], fn->msi.count - 1u, &vector))
		return command_error("raise: %s has vectors 0 to %u, not %s", fn->msi.name,
				     fn->msi.count - 1u, argv[2]);
	if (argc == 4 && (command_number(argv[3], UINT_MAX, &count) || !count))
		return command_error("raise: %s is no count", argv[3]);
	return raise_vector(fn, (unsigned)vector, (unsigned)count);
}

TABLE_ENTRY(struct command, command, 5, raise) = {
	.name = "raise",
	.usage = "BDF [VECTOR [COUNT]]",
	.help = "raise MSI vectors by the device's own means, and count what was handled",
	.run = run,
};

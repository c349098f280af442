// SPDX-License-Identifier: Apache-2.0
#include "apps/pci.h"

#include "apps/command.h"

struct pci_function *command_function(const char *command, const char *bdf)
{
	struct pci_function *fn = pci_find(bdf);

	if (!fn)
		command_error("%s: %s %s", command, bdf,
			      pci_was_removed(bdf) ? "was removed" : "is no function");
	return fn;
}

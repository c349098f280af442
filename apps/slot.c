// SPDX-License-Identifier: Apache-2.0
/* The slots of PCI Express ports, by hand. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "apps/command.h"
#include "apps/pci.h"
#include "drivers/pci/hotplug.h"
#include "kernel/mem.h"

static const struct command command_entry_slot;

static void show(const struct pci_function *port)
{
	struct pci_slot_state state;

	pci_slot_state(port, &state);
	printf("%s slot %u: %s, power %s", port->name, state.number,
	       state.present ? "occupied" : "empty", state.power ? "on" : "off");
	if (state.link_known)
		printf(", link %s", state.link ? "up" : "down");
	for (const struct pci_function *fn = pci_first(); fn; fn = fn->next)
		if (fn->parent == port)
			printf(" %s", fn->name);
	putchar('\n');
}

/* What cards that come and go may not use up. */
static void show_budget(void)
{
	const struct msi_domain *domain = NULL;

	for (const struct pci_function *fn = pci_first(); fn && !domain; fn = fn->next)
		domain = fn->msi.domain;
	printf("free identities: %u, RAM used: %zu\n", domain ? domain->available() : 0,
	       mem_used());
}

static int act(struct pci_function *port, const char *what)
{
	int err = -EINVAL;

	if (!strcmp(what, "on"))
		err = pci_slot_on(port);
	else if (!strcmp(what, "off") || !strcmp(what, "eject"))
		err = pci_slot_off(port, *what == 'e');
	switch (err) {
	case 0:
		show(port);
		return 0;
	case -EINVAL:
		return command_usage(&command_entry_slot);
	case -EALREADY:
		return command_error("slot: %s is %s already", port->name, what);
	case -ENODEV:
		return command_error("slot: %s is empty", port->name);
	default:
		return command_error("slot: %s does not come up (see log)", port->name);
	}
}

static int run(int argc, char **argv)
{
	struct pci_function *port;

	if (argc > 3)
		return command_usage(&command_entry_slot);
	if (argc == 1) {
		for (port = pci_first(); port; port = port->next)
			if (pci_is_slot(port))
				show(port);
		show_budget();
		return 0;
	}
	port = command_function("slot", argv[1]);
	if (!port)
		return -1;
	if (!pci_is_slot(port))
		return command_error("slot: %s has no hot-plug slot", argv[1]);
	if (argc == 3)
		return act(port, argv[2]);
	show(port);
	return 0;
}

TABLE_ENTRY(struct command, command, 5, slot) = {
	.name = "slot",
	.usage = "[BDF [on|off|eject]]",
	.help = "hot-plug slots: takes in or gives up what is there",
	.run = run,
};

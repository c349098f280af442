/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "drivers/pci/pci.h"

/*
 * Functions that come and go while we run: slots of PCI Express ports (PCIe Base Specification,
 * "PCI Express Hot-Plug Support") and functions that vanish. docs/msi.md, M13.
 */

/*
 * Does what slots and functions ask for: takes those that are gone, or that the slot's button
 * asks for, from their drivers, and brings up what has come. Thread context, nobody uses a function
 * meanwhile: the shell calls it between commands and at the prompt. Did it do anything?
 */
bool pci_hotplug_poll(void);

/* Is it a port with a slot that can be filled and emptied, and ours? */
bool pci_is_slot(const struct pci_function *port);

struct pci_slot_state {
	unsigned number; /* Physical Slot Number */
	bool present, power, link_known, link;
	unsigned gts,
		lanes; /* Link Speed as its register encodes it, width; of a link that is up */
};
void pci_slot_state(const struct pci_function *port, struct pci_slot_state *state);

/*
 * By hand, as by the slot's button. Power off: what is in the slot is taken from its drivers
 * first. eject: the power indicator goes off as well, which allows to pull the card out; else it
 * goes on blinking. 0; -EALREADY. Power on: 0; -EALREADY; -ENODEV: empty; -EIO: no
 * link, or nothing answers; logged. Context as for pci_hotplug_poll().
 */
int pci_slot_off(struct pci_function *port, bool eject);
int pci_slot_on(struct pci_function *port);

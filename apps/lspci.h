/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "drivers/pci/pci.h"

/* The parts of the command lspci; the forms are those of pciutils. They print to stdout. */

/* What -v adds, each line with a tab in front. */
void lspci_details(const struct pci_function *fn);
/* -t; details: with class and IDs behind each function. */
void lspci_tree(bool details);
/* -x, -xxx, -xxxx: the first bytes of configuration space. */
void lspci_dump(const struct pci_function *fn, unsigned bytes);

/* Is any function outside segment 0? Then every address is printed with its segment. */
bool lspci_segments(void);
/* -s: [[[ssss]:]bb:]dd[.f] and shorter forms; an empty field takes any. false: not such a form. */
struct lspci_slot {
	int segment, bus, device, function; /* -1: any */
};
bool lspci_parse_slot(const char *text, struct lspci_slot *slot);

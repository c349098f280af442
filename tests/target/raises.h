/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "drivers/pci/pci.h"

/*
 * Raises each vector of a function by its driver's means. -1: each was handled exactly as
 * often as raised, and no other of the function meanwhile; else the first that was not.
 * Thread context.
 */
int raise_each(struct pci_function *fn, unsigned raises);

/*
 * Takes the function from its driver and offers it again: was it free in between, and has
 * the driver taken it with as many vectors as before? Thread context.
 */
bool removed_and_back(struct pci_function *fn);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "drivers/pci/pci.h"

/*
 * AHCI controllers, as far as one interrupt (Serial ATA AHCI specification, revision 1.3.1):
 * the first port with a device is identified, and a command without data raises the vector.
 * No reads, no writes.
 */
struct ahci;

/* NULL: not a function that this driver has. */
struct ahci *ahci_of(const struct pci_function *fn);

/* The model that the device named, without trailing blanks; NULL: no port has a device. */
const char *ahci_model(const struct ahci *ahci);

/* Asks the device again, announced by its interrupt. 0, -ENODEV, -EIO, -ETIMEDOUT. Thread context. */
int ahci_identify(struct ahci *ahci);

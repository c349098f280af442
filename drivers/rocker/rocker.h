/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "drivers/pci/pci.h"

/*
 * QEMU's switch device (QEMU documentation, "Rocker Network Switch Register Programming
 * Guide"), as far as raising each of its MSI-X vectors, two a port and four more; no frames.
 */
struct rocker;

/* NULL: not a function that this driver has. */
struct rocker *rocker_of(const struct pci_function *fn);

/* Does the test register double what is written to it? Any context. */
bool rocker_alive(struct rocker *rocker);

/* Ports by the device's own count. Any context. */
unsigned rocker_ports(struct rocker *rocker);

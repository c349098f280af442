/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "drivers/pci/raise.h"

/* The n-th function, from 0, that is one; NULL: there are fewer. */
struct pci_function *virtio_nth(bool (*is)(const struct pci_function *fn), unsigned n);

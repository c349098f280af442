/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "drivers/pci/pci.h"

/* How long one raise may take to be handled. */
#define PCI_RAISE_TIMEOUT_MS 5000

/* What became of a series of raises. */
struct pci_raised {
	unsigned raised;
	uint64_t handled; /* by the vector's counter, a moment after the last: shows extras too */
};

/*
 * Raises a vector of a function count times by its driver's own means, each after the
 * one before was handled. 0; -EOPNOTSUPP: its driver cannot; -EINVAL: no such vector, or
 * not this one; -ETIMEDOUT: the last one of out->raised was not handled; or the driver's
 * error. *out is always filled. Thread context, interrupts on.
 */
int pci_raise_series(struct pci_function *fn, unsigned vector, unsigned count,
		     struct pci_raised *out);

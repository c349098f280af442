// SPDX-License-Identifier: Apache-2.0
#include <errno.h>

#include "drivers/pci/pci.h"
#include "kernel/lib/bits.h"
#include "kernel/time.h"

/* How often a wait looks whether the function is there. */
#define SLICE_MS 100u

struct wait {
	struct pci_function *fn;
	bool (*cond)(void *arg);
	void *arg;
};

static bool ended(void *arg)
{
	const struct wait *wait = arg;

	return pci_gone(wait->fn) || wait->cond(wait->arg);
}

int pci_wait(struct pci_function *fn, bool (*cond)(void *arg), void *arg, uint32_t timeout_ms)
{
	struct wait wait = { fn, cond, arg };
	uint32_t slice;

	for (uint32_t left = timeout_ms; left; left -= slice) {
		slice = MIN(left, SLICE_MS);
		if (time_wait(ended, &wait, slice) || pci_lost(fn))
			return pci_gone(fn) && !cond(arg) ? -ENODEV : 0;
	}
	return -ETIMEDOUT;
}

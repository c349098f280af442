// SPDX-License-Identifier: Apache-2.0
#include "drivers/pci/raise.h"

#include <errno.h>

#include "arch/cpu.h"
#include "kernel/time.h"

/* Most are handled within microseconds, also on another hart; sleeping costs a millisecond then. */
#define SPIN_NS 500000
/* Long enough for an extra message to show. */
#define SETTLE_US 1000

struct raise_wait {
	const struct msi_function *msi;
	unsigned vector;
	uint64_t target;
};

static bool is_handled(void *arg)
{
	struct raise_wait *wait = arg;

	return msi_handled(wait->msi, wait->vector) >= wait->target;
}

static int wait_handled(struct pci_function *fn, struct raise_wait *wait)
{
	uint64_t start = time_ns();

	while (!is_handled(wait)) {
		if (time_ns() - start > SPIN_NS)
			return pci_wait(fn, is_handled, wait, PCI_RAISE_TIMEOUT_MS);
		cpu_relax();
	}
	return 0;
}

static int raise_one(struct pci_function *fn, struct raise_wait *wait)
{
	int err = fn->driver->raise(fn, wait->vector);

	return err ? err : wait_handled(fn, wait);
}

int pci_raise_series(struct pci_function *fn, unsigned vector, unsigned count,
		     struct pci_raised *out)
{
	struct raise_wait wait = { .msi = &fn->msi, .vector = vector };
	uint64_t before;
	int err = 0;

	*out = (struct pci_raised){ 0 };
	if (!fn->driver || !fn->driver->raise)
		return -EOPNOTSUPP;
	if (vector >= fn->msi.count)
		return -EINVAL;
	before = msi_handled(&fn->msi, vector);
	for (unsigned i = 1; i <= count && !err; i++) {
		wait.target = before + i;
		err = raise_one(fn, &wait);
		if (!err || err == -ETIMEDOUT)
			out->raised = i;
	}
	time_delay_us(SETTLE_US);
	out->handled = msi_handled(&fn->msi, vector) - before;
	return err;
}

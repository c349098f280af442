// SPDX-License-Identifier: Apache-2.0
/* Around resets and low-power states (docs/msi.md, "Suspend, resume, reset"). */
#include <errno.h>

#include "arch/cpu.h"
#include "kernel/msi.h"

/* Whoever was at a vector's registers has left them, and nobody comes to them any more. */
static void wait_for_owners(struct msi_function *fn)
{
	for (unsigned i = 0; i < fn->held; i++)
		while (!irq_settled(fn->descs[i]))
			cpu_relax();
}

/* What the function holds back under its mask bits would be gone with its registers. */
static void keep_pending(struct msi_function *fn)
{
	for (unsigned i = 0; i < fn->count; i++)
		if (fn->ops->pending(fn, i))
			irq_latch(fn->descs[i]);
}

static void suspend(struct msi_function *fn)
{
	for (unsigned i = 0; i < fn->held; i++)
		irq_suspend(fn->descs[i]);
	wait_for_owners(fn);
	keep_pending(fn);
	fn->ops->stop(fn);
	fn->ops->flush(fn);
}

int msi_suspend(struct msi_function *fn)
{
	if (!fn->count)
		return -EINVAL;
	if (!fn->enabled)
		return 0;
	msi_check_enter(fn);
	/* A level: it is there again when the handler may run again. */
	if (fn->ops->type == MSI_INTX)
		fn->by->disable(fn);
	else
		suspend(fn);
	fn->enabled = false;
	fn->suspended = true;
	fn->lost = true;
	msi_check_leave(fn);
	return 0;
}

int msi_resume(struct msi_function *fn)
{
	int rc;

	if (!fn->suspended)
		return 0;
	msi_check_enter(fn);
	rc = fn->ops->type == MSI_INTX ? fn->by->enable(fn) : fn->by->resume(fn);
	fn->enabled = !rc;
	fn->suspended = rc;
	msi_check_leave(fn);
	return rc;
}

void msi_suspend_ends(struct msi_function *fn)
{
	for (unsigned i = 0; i < fn->held && fn->ops->type != MSI_INTX; i++) {
		irq_deactivate(fn->descs[i]);
		irq_resume(fn->descs[i]);
	}
	fn->suspended = false;
}

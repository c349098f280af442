// SPDX-License-Identifier: Apache-2.0
/* The sanitizer of checked builds (docs/msi.md M4). */
#include <errno.h>
#include <stdatomic.h>

#include "kernel/lib/log.h"
#include "kernel/lib/panic.h"
#include "kernel/msi.h"

const bool msi_checked = true;

static _Atomic unsigned refused;

static int refuse(const struct msi_function *fn, unsigned i, const struct msi_msg *msg,
		  const void *caller, const char *why)
{
	atomic_fetch_add_explicit(&refused, 1, memory_order_relaxed);
	log_error("msi: %s[%u]: message 0x%lx/0x%x refused: %s (called from 0x%lx)", fn->name, i,
		  (unsigned long)msg->address, msg->data, why, (unsigned long)caller);
	return -EPERM;
}

int msi_check_write(struct msi_function *fn, unsigned i, const struct msi_msg *msg,
		    const void *caller)
{
	const struct irq_desc *desc;

	if (i >= fn->count)
		return refuse(fn, i, msg, caller, "no such vector is allocated");
	desc = fn->descs[i];
	if (!(desc->shadow & IRQ_SHADOW_MASKED) && fn->maskable)
		return refuse(fn, i, msg, caller, "the vector is not masked");
	if (!fn->maskable && fn->enabled)
		return refuse(fn, i, msg, caller, "the vector can't be masked and is enabled");
	if (fn->ops->type == MSI_MSI && msg->address > fn->address_limit)
		return refuse(fn, i, msg, caller, "the function can't reach the address");
	if (!fn->domain || !fn->domain->message_ok(desc, msg))
		return refuse(fn, i, msg, caller, "no place of this vector");
	return 0;
}

void msi_check_enter(struct msi_function *fn)
{
	/* acquire pairs with the release in msi_check_leave() */
	if (atomic_exchange_explicit(&fn->busy, 1, memory_order_acquire))
		panic("%s: alloc, enable, disable or free by two at once", fn->name);
}

void msi_check_leave(struct msi_function *fn)
{
	atomic_store_explicit(&fn->busy, 0, memory_order_release);
}

unsigned msi_check_refused(void)
{
	return atomic_load_explicit(&refused, memory_order_relaxed);
}

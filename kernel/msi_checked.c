// SPDX-License-Identifier: Apache-2.0
/* The sanitizer of checked builds (docs/msi.md M4). */
#include <errno.h>
#include <stdatomic.h>

#include "kernel/lib/log.h"
#include "kernel/lib/panic.h"
#include "kernel/msi.h"

const bool msi_checked = true;

static _Atomic unsigned asked, refused;

static int refuse(const struct msi_function *fn, unsigned i, const struct msi_msg *msg,
		  const void *caller, const char *why)
{
	atomic_fetch_add_explicit(&refused, 1, memory_order_relaxed);
	log_error("msi: %s[%u]: message 0x%lx/0x%x refused: %s (called from 0x%lx)", fn->name, i,
		  (unsigned long)msg->address, msg->data, why, (unsigned long)caller);
	return -EPERM;
}

/* The vectors whose message register i stands for: of plain MSI all, and data counts up. */
static unsigned sharers(const struct msi_function *fn)
{
	return fn->ops->type == MSI_MSI ? fn->held : 1;
}

static const char *where_it_leads(const struct msi_function *fn, unsigned i,
				  const struct msi_msg *msg)
{
	if (fn->ops->type == MSI_MSI && msg->address > fn->address_limit)
		return "the function can't reach the address";
	for (unsigned k = 0; k < sharers(fn); k++) {
		struct msi_msg of = { msg->address, msg->data + k };

		if (!fn->domain || !fn->domain->message_ok(fn->descs[i + k], &of))
			return "no place of this vector";
	}
	return NULL;
}

int msi_check_write(struct msi_function *fn, unsigned i, const struct msi_msg *msg,
		    const void *caller)
{
	const char *why;

	atomic_fetch_add_explicit(&asked, 1, memory_order_relaxed);
	if (i >= fn->count || (i && fn->ops->type == MSI_MSI))
		return refuse(fn, i, msg, caller, "no such vector is allocated");
	if (!fn->maskable && fn->enabled)
		return refuse(fn, i, msg, caller, "the vector can't be masked and is enabled");
	for (unsigned k = 0; k < sharers(fn) && fn->maskable; k++)
		if (!(fn->descs[i + k]->shadow & IRQ_SHADOW_MASKED))
			return refuse(fn, i + k, msg, caller, "the vector is not masked");
	why = where_it_leads(fn, i, msg);
	return why ? refuse(fn, i, msg, caller, why) : 0;
}

int msi_check_change(struct msi_function *fn, enum msi_part part, const struct msi_msg *msg,
		     const void *caller)
{
	struct msi_msg now;
	const char *why;

	atomic_fetch_add_explicit(&asked, 1, memory_order_relaxed);
	if (!fn->count || fn->maskable || fn->ops->type != MSI_MSI)
		return refuse(fn, 0, msg, caller, "not plain MSI without mask bits");
	fn->ops->read_msg(fn, 0, &now);
	if (part == MSI_PART_DATA ? msg->address != now.address
				  : msg->data != now.data || (msg->address ^ now.address) >> 32)
		return refuse(fn, 0, msg, caller, "more than one register would change");
	why = where_it_leads(fn, 0, msg);
	return why ? refuse(fn, 0, msg, caller, why) : 0;
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

unsigned msi_check_asked(void)
{
	return atomic_load_explicit(&asked, memory_order_relaxed);
}

unsigned msi_check_refused(void)
{
	return atomic_load_explicit(&refused, memory_order_relaxed);
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernel/irq.h"
#include "platform/dt.h"

/* Wired interrupts: a controller registers under its phandle; drivers ask for what their node names. */
struct wired_domain {
	uint32_t phandle;
	unsigned interrupt_cells;
	/*
	 * The descriptor of the source that an interrupt specifier names, masked, to be
	 * filled with handler, arg and name, then irq_activate()d. 0, -EINVAL, -EBUSY, -ENOSPC.
	 */
	int (*source)(struct wired_domain *domain, const uint32_t *specifier,
		      struct irq_desc **desc);
	struct wired_domain *next;
};

/* Boot; the domain lives for ever. */
void wired_register(struct wired_domain *domain);

/*
 * The n-th interrupt of the node (`interrupts`), handler set but not yet active:
 * irq_activate() lets it come. 0, -ENODEV (no such property or controller), as source().
 */
int wired_request(dt_node_t node, unsigned n, irq_handler_t handler, void *arg, const char *name,
		  struct irq_desc **desc);

/*
 * One of several that share a level source. run is called at each interrupt of the source as a
 * handler is, and says whether it was his. Lives for ever once it has joined.
 */
struct wired_user {
	bool (*run)(void *arg);
	void *arg;
	_Atomic(struct wired_user *) next;
};

/*
 * Joins those at the interrupt's source, which is active from then on; the first one takes it.
 * A source at which nobody claims a long row of interrupts is masked, with a log line. 0,
 * -ENODEV: no such controller, -EBUSY: somebody has it alone; as source(). Thread context.
 */
int wired_join(const struct dt_interrupt *interrupt, struct wired_user *user, const char *name);

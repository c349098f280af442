/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

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

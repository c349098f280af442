// SPDX-License-Identifier: Apache-2.0
#include "drivers/irqchip/wired.h"

#include <errno.h>

#define MAX_CELLS 4

static struct wired_domain *domains;

void wired_register(struct wired_domain *domain)
{
	domain->next = domains;
	domains = domain;
}

static struct wired_domain *find(uint32_t phandle)
{
	struct wired_domain *domain = domains;

	while (domain && domain->phandle != phandle)
		domain = domain->next;
	return domain;
}

int wired_request(dt_node_t node, unsigned n, irq_handler_t handler, void *arg, const char *name,
		  struct irq_desc **desc)
{
	struct wired_domain *domain = find(dt_phandle(dt_interrupt_parent(node)));
	uint32_t specifier[MAX_CELLS];
	int rc;

	if (!domain || !domain->interrupt_cells || domain->interrupt_cells > MAX_CELLS)
		return -ENODEV;
	if ((n + 1) * domain->interrupt_cells > dt_cells(node, "interrupts"))
		return -ENODEV;
	for (unsigned i = 0; i < domain->interrupt_cells; i++)
		specifier[i] = dt_u32(node, "interrupts", n * domain->interrupt_cells + i, 0);
	rc = domain->source(domain, specifier, desc);
	if (rc)
		return rc;
	(*desc)->handler = handler;
	(*desc)->arg = arg;
	(*desc)->name = name;
	return 0;
}

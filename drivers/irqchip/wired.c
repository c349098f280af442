// SPDX-License-Identifier: Apache-2.0
#include "drivers/irqchip/wired.h"

#include <errno.h>
#include <stdlib.h>

#include "kernel/lib/log.h"

#define MAX_CELLS 4
/* Interrupts in a row that nobody claims; a few come when a wire falls late. */
#define MAX_UNCLAIMED 100000
#define MAX_PASSES    1000

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

/* A source that is shared. */
struct line {
	const struct wired_domain *domain;
	uint32_t number; /* first cell of the specifier */
	struct irq_desc *desc;
	_Atomic(struct wired_user *) users;
	unsigned unclaimed; /* in a row; the handler's alone */
	struct line *next;
};

static struct line *lines;

/* Did anybody have something? */
static bool run_users(struct line *line)
{
	bool claimed = false;

	/* acquire: pairs with the release of join(); a user is filled in when it is seen */
	for (struct wired_user *user = atomic_load_explicit(&line->users, memory_order_acquire);
	     user; user = atomic_load_explicit(&user->next, memory_order_acquire))
		claimed |= user->run(user->arg);
	return claimed;
}

/*
 * Until nobody has anything: a controller may take no notice of a wire that another
 * of them, or the same one again, has kept asserted all the while (QEMU's PLIC looks at
 * changes alone). Bounded, as a function may never be quiet.
 */
static void run_line(void *arg)
{
	struct line *line = arg;
	bool claimed = run_users(line);

	for (unsigned pass = 1; claimed && pass < MAX_PASSES && run_users(line); pass++)
		;
	line->unclaimed = claimed ? 0 : line->unclaimed + 1;
	if (line->unclaimed == MAX_UNCLAIMED) {
		log_error("%s: interrupt %u stays asserted and is nobody's: masked",
			  line->desc->name, irq_number(line->desc));
		irq_mask(line->desc);
	}
}

static struct line *find_line(const struct wired_domain *domain, uint32_t number)
{
	struct line *line = lines;

	while (line && (line->domain != domain || line->number != number))
		line = line->next;
	return line;
}

static void join(struct line *line, struct wired_user *user)
{
	atomic_store_explicit(&user->next, atomic_load_explicit(&line->users, memory_order_relaxed),
			      memory_order_relaxed);
	/* release: pairs with run_line()'s acquire */
	atomic_store_explicit(&line->users, user, memory_order_release);
}

static int open_line(struct wired_domain *domain, const uint32_t *specifier,
		     struct wired_user *user, const char *name)
{
	struct line *line = calloc(1, sizeof(*line));
	int rc;

	if (!line)
		return -ENOMEM;
	rc = domain->source(domain, specifier, &line->desc);
	if (rc) {
		free(line);
		return rc;
	}
	line->domain = domain;
	line->number = specifier[0];
	line->desc->handler = run_line;
	line->desc->arg = line;
	line->desc->name = name;
	join(line, user);
	line->next = lines;
	lines = line;
	return irq_activate(line->desc);
}

int wired_join(const struct dt_interrupt *interrupt, struct wired_user *user, const char *name)
{
	struct wired_domain *domain = find(dt_phandle(interrupt->controller));
	struct line *line;

	if (!domain || domain->interrupt_cells != interrupt->nr_cells)
		return -ENODEV;
	line = find_line(domain, interrupt->specifier[0]);
	if (!line)
		return open_line(domain, interrupt->specifier, user, name);
	join(line, user);
	return 0;
}

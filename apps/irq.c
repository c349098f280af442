// SPDX-License-Identifier: Apache-2.0
#include "kernel/irq.h"

#include <stdio.h>

#include "apps/command.h"
#include "kernel/msi.h"
#include "kernel/smp.h"

/* Dead descriptors have no row; what arrived late at them still counts in the totals. */
static bool in_use(const struct irq_desc *desc)
{
	uint32_t state = atomic_load_explicit(&desc->state, memory_order_relaxed);

	return desc->kind != IRQ_KIND_FREE && desc->kind != IRQ_KIND_SPECIAL && !(state & IRQ_DEAD);
}

static void print_source(const struct irq_desc *desc)
{
	bool of_function = desc->kind == IRQ_KIND_MSI || desc->kind == IRQ_KIND_INTX;
	const struct msi_function *fn = of_function ? desc->chip_data : NULL;
	const char *name = desc->name ? desc->name : "-";
	char place[32];

	if (!fn) {
		printf(" %-8s %-8s %-13s %s\n", desc->chip ? desc->chip->name : "-", "-", "-",
		       name);
		return;
	}
	snprintf(place, sizeof(place), "%s[%u]", fn->name, desc->index);
	printf(" %-8s %-8s %-13s %s\n",
	       desc->kind != IRQ_KIND_MSI ? "-"
	       : fn->domain               ? fn->domain->name
					  : desc->chip->name,
	       fn->by->name, place, name);
}

static void print_header(void)
{
	printf("%5s", "irq");
	for (unsigned i = 0; i < smp_count(); i++) {
		char column[16];

		snprintf(column, sizeof(column), "hart%u", i);
		printf(" %9s", column);
	}
	printf(" %-8s %-8s %-13s %s\n", "chip", "backend", "function", "name");
}

static void print_row(const struct irq_desc *desc)
{
	printf("%5u", irq_number(desc));
	/* relaxed: each counter has one writer; a snapshot */
	for (unsigned i = 0; i < smp_count(); i++)
		printf(" %9llu",
		       (unsigned long long)__atomic_load_n(&desc->handled[i], __ATOMIC_RELAXED));
	print_source(desc);
}

static int run(int argc, char **argv)
{
	/* Of vectors that are gone too. */
	uint64_t spurious = atomic_load_explicit(&irq_spurious_total, memory_order_relaxed) +
			    atomic_load_explicit(&irq_gone.spurious, memory_order_relaxed);
	uint64_t late = atomic_load_explicit(&irq_gone.late, memory_order_relaxed);
	uint64_t dead = atomic_load_explicit(&irq_gone.dead, memory_order_relaxed);

	if (argc > 1)
		return command_usage(command_find(argv[0]));
	print_header();
	for (unsigned i = 0; i < irq_desc_count(); i++) {
		const struct irq_desc *desc = irq_desc_at(i);

		if (in_use(desc))
			print_row(desc);
		spurious += atomic_load_explicit(&desc->spurious, memory_order_relaxed);
		late += atomic_load_explicit(&desc->late, memory_order_relaxed);
		dead += atomic_load_explicit(&desc->dead, memory_order_relaxed);
	}
	printf("spurious: %llu\nlate: %llu\ndead: %llu\n", (unsigned long long)spurious,
	       (unsigned long long)late, (unsigned long long)dead);
	return 0;
}

TABLE_ENTRY(struct command, command, 5, irq) = {
	.name = "irq",
	.usage = "",
	.help = "interrupts: counts by hart, chip, backend, function[vector], name",
	.run = run,
};

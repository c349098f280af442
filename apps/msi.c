// SPDX-License-Identifier: Apache-2.0
#include "kernel/msi.h"

#include <stdio.h>

#include "apps/command.h"
#include "apps/pci.h"
#include "drivers/pci/pci.h"

static const char *backend_name(void)
{
	for (const struct pci_function *fn = pci_first(); fn; fn = fn->next)
		if (fn->msi.backend)
			return fn->msi.backend->name;
	return "none";
}

static unsigned long counter(const _Atomic uint32_t *value)
{
	return atomic_load_explicit(value, memory_order_relaxed);
}

static void print_vector(struct msi_function *fn, unsigned i)
{
	const struct irq_desc *desc = fn->descs[i];
	bool has_bits = fn->ops->can_mask(fn);
	struct msi_msg msg;
	char vector[24];

	fn->ops->read_msg(fn, i, &msg);
	snprintf(vector, sizeof(vector), "%s[%u]", fn->name, i);
	printf("%-12s %4u %4u 0x%010llx 0x%08lx %6s %7s %7llu %4lu %8lu %4lu %5lu\n", vector,
	       desc->hart, desc->identity, (unsigned long long)msg.address, (unsigned long)msg.data,
	       has_bits ? fn->ops->masked(fn, i) ? "yes" : "no" : "-",
	       has_bits ? fn->ops->pending(fn, i) ? "yes" : "no" : "-",
	       (unsigned long long)irq_handled(desc), counter(&desc->late),
	       counter(&desc->spurious), counter(&desc->dead), counter(&desc->moved));
}

/* What came for vectors that were freed since. */
static void print_gone(const struct msi_function *fn)
{
	const struct irq_gone *gone = &fn->gone;

	if (gone->late | gone->spurious | gone->dead | gone->moved)
		printf("%s, freed vectors: late %llu, spurious %llu, dead %llu, moved %llu\n",
		       fn->name, (unsigned long long)gone->late, (unsigned long long)gone->spurious,
		       (unsigned long long)gone->dead, (unsigned long long)gone->moved);
}

static void print_function(struct pci_function *pci)
{
	struct msi_function *fn = &pci->msi;

	if (!pci->usable) {
		printf("%s: left out: %s\n", fn->name, pci->problem ? pci->problem : "malformed");
	} else if (!fn->count && !fn->msix_ops && !fn->msi_ops) {
		printf("%s: no MSI\n", fn->name);
	} else if (!fn->count && !fn->backend) {
		printf("%s: no MSI controller for this function\n", fn->name);
	} else if (!fn->count) {
		printf("%s: MSI-X %u, MSI %u, nothing allocated\n", fn->name, fn->msix_count,
		       fn->msi_count);
	} else {
		printf("%s: %s, vectors: %u, %s%s%s\n", fn->name, msi_type_name(fn->ops->type),
		       fn->count, fn->enabled ? "enabled" : "disabled",
		       fn->by->owner ? ", registers: " : "", fn->by->owner ? fn->by->owner : "");
		for (unsigned i = 0; i < fn->count; i++)
			print_vector(fn, i);
	}
	print_gone(fn);
}

static int run(int argc, char **argv)
{
	struct pci_function *only = NULL;

	if (argc > 2)
		return command_usage(command_find(argv[0]));
	if (argc == 2) {
		only = command_function("msi", argv[1]);
		if (!only)
			return -1;
	}
	printf("msi backend: %s\n",
	       only && only->msi.backend ? only->msi.backend->name : backend_name());
	printf("%-12s %4s %4s %-12s %-10s %6s %7s %7s %4s %8s %4s %5s\n", "vector", "hart", "id",
	       "address", "data", "masked", "pending", "handled", "late", "spurious", "dead",
	       "moved");
	for (struct pci_function *fn = pci_first(); fn; fn = fn->next)
		if (!only || fn == only)
			print_function(fn);
	if (msi_checked && !only)
		printf("messages written: %u, refused: %u\n", msi_check_asked(),
		       msi_check_refused());
	return 0;
}

TABLE_ENTRY(struct command, command, 5, msi) = {
	.name = "msi",
	.usage = "[BDF]",
	.help = "MSI vectors: place, message as the function holds it, counters",
	.run = run,
};

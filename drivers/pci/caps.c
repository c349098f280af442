// SPDX-License-Identifier: Apache-2.0
/*
 * Capability lists (PCI Local Bus Specification, 6.7; PCIe Base Specification, "PCI
 * Express Extended Capabilities"). The device says where the next one is: every offset
 * is checked and every walk is bounded by how many could fit.
 */
#include <errno.h>

#include "drivers/pci/internal.h"
#include "drivers/pci/pci_regs.h"

#define MAX_CAPS     ((PCI_CONFIG_SIZE - PCI_CAP_FIRST) / 4)
#define MAX_EXT_CAPS ((PCI_EXTENDED_CONFIG_SIZE - PCI_EXT_CAP_FIRST) / 4)

/* Called for each capability; true ends the walk. */
typedef bool (*visit_t)(void *arg, unsigned id, unsigned offset);

/* Offset where visit said true, 0 at the end of the list, -EINVAL, -ELOOP. */
static int walk(const struct pci_function *fn, visit_t visit, void *arg)
{
	unsigned offset;

	if (!(pci_read16(fn, PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return 0;
	offset = pci_read8(fn, PCI_CAPABILITIES_POINTER) & PCI_CAP_POINTER_MASK;
	for (unsigned n = 0; offset; n++) {
		uint16_t header;

		if (n == MAX_CAPS)
			return -ELOOP;
		if (offset < PCI_CAP_FIRST)
			return -EINVAL;
		header = pci_read16(fn, offset);
		if (header == UINT16_MAX)
			return -EINVAL;
		if (visit(arg, header & 0xff, offset))
			return (int)offset;
		offset = (header >> 8) & PCI_CAP_POINTER_MASK;
	}
	return 0;
}

static int walk_extended(const struct pci_function *fn, visit_t visit, void *arg)
{
	unsigned offset = PCI_EXT_CAP_FIRST;

	if (fn->host->config_size < PCI_EXTENDED_CONFIG_SIZE)
		return 0;
	for (unsigned n = 0; offset; n++) {
		uint32_t header;

		if (n == MAX_EXT_CAPS)
			return -ELOOP;
		if (offset < PCI_EXT_CAP_FIRST)
			return -EINVAL;
		header = pci_read32(fn, offset);
		/* Empty: one header of 0; without these registers, all ones. */
		if (offset == PCI_EXT_CAP_FIRST && (!header || header == UINT32_MAX))
			return 0;
		if (header == UINT32_MAX)
			return -EINVAL;
		if (visit(arg, FIELD_GET(PCI_EXT_CAP_ID, header), offset))
			return (int)offset;
		offset = FIELD_GET(PCI_EXT_CAP_NEXT, header) & PCI_EXT_CAP_POINTER_MASK;
	}
	return 0;
}

struct search {
	unsigned id, after;
	bool passed;
};

static bool search_visit(void *arg, unsigned id, unsigned offset)
{
	struct search *search = arg;

	if (search->passed && id == search->id)
		return true;
	if (offset == search->after)
		search->passed = true;
	return false;
}

int pci_find_capability(const struct pci_function *fn, uint8_t id, unsigned after)
{
	struct search search = { .id = id, .after = after, .passed = !after };

	return walk(fn, search_visit, &search);
}

int pci_find_extended_capability(const struct pci_function *fn, uint16_t id, unsigned after)
{
	struct search search = { .id = id, .after = after, .passed = !after };

	return walk_extended(fn, search_visit, &search);
}

/* The first of each kind counts. */
static bool keep_visit(void *arg, unsigned id, unsigned offset)
{
	struct pci_function *fn = arg;
	uint8_t *kept = id == PCI_CAP_ID_PM     ? &fn->cap_pm
			: id == PCI_CAP_ID_MSI  ? &fn->cap_msi
			: id == PCI_CAP_ID_MSIX ? &fn->cap_msix
			: id == PCI_CAP_ID_PCIE ? &fn->cap_pcie
						: NULL;

	if (kept && !*kept)
		*kept = (uint8_t)offset;
	return false;
}

static bool keep_extended_visit(void *arg, unsigned id, unsigned offset)
{
	struct pci_function *fn = arg;

	if (id == PCI_EXT_CAP_ID_ARI && !fn->cap_ari)
		fn->cap_ari = (uint16_t)offset;
	if (id == PCI_EXT_CAP_ID_SRIOV && !fn->cap_sriov)
		fn->cap_sriov = (uint16_t)offset;
	return false;
}

int pci_read_capabilities(struct pci_function *fn)
{
	int rc = walk(fn, keep_visit, fn);

	/* Extended configuration space belongs to functions with a PCI Express capability. */
	return rc || !fn->cap_pcie ? rc : walk_extended(fn, keep_extended_visit, fn);
}

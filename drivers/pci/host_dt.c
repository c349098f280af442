// SPDX-License-Identifier: Apache-2.0
/* Host bridges in the device tree (binding pci-bus; msi-map: binding pci-msi). */
#include "drivers/pci/host_dt.h"

#include <errno.h>

#include "kernel/lib/log.h"
#include "platform/dt.h"

/* The first cell of a PCI address, phys.hi (IEEE 1275 PCI Bus Binding, 2.2.1.1). */
#define PHYS_HI_SPACE       GENMASK(25, 24)
#define PHYS_HI_SPACE_IO    1
#define PHYS_HI_SPACE_MEM32 2
#define PHYS_HI_SPACE_MEM64 3
#define PHYS_HI_RID_SHIFT   8
#define PCI_ADDRESS_CELLS   3
#define PCI_SIZE_CELLS      2
#define MAP_CELLS           4

#define FIRST_4G (1ull << 32)

static void add_window(struct pci_host *host, enum pci_space space, struct pci_window window)
{
	/* Nothing above 4 GiB is reachable by a 32-bit BAR. */
	if (space == PCI_SPACE_MEM32 && window.bus_base + window.size > FIRST_4G) {
		log_warn("pci: a 32-bit window beyond 4 GiB is not used");
		return;
	}
	/* One window a space: the largest. */
	if (window.size > host->windows[space].size)
		host->windows[space] = window;
}

static void read_range(struct pci_dt_host *dt, unsigned at, unsigned parent_cells)
{
	uint32_t hi = dt_u32(dt->node, "ranges", at, 0);
	unsigned cpu = at + PCI_ADDRESS_CELLS;
	struct pci_window window = {
		.bus_base = dt_number(dt->node, "ranges", at + 1, PCI_ADDRESS_CELLS - 1),
		.cpu_base = dt_number(dt->node, "ranges", cpu, parent_cells),
		.size = dt_number(dt->node, "ranges", cpu + parent_cells, PCI_SIZE_CELLS),
	};

	struct dt_range range = { window.cpu_base, window.size };

	if (window.bus_base + window.size < window.bus_base ||
	    dt_translate(dt_parent(dt->node), &range))
		return;
	window.cpu_base = range.base;
	switch (FIELD_GET(PHYS_HI_SPACE, hi)) {
	case PHYS_HI_SPACE_IO:
		add_window(&dt->host, PCI_SPACE_IO, window);
		break;
	case PHYS_HI_SPACE_MEM32:
		add_window(&dt->host, PCI_SPACE_MEM32, window);
		break;
	case PHYS_HI_SPACE_MEM64:
		add_window(&dt->host, PCI_SPACE_MEM64, window);
		break;
	default:
		break;
	}
}

static int read_ranges(struct pci_dt_host *dt)
{
	unsigned parent_cells = dt_address_cells(dt_parent(dt->node));
	unsigned row = PCI_ADDRESS_CELLS + parent_cells + PCI_SIZE_CELLS;
	unsigned cells = dt_cells(dt->node, "ranges");
	struct pci_window *windows = dt->host.windows;

	if (dt_address_cells(dt->node) != PCI_ADDRESS_CELLS ||
	    dt_size_cells(dt->node) != PCI_SIZE_CELLS || !cells || cells % row)
		return -EINVAL;
	for (unsigned at = 0; at < cells; at += row)
		read_range(dt, at, parent_cells);
	/* "64-bit" names a form of address: such a window below 4 GiB serves 32-bit BARs too. */
	if (!windows[PCI_SPACE_MEM32].size &&
	    windows[PCI_SPACE_MEM64].bus_base + windows[PCI_SPACE_MEM64].size <= FIRST_4G) {
		windows[PCI_SPACE_MEM32] = windows[PCI_SPACE_MEM64];
		windows[PCI_SPACE_MEM64] = (struct pci_window){ 0 };
	}
	return 0;
}

/*
 * msi-map, iommu-map: rows of first requester ID, phandle, first id there, how many. mask: the
 * property that says which bits of requester IDs count. false: none is the requester's.
 */
static bool map_rid(dt_node_t node, const char *map, const char *mask, uint32_t rid,
		    uint32_t *phandle, uint32_t *id)
{
	uint32_t masked = rid & dt_u32(node, mask, 0, UINT16_MAX);

	for (unsigned at = 0; at + MAP_CELLS <= dt_cells(node, map); at += MAP_CELLS) {
		uint32_t base = dt_u32(node, map, at, 0);

		if (masked < base || masked - base >= dt_u32(node, map, at + 3, 0))
			continue;
		*phandle = dt_u32(node, map, at + 1, 0);
		*id = dt_u32(node, map, at + 2, 0) + (masked - base);
		return true;
	}
	return false;
}

static const struct msi_domain *find_domain(struct pci_host *host, uint16_t rid,
					    uint32_t *device_id)
{
	dt_node_t node = ((struct pci_dt_host *)host)->node;
	uint32_t phandle;

	*device_id = rid;
	if (dt_has(node, "msi-map"))
		return map_rid(node, "msi-map", "msi-map-mask", rid, &phandle, device_id)
			       ? msi_domain_find(phandle)
			       : NULL;
	if (!dt_has(node, "msi-parent"))
		return NULL;
	return msi_domain_find(dt_u32(node, "msi-parent", 0, 0));
}

static struct msi_iommu *find_iommu(struct pci_host *host, uint16_t rid, uint32_t *id)
{
	dt_node_t node = ((struct pci_dt_host *)host)->node;
	uint32_t phandle;

	return map_rid(node, "iommu-map", "iommu-map-mask", rid, &phandle, id)
		       ? msi_iommu_find(phandle)
		       : NULL;
}

/* A unit address of three cells, of which phys.hi says the function, and a pin. */
static int map_intx(struct pci_host *host, uint16_t rid, unsigned pin,
		    struct dt_interrupt *interrupt)
{
	const uint32_t address[PCI_ADDRESS_CELLS] = { (uint32_t)rid << PHYS_HI_RID_SHIFT };

	*interrupt = (struct dt_interrupt){ .nr_cells = 1, .specifier = { pin } };
	return dt_map_interrupt(((struct pci_dt_host *)host)->node, address, interrupt);
}

static bool segment_is_taken(uint16_t segment)
{
	for (const struct pci_function *fn = pci_first(); fn; fn = fn->next)
		if (fn->msi.segment == segment)
			return true;
	return false;
}

/* As the tree says it, or numbered in order; two hosts with one number would have one name. */
static uint16_t choose_segment(dt_node_t node)
{
	uint32_t wanted = dt_u32(node, "linux,pci-domain", 0, 0);
	uint16_t segment = (uint16_t)wanted;

	while (segment_is_taken(segment))
		segment++;
	if (segment != wanted && dt_has(node, "linux,pci-domain"))
		log_warn("pci: %s: segment %x is another's or out of range: %x instead",
			 dt_name(node), (unsigned)wanted, segment);
	return segment;
}

int pci_dt_host_init(struct pci_dt_host *dt, dt_node_t node)
{
	uint32_t first = dt_u32(node, "bus-range", 0, 0);
	uint32_t last = dt_u32(node, "bus-range", 1, UINT8_MAX);

	dt->node = node;
	dt->host.msi_domain = find_domain;
	dt->host.iommu = find_iommu;
	dt->host.segment = choose_segment(node);
	if (dt_has(node, "interrupt-map"))
		dt->host.map_intx = map_intx;
	if (last > UINT8_MAX || first > last)
		return -EINVAL;
	dt->host.first_bus = (uint8_t)first;
	dt->host.last_bus = (uint8_t)last;
	return read_ranges(dt);
}

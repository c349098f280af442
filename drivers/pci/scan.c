// SPDX-License-Identifier: Apache-2.0
/* Finds functions, depth first; bus numbers are given out on the way. */
#include "drivers/pci/internal.h"

#include <errno.h>
#include <stdlib.h>

#include "drivers/pci/pci_regs.h"
#include "kernel/lib/log.h"

#define DEVICES_PER_BUS      32
#define FUNCTIONS_PER_DEVICE 8
/* Each level takes stack here and in pci_layout(). */
#define MAX_DEPTH 16

static uint16_t rid_of(unsigned bus, unsigned device, unsigned function)
{
	return (uint16_t)(bus << 8 | device << 3 | function);
}

static void read_identity(struct pci_function *fn, uint32_t id)
{
	fn->vendor = (uint16_t)id;
	fn->device = (uint16_t)(id >> 16);
	fn->class_rev = pci_read32(fn, PCI_CLASS_REVISION);
	fn->header_type = pci_read8(fn, PCI_HEADER_TYPE) & PCI_HEADER_TYPE_MASK;
	if (fn->header_type == PCI_HEADER_TYPE_NORMAL) {
		fn->subsystem_vendor = pci_read16(fn, PCI_SUBSYSTEM_VENDOR_ID);
		fn->subsystem_device = pci_read16(fn, PCI_SUBSYSTEM_ID);
	}
}

static const char *examine(struct pci_function *fn)
{
	const char *problem;

	switch (pci_read_capabilities(fn)) {
	case 0:
		break;
	case -ELOOP:
		return "its capability list is a loop";
	default:
		return "its capability list leaves configuration space";
	}
	problem = pci_msix_read(fn);
	return problem ? problem : pci_msi_read(fn);
}

void pci_examine(struct pci_function *fn)
{
	const char *problem = examine(fn);

	if (problem)
		pci_leave_out(fn, problem);
}

static bool add_bridge(struct pci_function *fn)
{
	if (fn->header_type != PCI_HEADER_TYPE_BRIDGE)
		return true;
	fn->bridge = calloc(1, sizeof(*fn->bridge));
	if (!fn->bridge)
		return false;
	pci_probe_bridge_windows(fn);
	fn->bridge->forwards = true;
	return true;
}

static bool has_hotplug_slot(const struct pci_function *fn)
{
	return fn->cap_pcie && fn->cap_pcie + PCI_PCIE_SLTSTA + 2 <= PCI_CONFIG_SIZE &&
	       (pci_read16(fn, fn->cap_pcie + PCI_PCIE_FLAGS) & PCI_PCIE_FLAGS_SLOT) &&
	       (pci_read32(fn, fn->cap_pcie + PCI_PCIE_SLTCAP) & PCI_PCIE_SLTCAP_HOTPLUG);
}

/* Fills a function that answers; what is wrong with it is logged once. */
static void set_up(struct pci_function *fn)
{
	if (fn->header_type > PCI_HEADER_TYPE_BRIDGE) {
		pci_leave_out(fn, "unknown header type");
		return;
	}
	/* Whatever the firmware left: no decoding while BARs move, no DMA, no INTx. */
	pci_write16(fn, PCI_COMMAND, PCI_COMMAND_INTX_DISABLE);
	if (pci_size_bars(fn)) {
		pci_leave_out(fn, "a BAR does not size");
		return;
	}
	if (!add_bridge(fn)) {
		pci_leave_out(fn, "out of memory");
		return;
	}
	pci_examine(fn);
	if (fn->bridge)
		fn->bridge->hotplug = has_hotplug_slot(fn);
}

struct pci_function *pci_new_function(struct pci_host *host, struct pci_function *parent,
				      uint16_t rid)
{
	struct pci_function *fn = pci_function_take(host, rid);

	if (!fn) {
		log_error("pci: out of memory at function %02x:%02x.%x", rid >> 8, (rid >> 3) & 31,
			  rid & 7);
		return NULL;
	}
	fn->host = host;
	fn->parent = parent;
	fn->msi.rid = rid;
	fn->msi.segment = host->segment;
	fn->usable = true;
	pci_function_add(fn);
	return fn;
}

static struct pci_function *add_function(struct pci_host *host, struct pci_function *parent,
					 uint16_t rid, uint32_t id)
{
	struct pci_function *fn = pci_new_function(host, parent, rid);

	if (fn) {
		read_identity(fn, id);
		set_up(fn);
	}
	return fn;
}

/* Nobody: all ones, vendor 0, and vendor 1 (Configuration Request Retry). */
static bool answers(uint32_t id)
{
	return (uint16_t)id != UINT16_MAX && (uint16_t)id != 0 && (uint16_t)id != 1;
}

static void scan_device(struct pci_host *host, struct pci_function *parent, unsigned bus,
			unsigned device)
{
	unsigned count = 1;

	for (unsigned function = 0; function < count; function++) {
		uint16_t rid = rid_of(bus, device, function);
		uint32_t id = host->config->read32(host, rid, PCI_VENDOR_ID);

		if (!answers(id)) {
			if (!function)
				return;
			continue;
		}
		if (!function &&
		    host->config->read8(host, rid, PCI_HEADER_TYPE) & PCI_HEADER_TYPE_MULTI)
			count = FUNCTIONS_PER_DEVICE;
		if (!add_function(host, parent, rid, id))
			return;
	}
}

/* Below these ports is a link with device 0 alone (PCIe Base Specification, "Device Number"). */
static bool is_link(const struct pci_function *bridge)
{
	unsigned type;

	if (!bridge || !bridge->cap_pcie)
		return false;
	type = FIELD_GET(PCI_PCIE_FLAGS_TYPE,
			 pci_read16(bridge, bridge->cap_pcie + PCI_PCIE_FLAGS));
	return type == PCI_PCIE_TYPE_ROOT_PORT || type == PCI_PCIE_TYPE_DOWNSTREAM;
}

/* Whether the port's link may carry 8-bit function numbers: all that is there says so. */
static bool set_ari(struct pci_host *host, struct pci_function *port)
{
	unsigned control = port->cap_pcie + PCI_PCIE_DEVCTL2;
	struct pci_function *fn;
	uint16_t value;

	if (port->cap_pcie + PCI_PCIE_SIZE > PCI_CONFIG_SIZE ||
	    FIELD_GET(PCI_PCIE_FLAGS_VERSION, pci_read16(port, port->cap_pcie + PCI_PCIE_FLAGS)) <
		    2 ||
	    !(pci_read32(port, port->cap_pcie + PCI_PCIE_DEVCAP2) & PCI_PCIE_DEVCAP2_ARI))
		return false;
	port->bridge->ari = true;
	for_each_child(host, port, fn)
		port->bridge->ari &= fn->cap_ari != 0;
	value = pci_read16(port, control) & (uint16_t)~PCI_PCIE_DEVCTL2_ARI;
	pci_write16(port, control, port->bridge->ari ? value | PCI_PCIE_DEVCTL2_ARI : value);
	return port->bridge->ari;
}

static struct pci_function *child_at(struct pci_host *host, struct pci_function *parent,
				     uint16_t rid)
{
	struct pci_function *fn;

	for_each_child(host, parent, fn)
		if (fn->msi.rid == rid)
			return fn;
	return NULL;
}

/*
 * Functions that the numbers 0 to 7 do not reach: each names the next one (PCIe Base
 * Specification, "ARI Extended Capability"), whose number is higher, so that the walk ends.
 */
static void scan_ari(struct pci_host *host, struct pci_function *port, unsigned bus)
{
	struct pci_function *fn = child_at(host, port, rid_of(bus, 0, 0));
	unsigned number = 0, next;

	if (!fn || !set_ari(host, port))
		return;
	for (; fn && fn->cap_ari; number = next) {
		uint16_t rid;
		uint32_t id;

		next = FIELD_GET(PCI_ARI_NEXT, pci_read16(fn, fn->cap_ari + PCI_ARI_CAPABILITY));
		if (next <= number)
			return;
		rid = (uint16_t)(bus << 8 | next);
		fn = child_at(host, port, rid);
		id = fn ? 0 : host->config->read32(host, rid, PCI_VENDOR_ID);
		if (!fn && answers(id))
			fn = add_function(host, port, rid, id);
	}
}

static void scan_bus(struct pci_host *host, struct pci_function *parent, unsigned bus,
		     unsigned depth);

static void write_buses(struct pci_function *fn, unsigned primary, unsigned secondary,
			unsigned subordinate)
{
	pci_write8(fn, PCI_PRIMARY_BUS, (uint8_t)primary);
	pci_write8(fn, PCI_SECONDARY_BUS, (uint8_t)secondary);
	pci_write8(fn, PCI_SUBORDINATE_BUS, (uint8_t)subordinate);
}

static void scan_bridge(struct pci_host *host, struct pci_function *fn, unsigned depth)
{
	unsigned bus = fn->msi.rid >> 8;

	if (host->next_bus > host->bus_limit || depth == MAX_DEPTH) {
		write_buses(fn, bus, 0, 0);
		fn->bridge->forwards = false;
		pci_leave_out(fn, depth == MAX_DEPTH ? "too many bridges above it"
						     : "no bus number is left");
		return;
	}
	fn->bridge->secondary = (uint8_t)host->next_bus++;
	/* All that follow are behind it until it is known how many there are. */
	write_buses(fn, bus, fn->bridge->secondary, host->bus_limit);
	scan_bus(host, fn, fn->bridge->secondary, depth + 1);
	fn->bridge->subordinate = (uint8_t)(host->next_bus - 1);
	write_buses(fn, bus, fn->bridge->secondary, fn->bridge->subordinate);
}

static void scan_bus(struct pci_host *host, struct pci_function *parent, unsigned bus,
		     unsigned depth)
{
	unsigned devices = is_link(parent) ? 1 : DEVICES_PER_BUS;
	struct pci_function *fn;

	for (unsigned device = 0; device < devices; device++)
		scan_device(host, parent, bus, device);
	if (devices == 1)
		scan_ari(host, parent, bus);
	for_each_child(host, parent, fn)
		if (fn->cap_sriov && fn->usable)
			pci_sriov_prepare(fn);
	/* After the whole bus: functions are found in the order of their requester IDs. */
	for_each_child(host, parent, fn)
		if (fn->bridge)
			scan_bridge(host, fn, depth);
}

void pci_scan(struct pci_host *host)
{
	host->next_bus = host->first_bus + 1;
	host->bus_limit = host->last_bus;
	scan_bus(host, NULL, host->first_bus, 0);
}

void pci_scan_slot(struct pci_function *port)
{
	const struct pci_bridge *bridge = port->bridge;
	struct pci_host *host = port->host;
	uint16_t next = host->next_bus, limit = host->bus_limit;
	unsigned depth = 0;

	for (const struct pci_function *up = port; up; up = up->parent)
		depth++;
	host->next_bus = bridge->secondary + 1;
	host->bus_limit = bridge->subordinate;
	scan_bus(host, port, bridge->secondary, depth);
	host->next_bus = next;
	host->bus_limit = limit;
}

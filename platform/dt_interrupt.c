// SPDX-License-Identifier: Apache-2.0
/* The walk through interrupt-map (Devicetree Specification v0.4, 2.4.3 and 2.4.4). */
#include <errno.h>

#include "kernel/lib/bits.h"
#include "platform/dt.h"

#define MAX_ADDRESS_CELLS 4
#define MAX_NEXUSES       8

/* A unit address and a specifier of `cells` cells together, as the rows of a map begin. */
struct key {
	unsigned cells;
	uint32_t value[MAX_ADDRESS_CELLS + DT_INTERRUPT_CELLS];
};

/* Without the property none, not the default of other maps (2.4.3.1). */
static unsigned parent_address_cells(dt_node_t node)
{
	return dt_u32(node, "#address-cells", 0, 0);
}

static bool row_matches(dt_node_t nexus, unsigned at, const struct key *key)
{
	for (unsigned i = 0; i < key->cells; i++) {
		uint32_t mask = dt_u32(nexus, "interrupt-map-mask", i, ~0u);

		if ((dt_u32(nexus, "interrupt-map", at + i, 0) ^ key->value[i]) & mask)
			return false;
	}
	return true;
}

/* The row that fits: where its parent's unit address begins. 0: there is none, or a malformed one before. */
static unsigned find_row(dt_node_t nexus, const struct key *key, dt_node_t *parent)
{
	unsigned count = dt_cells(nexus, "interrupt-map"), at = 0;

	while (at + key->cells + 1 <= count) {
		unsigned phandle = at + key->cells, address, specifier;

		*parent = dt_by_phandle(dt_u32(nexus, "interrupt-map", phandle, 0));
		address = parent_address_cells(*parent);
		specifier = dt_u32(*parent, "#interrupt-cells", 0, 0);
		if (*parent == DT_NONE || address > MAX_ADDRESS_CELLS || !specifier ||
		    specifier > DT_INTERRUPT_CELLS || phandle + 1 + address + specifier > count)
			return 0;
		if (row_matches(nexus, at, key))
			return phandle + 1;
		at = phandle + 1 + address + specifier;
	}
	return 0;
}

static void read_cells(dt_node_t nexus, unsigned at, unsigned n, uint32_t *out)
{
	for (unsigned i = 0; i < n; i++)
		out[i] = dt_u32(nexus, "interrupt-map", at + i, 0);
}

static bool make_key(dt_node_t nexus, const uint32_t *address, unsigned address_cells,
		     const struct dt_interrupt *interrupt, struct key *key)
{
	unsigned cells = dt_u32(nexus, "#interrupt-cells", 0, 0);

	if (address_cells > MAX_ADDRESS_CELLS || cells != interrupt->nr_cells)
		return false;
	key->cells = 0;
	for (unsigned i = 0; i < address_cells; i++)
		key->value[key->cells++] = address[i];
	for (unsigned i = 0; i < cells; i++)
		key->value[key->cells++] = interrupt->specifier[i];
	return true;
}

int dt_map_interrupt(dt_node_t nexus, const uint32_t *address, struct dt_interrupt *interrupt)
{
	unsigned address_cells = dt_address_cells(nexus);
	uint32_t parent_address[MAX_ADDRESS_CELLS];

	for (unsigned n = 0; n < MAX_NEXUSES; n++) {
		dt_node_t parent;
		struct key key;
		unsigned at;

		if (!dt_has(nexus, "interrupt-map"))
			return -ENODEV;
		if (!make_key(nexus, address, address_cells, interrupt, &key))
			return -EINVAL;
		at = find_row(nexus, &key, &parent);
		if (!at)
			return -ENODEV;
		address_cells = parent_address_cells(parent);
		read_cells(nexus, at, address_cells, parent_address);
		interrupt->nr_cells = dt_u32(parent, "#interrupt-cells", 0, 0);
		read_cells(nexus, at + address_cells, interrupt->nr_cells, interrupt->specifier);
		interrupt->controller = parent;
		if (!dt_has(parent, "interrupt-map"))
			return 0;
		nexus = parent;
		address = parent_address;
	}
	return -EINVAL;
}

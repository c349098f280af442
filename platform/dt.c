// SPDX-License-Identifier: Apache-2.0
#include "platform/dt.h"

#include <errno.h>
#include <libfdt.h>
#include <string.h>

#include "kernel/lib/log.h"

#define MAX_CELLS 4
#define CELL      sizeof(fdt32_t)

/*
 * The tree is walked once: libfdt finds a property, a parent or a phandle by walking
 * again each time, which took three quarters of the boot. A node is its place in the
 * table, in the order of the tree; what does not fit is left out and said.
 */
#define MAX_NODES      4096
#define MAX_PROPERTIES 12288
#define MAX_DEPTH      32

struct property {
	const char *name;
	const void *data;
	int len;
};

struct node {
	int offset;
	dt_node_t parent;
	dt_node_t sibling;
	uint32_t phandle;
	int first_property, nr_properties;
};

static const void *fdt;
static struct node nodes[MAX_NODES];
static struct property properties[MAX_PROPERTIES];
static int nr_nodes, nr_properties;
static bool truncated;

static void add_properties(struct node *node)
{
	int at;

	node->first_property = nr_properties;
	fdt_for_each_property_offset(at, fdt, node->offset)
	{
		struct property *property = &properties[nr_properties];

		if (nr_properties == MAX_PROPERTIES) {
			truncated = true;
			break;
		}
		property->data = fdt_getprop_by_offset(fdt, at, &property->name, &property->len);
		if (property->data)
			nr_properties++;
	}
	node->nr_properties = nr_properties - node->first_property;
}

static void add_node(int offset, dt_node_t parent, dt_node_t before)
{
	dt_node_t place = nr_nodes++;
	struct node *node = &nodes[place];

	node->offset = offset;
	node->parent = parent;
	node->sibling = DT_NONE;
	add_properties(node);
	node->phandle = dt_u32(place, "phandle", 0, 0);
	if (before != DT_NONE)
		nodes[before].sibling = place;
}

static void index_nodes(void)
{
	dt_node_t open[MAX_DEPTH], last_child[MAX_DEPTH + 1];
	int depth = 0;

	last_child[0] = DT_NONE;
	for (int offset = 0; offset >= 0 && depth >= 0;
	     offset = fdt_next_node(fdt, offset, &depth)) {
		if (depth >= MAX_DEPTH || nr_nodes == MAX_NODES) {
			truncated = true;
			continue;
		}
		open[depth] = nr_nodes;
		add_node(offset, depth ? open[depth - 1] : DT_NONE, last_child[depth]);
		last_child[depth] = open[depth];
		last_child[depth + 1] = DT_NONE;
	}
}

int dt_init(const void *blob)
{
	if (fdt_check_header(blob))
		return -EINVAL;
	fdt = blob;
	nr_nodes = 0;
	nr_properties = 0;
	truncated = false;
	index_nodes();
	if (truncated)
		log_warn("device tree: too large, only %d nodes and %d properties are seen",
			 nr_nodes, nr_properties);
	return nr_nodes ? 0 : -EINVAL;
}

const void *dt_blob(void)
{
	return fdt;
}

size_t dt_blob_size(void)
{
	return fdt_totalsize(fdt);
}

static dt_node_t node_at(int offset)
{
	for (dt_node_t node = 0; node < nr_nodes; node++)
		if (nodes[node].offset == offset)
			return node;
	return DT_NONE;
}

static const void *property(dt_node_t place, const char *name, int *len)
{
	const struct node *node = place == DT_NONE ? NULL : &nodes[place];

	for (int i = 0; node && i < node->nr_properties; i++) {
		const struct property *property = &properties[node->first_property + i];

		if (!strcmp(property->name, name)) {
			*len = property->len;
			return property->data;
		}
	}
	return NULL;
}

dt_node_t dt_path(const char *path)
{
	return node_at(fdt_path_offset(fdt, path));
}

dt_node_t dt_path_options(const char *path)
{
	const char *colon = strchr(path, ':');
	int len = colon ? (int)(colon - path) : (int)strlen(path);

	return node_at(fdt_path_offset_namelen(fdt, path, len));
}

dt_node_t dt_next_compatible(dt_node_t from, const char *compatible)
{
	for (dt_node_t node = from + 1; node < nr_nodes; node++)
		if (dt_is_compatible(node, compatible) && dt_enabled(node))
			return node;
	return DT_NONE;
}

dt_node_t dt_first_child(dt_node_t parent)
{
	dt_node_t next = parent + 1;

	/* The first child follows its parent. */
	return parent != DT_NONE && next < nr_nodes && nodes[next].parent == parent ? next
										    : DT_NONE;
}

dt_node_t dt_next_sibling(dt_node_t node)
{
	return node == DT_NONE ? DT_NONE : nodes[node].sibling;
}

dt_node_t dt_parent(dt_node_t node)
{
	return node == DT_NONE ? DT_NONE : nodes[node].parent;
}

dt_node_t dt_by_phandle(uint32_t phandle)
{
	for (dt_node_t node = 0; phandle && node < nr_nodes; node++)
		if (nodes[node].phandle == phandle)
			return node;
	return DT_NONE;
}

uint32_t dt_phandle(dt_node_t node)
{
	return node == DT_NONE ? 0 : nodes[node].phandle;
}

bool dt_is_compatible(dt_node_t node, const char *compatible)
{
	return dt_list_has(node, "compatible", compatible);
}

bool dt_enabled(dt_node_t node)
{
	const char *status = dt_string(node, "status");

	return !status || !strcmp(status, "okay") || !strcmp(status, "ok");
}

const char *dt_name(dt_node_t node)
{
	const char *name = node == DT_NONE ? NULL : fdt_get_name(fdt, nodes[node].offset, NULL);

	return name ? name : "?";
}

static const fdt32_t *cells(dt_node_t node, const char *prop, unsigned *count)
{
	int len = 0;
	const void *data = property(node, prop, &len);

	*count = data && len > 0 ? (unsigned)len / CELL : 0;
	return data;
}

bool dt_has(dt_node_t node, const char *prop)
{
	int len;

	return property(node, prop, &len);
}

unsigned dt_cells(dt_node_t node, const char *prop)
{
	unsigned count;

	cells(node, prop, &count);
	return count;
}

uint32_t dt_u32(dt_node_t node, const char *prop, unsigned n, uint32_t fallback)
{
	unsigned count;
	const fdt32_t *data = cells(node, prop, &count);

	return n < count ? fdt32_ld(data + n) : fallback;
}

uint64_t dt_number(dt_node_t node, const char *prop, unsigned n, unsigned nr_cells)
{
	unsigned count;
	const fdt32_t *data = cells(node, prop, &count);
	uint64_t value = 0;

	for (unsigned i = n; i < n + nr_cells && i < count; i++)
		value = value << 32 | fdt32_ld(data + i);
	return value;
}

const char *dt_string(dt_node_t node, const char *prop)
{
	int len = 0;
	const char *data = property(node, prop, &len);

	return data && len > 0 && !data[len - 1] ? data : NULL;
}

bool dt_list_has(dt_node_t node, const char *prop, const char *word)
{
	int len = 0;
	const char *data = property(node, prop, &len);

	return data && len > 0 && fdt_stringlist_contains(data, len, word);
}

/* #address-cells and #size-cells default to 2 and 1 (Devicetree Specification, 2.3.5). */
unsigned dt_address_cells(dt_node_t node)
{
	unsigned n = node == DT_NONE ? 0 : dt_u32(node, "#address-cells", 0, 2);

	return n > MAX_CELLS ? 0 : n;
}

unsigned dt_size_cells(dt_node_t node)
{
	unsigned n = node == DT_NONE ? 0 : dt_u32(node, "#size-cells", 0, 1);

	return n > MAX_CELLS ? 0 : n;
}

/* One step up: an address of bus's children as bus's parent sees it (Devicetree Specification, "ranges"). */
static int translate_up(dt_node_t bus, dt_node_t parent, uint64_t *addr, uint64_t size)
{
	unsigned child_cells = dt_address_cells(bus), parent_cells = dt_address_cells(parent);
	unsigned size_cells = dt_size_cells(bus);
	unsigned row = child_cells + parent_cells + size_cells;
	unsigned count = dt_cells(bus, "ranges");

	if (!dt_has(bus, "ranges"))
		return -EINVAL;
	if (!count)
		return 0;
	for (unsigned at = 0; row && at + row <= count; at += row) {
		uint64_t base = dt_number(bus, "ranges", at, child_cells);
		uint64_t to = dt_number(bus, "ranges", at + child_cells, parent_cells);
		uint64_t len =
			dt_number(bus, "ranges", at + child_cells + parent_cells, size_cells);

		if (*addr >= base && *addr - base < len && size <= len - (*addr - base)) {
			*addr = to + (*addr - base);
			return 0;
		}
	}
	return -EINVAL;
}

int dt_translate(dt_node_t bus, struct dt_range *range)
{
	for (dt_node_t parent = dt_parent(bus); parent != DT_NONE;
	     bus = parent, parent = dt_parent(bus)) {
		int rc = translate_up(bus, parent, &range->base, range->size);

		if (rc)
			return rc;
	}
	return range->base + range->size < range->base ? -EINVAL : 0;
}

int dt_reg(dt_node_t node, unsigned n, struct dt_range *range)
{
	dt_node_t bus = dt_parent(node);
	unsigned address_cells = dt_address_cells(bus), size_cells = dt_size_cells(bus);
	unsigned row = address_cells + size_cells;

	if (!row || (n + 1) * row > dt_cells(node, "reg"))
		return -ENOENT;
	range->base = dt_number(node, "reg", n * row, address_cells);
	range->size = dt_number(node, "reg", n * row + address_cells, size_cells);
	return dt_translate(bus, range);
}

int dt_memory_reservation(unsigned n, struct dt_range *range)
{
	if ((int)n >= fdt_num_mem_rsv(fdt))
		return -ENOENT;
	return fdt_get_mem_rsv(fdt, (int)n, &range->base, &range->size) ? -EINVAL : 0;
}

dt_node_t dt_interrupt_parent(dt_node_t node)
{
	for (; node != DT_NONE; node = dt_parent(node))
		if (dt_has(node, "interrupt-parent"))
			return dt_by_phandle(dt_u32(node, "interrupt-parent", 0, 0));
	return DT_NONE;
}

static unsigned probe_driver(const struct dt_driver *driver)
{
	unsigned up = 0;

	for (dt_node_t node = dt_next_compatible(DT_NONE, driver->compatible); node != DT_NONE;
	     node = dt_next_compatible(node, driver->compatible)) {
		int rc = driver->probe(node);

		if (rc)
			log_warn("%s: %s is not usable: %d", driver->name, dt_name(node), rc);
		else
			up++;
	}
	return up;
}

unsigned dt_probe_class(unsigned class_)
{
	const struct dt_driver *driver;
	unsigned up = 0;

	for_each_table_entry(dt_driver, driver)
		if (driver->class_ == class_)
			up += probe_driver(driver);
	return up;
}

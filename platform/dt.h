/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/lib/table.h"

/*
 * The flattened device tree, read with libfdt (Devicetree Specification v0.4). A node
 * is a small number; the tree never changes after boot. Thread context.
 */
typedef int dt_node_t;
#define DT_NONE (-1)

struct dt_range {
	uint64_t base;
	uint64_t size;
};

/* Boot: checks and keeps the tree; physical = virtual address. 0 or -EINVAL. */
int dt_init(const void *blob);
const void *dt_blob(void);
size_t dt_blob_size(void);

dt_node_t dt_path(const char *path);
/* The same for a path or alias with options behind a colon, as in stdout-path. */
dt_node_t dt_path_options(const char *path);
/* The next node after `from` (DT_NONE: from the start) that says compatible and is not disabled. */
dt_node_t dt_next_compatible(dt_node_t from, const char *compatible);
dt_node_t dt_first_child(dt_node_t parent);
dt_node_t dt_next_sibling(dt_node_t node);
dt_node_t dt_parent(dt_node_t node);
dt_node_t dt_by_phandle(uint32_t phandle);
uint32_t dt_phandle(dt_node_t node);
bool dt_is_compatible(dt_node_t node, const char *compatible);
bool dt_enabled(dt_node_t node);
const char *dt_name(dt_node_t node);

/* Property as 32-bit cells in host order. */
bool dt_has(dt_node_t node, const char *prop);
/* n-th cell; fallback when it is not there. */
uint32_t dt_u32(dt_node_t node, const char *prop, unsigned n, uint32_t fallback);
/* Cells of the property, 0 when it is not there. */
unsigned dt_cells(dt_node_t node, const char *prop);
/* cells (1 or 2; more: the lowest 64 bits) from cell n on as one number. */
uint64_t dt_number(dt_node_t node, const char *prop, unsigned n, unsigned cells);
/* NUL-terminated string inside the tree, or NULL. */
const char *dt_string(dt_node_t node, const char *prop);
/* True if the string list holds the word. */
bool dt_list_has(dt_node_t node, const char *prop, const char *word);

unsigned dt_address_cells(dt_node_t node); /* for its children */
unsigned dt_size_cells(dt_node_t node);
/* n-th entry of reg as the CPU sees it (through the ranges of the parents). 0, -ENOENT, -EINVAL. */
int dt_reg(dt_node_t node, unsigned n, struct dt_range *range);
/*
 * A range in the address space of bus's children as the CPU sees it (through the ranges of bus
 * and its parents). 0, -EINVAL: no CPU address.
 */
int dt_translate(dt_node_t bus, struct dt_range *range);
/* n-th entry of the memory reservation block. 0, -ENOENT, -EINVAL. */
int dt_memory_reservation(unsigned n, struct dt_range *range);
/* The node that interrupts of `node` go to: interrupt-parent of it or of a parent; DT_NONE. */
dt_node_t dt_interrupt_parent(dt_node_t node);

#define DT_INTERRUPT_CELLS 4

/* An interrupt at its controller. */
struct dt_interrupt {
	dt_node_t controller;
	unsigned nr_cells;
	uint32_t specifier[DT_INTERRUPT_CELLS];
};

/*
 * Where an interrupt of a child at a unit address (#address-cells of the nexus) goes, by the
 * interrupt-map of the nexus and of those that it leads to (Devicetree Specification,
 * "Interrupt Mapping"). In *interrupt: in the specifier at the nexus, out what it becomes. 0,
 * -ENODEV: no such interrupt, -EINVAL: malformed.
 */
int dt_map_interrupt(dt_node_t nexus, const uint32_t *address, struct dt_interrupt *interrupt);

/*
 * One driver of something that the device tree names. Boot asks class by class
 * (the digit of the table entry): DT_CLASS_*.
 *	TABLE_ENTRY(struct dt_driver, dt_driver, 1, imsic) = { ... };
 */
struct dt_driver {
	const char *name;
	const char *compatible;
	unsigned char class_;
	/* 0; negative: not usable, boot logs it and goes on. */
	int (*probe)(dt_node_t node);
};
enum dt_class {
	DT_CLASS_POWER,
	DT_CLASS_IRQCHIP,
	DT_CLASS_IRQCHIP_WIRED,
	DT_CLASS_SERIAL,
	DT_CLASS_IOMMU,
	DT_CLASS_PCI_HOST,
};
TABLE_DECLARE(struct dt_driver, dt_driver);

/* Probes all nodes that a driver of the class names; how many came up. */
unsigned dt_probe_class(unsigned class_);

// SPDX-License-Identifier: Apache-2.0
/*
 * A DMA window (OPAL API, "OPAL_PCI_MAP_PE_DMA_WINDOW"): a table of translation control entries,
 * one a page, in RAM. It ends where the bridge's 32-bit memory window may begin.
 */
#include <errno.h>
#include <string.h>

#include "drivers/pci/opal/bridge.h"
#include "kernel/lib/bits.h"
#include "kernel/mem.h"
#include "platform/powernv9/opal.h"

#define TCE_PAGE_SIZE  0x10000ull
#define TCE_READ_WRITE 3
#define WINDOW_SIZE    (2ull << 30)
#define TABLE_SIZE     (WINDOW_SIZE / TCE_PAGE_SIZE * sizeof(uint64_t))
#define WINDOW_ID      (OPAL_PE << 1) /* an endpoint has two */
#define LEVELS         1

static bool is_memory(dt_node_t node)
{
	const char *type = dt_string(node, "device_type");

	return type && !strcmp(type, "memory") && dt_enabled(node);
}

static void fill(uint64_t *table, const struct dt_range *bank)
{
	uint64_t end = MIN(ALIGN_DOWN(bank->base + bank->size, TCE_PAGE_SIZE), WINDOW_SIZE);

	for (uint64_t at = ALIGN_UP(bank->base, TCE_PAGE_SIZE); at < end; at += TCE_PAGE_SIZE)
		table[at / TCE_PAGE_SIZE] = at | TCE_READ_WRITE;
}

/* One for all bridges. */
static uint64_t *make_table(void)
{
	static uint64_t *table;
	struct dt_range bank;

	if (table)
		return table;
	table = page_alloc(TABLE_SIZE, TABLE_SIZE);
	if (!table)
		return NULL;
	for (dt_node_t at = dt_first_child(dt_path("/")); at != DT_NONE; at = dt_next_sibling(at))
		for (unsigned n = 0; is_memory(at) && !dt_reg(at, n, &bank); n++)
			fill(table, &bank);
	dma_set_limit(WINDOW_SIZE - 1);
	return table;
}

int pci_opal_map_dma(const struct opal_bridge *bridge)
{
	uint64_t *table = make_table();

	if (!table)
		return -ENOMEM;
	return opal_call(OPAL_PCI_MAP_PE_DMA_WINDOW, bridge->id, OPAL_PE, WINDOW_ID, LEVELS,
			 (uintptr_t)table, TABLE_SIZE, TCE_PAGE_SIZE)
		       ? -EIO
		       : 0;
}

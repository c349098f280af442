// SPDX-License-Identifier: Apache-2.0
/*
 * DMA windows (Power Architecture Platform Reference, "ibm,dma-window", "H_PUT_TCE_INDIRECT"): a
 * translation control entry for each 4 KiB page, set by the hypervisor.
 */
#include "drivers/pci/rtas/tce.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "arch/hcall.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"
#include "platform/pseries/hcalls.h"

#define TCE_PAGE_SIZE  4096ull
#define TCE_READ_WRITE 3
#define TCES_A_CALL    512

struct window {
	uint32_t liobn; /* logical I/O bus number */
	uint64_t base, size;
};

static int read_window(dt_node_t node, struct window *window)
{
	unsigned address_cells = dt_u32(node, "ibm,#dma-address-cells", 0, 2);
	unsigned size_cells = dt_u32(node, "ibm,#dma-size-cells", 0, 2);

	if (address_cells > 4 || size_cells > 4 ||
	    dt_cells(node, "ibm,dma-window") < 1 + address_cells + size_cells)
		return -EINVAL;
	window->liobn = dt_u32(node, "ibm,dma-window", 0, 0);
	window->base = dt_number(node, "ibm,dma-window", 1, address_cells);
	window->size = dt_number(node, "ibm,dma-window", 1 + address_cells, size_cells);
	return window->base || !window->size ? -EINVAL : 0;
}

/* From a page on, as many as one call takes; how many, or 0: refused. */
static uint64_t put(uint32_t liobn, uint64_t address, uint64_t pages, uint64_t *list)
{
	uint64_t n = MIN(pages, (uint64_t)TCES_A_CALL);

	for (uint64_t i = 0; i < n; i++)
		list[i] = (address + i * TCE_PAGE_SIZE) | TCE_READ_WRITE;
	if (!hcall(H_PUT_TCE_INDIRECT, liobn, address, (uintptr_t)list, n, 0, NULL))
		return n;
	/* It is optional. */
	for (uint64_t i = 0; i < n; i++)
		if (hcall(H_PUT_TCE, liobn, address + i * TCE_PAGE_SIZE, list[i], 0, 0, NULL))
			return 0;
	return n;
}

static int map_bank(const struct window *window, const struct dt_range *bank, uint64_t *list)
{
	uint64_t end = MIN(ALIGN_DOWN(bank->base + bank->size, TCE_PAGE_SIZE), window->size);

	for (uint64_t at = ALIGN_UP(bank->base, TCE_PAGE_SIZE); at < end;) {
		uint64_t done = put(window->liobn, at, (end - at) / TCE_PAGE_SIZE, list);

		if (!done)
			return -EIO;
		at += done * TCE_PAGE_SIZE;
	}
	return 0;
}

static bool is_memory(dt_node_t node)
{
	const char *type = dt_string(node, "device_type");

	return type && !strcmp(type, "memory") && dt_enabled(node);
}

int pci_rtas_map_dma(dt_node_t node)
{
	uint64_t *list = page_alloc(PAGE_SIZE, PAGE_SIZE);
	struct window window = { 0 };
	int rc = read_window(node, &window);

	if (!list)
		return -ENOMEM;
	for (dt_node_t at = dt_first_child(dt_path("/")); !rc && at != DT_NONE;
	     at = dt_next_sibling(at)) {
		struct dt_range bank;

		for (unsigned n = 0; is_memory(at) && !rc && !dt_reg(at, n, &bank); n++)
			rc = map_bank(&window, &bank, list);
	}
	page_free(list, PAGE_SIZE);
	if (!rc)
		dma_set_limit(window.size - 1);
	return rc;
}

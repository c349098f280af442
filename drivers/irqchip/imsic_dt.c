// SPDX-License-Identifier: Apache-2.0
/* Finds the supervisor-level IMSIC in the device tree (binding riscv,imsics). */
#include <errno.h>

#include "arch/csr.h"
#include "drivers/irqchip/imsic.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"
#include "kernel/smp.h"
#include "platform/dt.h"

/* interrupts-extended is pairs: CPU interrupt controller, cause. */
#define PAIR 2

static bool is_supervisor(dt_node_t node)
{
	return dt_u32(node, "interrupts-extended", 1, 0) == IRQ_S_EXTERNAL;
}

static int hart_of_file(dt_node_t node, unsigned n)
{
	dt_node_t intc = dt_by_phandle(dt_u32(node, "interrupts-extended", PAIR * n, 0));
	dt_node_t cpu = dt_parent(intc);

	if (cpu == DT_NONE)
		return -ENOENT;
	return smp_index_of(dt_number(cpu, "reg", 0, dt_address_cells(dt_parent(cpu))));
}

static void read_geometry(dt_node_t node, struct imsic_geometry *g)
{
	struct dt_range range;

	g->nr_files = dt_cells(node, "interrupts-extended") / PAIR;
	g->guest_bits = dt_u32(node, "riscv,guest-index-bits", 0, 0);
	g->group_bits = dt_u32(node, "riscv,group-index-bits", 0, 0);
	/* The binding's default: the group index directly above bit 24. */
	g->group_shift = dt_u32(node, "riscv,group-index-shift", 0, 2 * IMSIC_PAGE_SHIFT);
	g->hart_bits = dt_u32(node, "riscv,hart-index-bits", 0, log2_ceil(MAX(g->nr_files, 1)));
	for (unsigned n = 0; n < IMSIC_MAX_RANGES && !dt_reg(node, n, &range); n++) {
		g->ranges[n] = (struct imsic_range){ .base = range.base, .size = range.size };
		g->nr_ranges = n + 1;
	}
}

static int probe(dt_node_t node)
{
	struct imsic_config config = { .phandle = dt_phandle(node),
				       .max_id = dt_u32(node, "riscv,num-ids", 0, 0) };
	int *hart_of;
	int rc;

	/* The machine level has a node of its own; some firmware leaves it enabled. */
	if (!is_supervisor(node))
		return -ENODEV;
	read_geometry(node, &config.geometry);
	hart_of = page_alloc(MAX(config.geometry.nr_files, 1) * sizeof(*hart_of), PAGE_SIZE);
	if (!hart_of)
		return -ENOMEM;
	for (unsigned n = 0; n < config.geometry.nr_files; n++)
		hart_of[n] = hart_of_file(node, n);
	config.hart_of = hart_of;
	rc = imsic_init(&config);
	return rc;
}

TABLE_ENTRY(struct dt_driver, dt_driver, 1, imsic) = {
	.name = "imsic",
	.compatible = "riscv,imsics",
	.class_ = DT_CLASS_IRQCHIP,
	.probe = probe,
};

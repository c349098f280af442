// SPDX-License-Identifier: Apache-2.0
#include "drivers/irqchip/wired_root.h"

#include <errno.h>

#include "arch/csr.h"
#include "arch/irqflags.h"
#include "kernel/ipi.h"
#include "kernel/irq.h"
#include "kernel/mem.h"
#include "kernel/smp.h"

/* interrupts-extended is pairs: CPU interrupt controller, cause. */
#define PAIR 2

/*
 * Only what is requested takes one: sources with a driver, the IPI, and the INTx of each
 * function, whose vector is not handed out again once freed.
 */
#define DESCRIPTORS 1024

static struct wired_root **roots; /* by hart index */

bool wired_root_open(unsigned hart)
{
	/* seq_cst, with the wish before it: see kernel/hart_off.c */
	return atomic_load_explicit(&smp_hart(hart)->state, memory_order_seq_cst) == HART_ONLINE;
}

unsigned wired_root_pairs(dt_node_t node)
{
	return dt_cells(node, "interrupts-extended") / PAIR;
}

int wired_root_hart(dt_node_t node, unsigned n)
{
	dt_node_t cpu;

	if (dt_u32(node, "interrupts-extended", PAIR * n + 1, 0) != IRQ_S_EXTERNAL)
		return -ENOENT;
	cpu = dt_parent(dt_by_phandle(dt_u32(node, "interrupts-extended", PAIR * n, 0)));
	if (cpu == DT_NONE)
		return -ENOENT;
	return smp_index_of(dt_number(cpu, "reg", 0, dt_address_cells(dt_parent(cpu))));
}

static void interrupt(void)
{
	struct wired_root *root = roots[smp_index()];

	root->interrupt(root);
}

static void hart_up(unsigned index)
{
	struct wired_root *root = roots[index];

	ipi_hart_init();
	/* A hart that no controller knows still works for others. */
	if (!root)
		return;
	root->up(root);
	csr_set(CSR_SIE, SIE_SEIE);
}

/* Delivered by levels of wires: what is pending here now is the IPI, or another controller's. */
static bool quiet(unsigned index)
{
	(void)index;
	return !(csr_read(CSR_SIP) & csr_read(CSR_SIE));
}

static const struct hart_ops hart_ops = { .up = hart_up, .quiet = quiet };

static int make_roots(void)
{
	int rc;

	/* Somebody with a trap path of its own is the root already. */
	if (smp_has_ipi())
		return -EBUSY;
	roots = page_alloc(smp_count() * sizeof(struct wired_root *), PAGE_SIZE);
	rc = roots ? irq_init(DESCRIPTORS) : -ENOMEM;
	if (rc)
		return rc;
	irq_set_root(interrupt);
	smp_set_hart_ops(&hart_ops);
	return ipi_init();
}

int wired_root_register(unsigned hart, struct wired_root *root)
{
	irqflags_t flags;
	int rc;

	if (!roots) {
		rc = make_roots();
		if (rc)
			return rc;
	}
	if (roots[hart])
		return -EBUSY;
	roots[hart] = root;
	if (hart == smp_index()) {
		flags = irq_save();
		hart_up(hart);
		irq_restore(flags);
	}
	return 0;
}

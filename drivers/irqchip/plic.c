// SPDX-License-Identifier: Apache-2.0
/*
 * PLIC (RISC-V Platform-Level Interrupt Controller Specification 1.0.0; binding
 * sifive,plic-1.0.0) as the root of harts that have no IMSIC. Sources are masked by
 * priority 0, one register each; a hart has a source by an enable bit of its context. The
 * gateway of a claimed source stays closed until its completion.
 */
#include <errno.h>

#include "arch/barrier.h"
#include "arch/io.h"
#include "drivers/irqchip/plic_math.h"
#include "drivers/irqchip/wired.h"
#include "drivers/irqchip/wired_root.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"
#include "kernel/smp.h"
#include "kernel/spinlock.h"
#include "kernel/time.h"

struct context {
	struct wired_root root;
	struct plic *plic; /* NULL: the hart is not this PLIC's */
	unsigned number;
	uintptr_t regs;
};

struct source {
	_Atomic(struct irq_desc *) desc;
	struct timer rerun;
	_Atomic uint32_t armed;
};

struct plic {
	struct wired_domain domain;
	uintptr_t base;
	unsigned nr_sources;
	unsigned nr_contexts;
	struct spinlock lock;     /* enable words, and at which context a source is enabled */
	struct source *sources;   /* by source number */
	struct context *contexts; /* by hart index */
};

static struct plic *plic_of(const struct irq_desc *desc)
{
	return desc->chip_data;
}

static uintptr_t priority_of(const struct irq_desc *desc)
{
	return plic_of(desc)->base + plic_priority(desc->index);
}

/* Lock held. */
static void set_enable(struct plic *plic, unsigned hart, unsigned source, bool on)
{
	struct plic_bit bit = plic_enable(plic->contexts[hart].number, source);
	uint32_t word = mmio_read32(plic->base + bit.offset);

	mmio_write32(plic->base + bit.offset, on ? word | bit.mask : word & ~bit.mask);
}

static void mask(struct irq_desc *desc)
{
	mmio_write32(priority_of(desc), PLIC_PRIORITY_NEVER);
}

static void unmask(struct irq_desc *desc)
{
	/* The descriptor first; pairs with the barrier after the claim. */
	barrier_publish_to_device();
	mmio_write32(priority_of(desc), PLIC_PRIORITY_LOW);
}

/*
 * A completion from a context that has the source not enabled is ignored: it goes to the one
 * that has, wherever the handler ran.
 */
static void complete(struct irq_desc *desc)
{
	struct plic *plic = plic_of(desc);
	irqflags_t flags;

	/* What the handler did to the device comes before the PLIC looks at the wire again. */
	barrier_mmio();
	flags = spin_lock_irq(&plic->lock);
	mmio_write32(plic->contexts[desc->hart].regs + PLIC_CLAIM, desc->index);
	spin_unlock_irq(&plic->lock, flags);
}

static void rerun(struct timer *timer)
{
	struct source *source = container_of(timer, struct source, rerun);

	/* acquire: the timer is free for the next who arms it; pairs with the exchange there */
	atomic_exchange_explicit(&source->armed, 0, memory_order_acq_rel);
	irq_dispatch(source->desc);
}

/*
 * The claim has taken the event, and there is no register to make it pending: a gateway
 * may hear edges only, as QEMU's does, and then says nothing at the completion while the wire
 * still asks. The handler runs once more, on the hart that opened the source.
 */
static void retrigger(struct irq_desc *desc)
{
	struct source *source = &plic_of(desc)->sources[desc->index];

	complete(desc);
	/* Who finds it armed has a run to come, too. */
	if (!atomic_exchange_explicit(&source->armed, 1, memory_order_acq_rel))
		timer_arm_ms(&source->rerun, 0);
}

static int activate(struct irq_desc *desc, uint8_t shadow)
{
	struct plic *plic = plic_of(desc);
	irqflags_t flags = spin_lock_irq(&plic->lock);

	set_enable(plic, desc->hart, desc->index, true);
	/* Opens a gateway that somebody before us may have left closed. */
	mmio_write32(plic->contexts[desc->hart].regs + PLIC_CLAIM, desc->index);
	spin_unlock_irq(&plic->lock, flags);
	desc->shadow = shadow;
	if (!(shadow & IRQ_SHADOW_MASKED))
		unmask(desc);
	return 0;
}

static int set_affinity(struct irq_desc *desc, unsigned hart)
{
	struct plic *plic = plic_of(desc);
	irqflags_t flags;

	if (!plic->contexts[hart].plic)
		return -EOPNOTSUPP;
	if (!wired_root_open(hart))
		return -ENODEV;
	flags = spin_lock_irq(&plic->lock);
	set_enable(plic, hart, desc->index, true);
	set_enable(plic, desc->hart, desc->index, false);
	desc->hart = (uint16_t)hart;
	spin_unlock_irq(&plic->lock, flags);
	return 0;
}

static const struct irq_chip plic_chip = {
	.name = "plic",
	.activate = activate,
	.mask = mask,
	.unmask = unmask,
	.retrigger = retrigger,
	.eoi = complete,
	.set_affinity = set_affinity,
};

static void interrupt(struct wired_root *root)
{
	struct context *context = container_of(root, struct context, root);
	const struct plic *plic = context->plic;
	uint32_t source;

	while ((source = mmio_read32(context->regs + PLIC_CLAIM))) {
		/* The claim before the descriptor, and before what the device wrote (M16). */
		barrier_after_device_read();
		irq_dispatch(source <= plic->nr_sources ? plic->sources[source].desc : NULL);
	}
}

static void up(struct wired_root *root)
{
	mmio_write32(container_of(root, struct context, root)->regs + PLIC_THRESHOLD, 0);
}

/* --- sources --- */

static bool interrupts(const struct plic *plic, unsigned hart)
{
	return plic->contexts[hart].plic;
}

/* This hart if the PLIC interrupts it, else the first that it does, on line if there is one. */
static unsigned home(const struct plic *plic)
{
	unsigned hart = smp_index();

	for (unsigned i = 0; i < smp_count() && !(interrupts(plic, hart) && smp_online(hart)); i++)
		hart = (hart + 1) % smp_count();
	while (!interrupts(plic, hart))
		hart = (hart + 1) % smp_count();
	return hart;
}

static int source(struct wired_domain *domain, const uint32_t *specifier, struct irq_desc **desc)
{
	struct plic *plic = container_of(domain, struct plic, domain);
	unsigned number = specifier[0];

	if (!number || number > plic->nr_sources)
		return -EINVAL;
	if (plic->sources[number].desc)
		return -EBUSY;
	if (irq_desc_claim(1, desc) < 0)
		return -ENOSPC;
	irq_desc_init(*desc, IRQ_KIND_WIRED, &plic_chip, home(plic), number);
	(*desc)->chip_data = plic;
	(*desc)->index = (uint16_t)number;
	plic->sources[number].rerun.fn = rerun;
	plic->sources[number].desc = *desc;
	return 0;
}

/* --- boot --- */

/* Everything off for our harts; contexts of other levels keep what they have enabled. */
static void reset(struct plic *plic)
{
	for (unsigned i = 1; i <= plic->nr_sources; i++)
		mmio_write32(plic->base + plic_priority(i), PLIC_PRIORITY_NEVER);
	for (unsigned hart = 0; hart < smp_count(); hart++)
		for (unsigned i = 0; plic->contexts[hart].plic && i <= plic->nr_sources; i += 32)
			mmio_write32(
				plic->base + plic_enable(plic->contexts[hart].number, i).offset, 0);
}

/* The n-th pair of interrupts-extended is context n. */
static void add_context(struct plic *plic, unsigned hart, unsigned number)
{
	struct context *context = &plic->contexts[hart];

	*context = (struct context){ .root = { .up = up, .interrupt = interrupt },
				     .plic = plic,
				     .number = number,
				     .regs = plic->base + plic_context(number) };
	plic->nr_contexts++;
}

static int find_contexts(struct plic *plic, dt_node_t node, uint64_t size)
{
	unsigned pairs = wired_root_pairs(node);

	for (unsigned n = 0; n < pairs && n <= PLIC_MAX_CONTEXT; n++) {
		int hart = wired_root_hart(node, n);

		if (hart < 0)
			continue;
		if (plic_context(n) + PLIC_CONTEXT_STRIDE > size)
			return -EINVAL;
		add_context(plic, (unsigned)hart, n);
	}
	return plic->nr_contexts ? 0 : -ENODEV;
}

static int register_contexts(struct plic *plic)
{
	for (unsigned hart = 0; hart < smp_count(); hart++) {
		int rc = plic->contexts[hart].plic
				 ? wired_root_register(hart, &plic->contexts[hart].root)
				 : 0;

		if (rc)
			return rc;
	}
	return 0;
}

static int add(struct plic *plic, dt_node_t node)
{
	struct dt_range range;
	int rc = dt_reg(node, 0, &range);

	if (rc)
		return rc;
	plic->nr_sources = dt_u32(node, "riscv,ndev", 0, 0);
	plic->domain.interrupt_cells = dt_u32(node, "#interrupt-cells", 0, 1);
	if (!plic->nr_sources || plic->nr_sources > PLIC_MAX_SOURCE ||
	    plic->domain.interrupt_cells != 1)
		return -EINVAL;
	plic->base = mmio_map(range.base, range.size);
	plic->sources = page_alloc((plic->nr_sources + 1) * sizeof(*plic->sources), PAGE_SIZE);
	plic->contexts = page_alloc(smp_count() * sizeof(*plic->contexts), PAGE_SIZE);
	if (!plic->base || !plic->sources || !plic->contexts)
		return -ENOMEM;
	rc = find_contexts(plic, node, range.size);
	if (rc)
		return rc;
	reset(plic);
	rc = register_contexts(plic);
	if (rc)
		return rc;
	plic->domain.phandle = dt_phandle(node);
	plic->domain.source = source;
	wired_register(&plic->domain);
	log_info("plic: %u sources, %u harts", plic->nr_sources, plic->nr_contexts);
	return 0;
}

static int probe(dt_node_t node)
{
	struct plic *plic = page_alloc(sizeof(*plic), PAGE_SIZE);

	return plic ? add(plic, node) : -ENOMEM;
}

static int probe_generic(dt_node_t node)
{
	/* Nodes that say both have been asked already. */
	return dt_is_compatible(node, "sifive,plic-1.0.0") ? 0 : probe(node);
}

TABLE_ENTRY(struct dt_driver, dt_driver, 2, plic) = {
	.name = "plic",
	.compatible = "sifive,plic-1.0.0",
	.class_ = DT_CLASS_IRQCHIP_WIRED,
	.probe = probe,
};

TABLE_ENTRY(struct dt_driver, dt_driver, 2, plic_generic) = {
	.name = "plic",
	.compatible = "riscv,plic0",
	.class_ = DT_CLASS_IRQCHIP_WIRED,
	.probe = probe_generic,
};

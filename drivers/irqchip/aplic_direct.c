// SPDX-License-Identifier: Apache-2.0
/*
 * APLIC in direct delivery mode (AIA specification, section 4.8), as the root of harts that
 * have no IMSIC. A level source is pending as long as its wire asks: from the claim to the
 * end of the handler it is disabled, or it would come again at once, before who masked it
 * could go on. `held` tells this from `wanted`, what the owner has asked for.
 */
#include <errno.h>

#include "arch/barrier.h"
#include "arch/io.h"
#include "drivers/irqchip/aplic.h"
#include "drivers/irqchip/wired_root.h"
#include "kernel/mem.h"
#include "kernel/smp.h"

struct aplic_idc {
	struct wired_root root;
	struct aplic *aplic; /* NULL: the hart is not this domain's */
	unsigned index;      /* as target registers name the hart */
	uintptr_t regs;
};

/* Lock held: the enable bit follows. */
static void update(const struct aplic_source *source, unsigned number)
{
	bool on = source->wanted && !source->held;

	mmio_write32(source->aplic->base + (on ? APLIC_SETIENUM : APLIC_CLRIENUM), number);
}

static void want(const struct irq_desc *desc, bool on)
{
	struct aplic_source *source = aplic_source_of(desc);
	irqflags_t flags = spin_lock_irq(&source->aplic->lock);

	source->wanted = on;
	update(source, desc->index);
	spin_unlock_irq(&source->aplic->lock, flags);
}

static void hold(const struct irq_desc *desc, bool held)
{
	struct aplic_source *source = aplic_source_of(desc);
	irqflags_t flags = spin_lock_irq(&source->aplic->lock);

	source->held = held;
	update(source, desc->index);
	spin_unlock_irq(&source->aplic->lock, flags);
}

static void mask(struct irq_desc *desc)
{
	want(desc, false);
}

static void unmask(struct irq_desc *desc)
{
	/* The descriptor first; pairs with the barrier after the claim. */
	barrier_publish_to_device();
	want(desc, true);
}

static void write_target(const struct irq_desc *desc)
{
	mmio_write32(aplic_base_of(desc) + aplic_target(desc->index),
		     aplic_direct_target(aplic_source_of(desc)->aplic->idcs[desc->hart].index));
}

static int activate(struct irq_desc *desc, uint8_t shadow)
{
	mmio_write32(aplic_base_of(desc) + aplic_sourcecfg(desc->index),
		     aplic_source_of(desc)->mode);
	write_target(desc);
	desc->shadow = shadow;
	if (!(shadow & IRQ_SHADOW_MASKED))
		unmask(desc);
	return 0;
}

static void eoi(struct irq_desc *desc)
{
	/* What the handler did to the device comes before the APLIC looks at the wire again. */
	barrier_mmio();
	hold(desc, false);
}

static void retrigger(struct irq_desc *desc)
{
	/* An edge was taken by the claim; a level is pending by itself if its wire asks. */
	if (!aplic_mode_is_level(aplic_source_of(desc)->mode))
		mmio_write32(aplic_base_of(desc) + APLIC_SETIPNUM, desc->index);
	eoi(desc);
}

static int set_affinity(struct irq_desc *desc, unsigned hart)
{
	if (!aplic_source_of(desc)->aplic->idcs[hart].aplic)
		return -EOPNOTSUPP;
	if (!wired_root_open(hart))
		return -ENODEV;
	desc->hart = (uint16_t)hart;
	write_target(desc);
	return 0;
}

static const struct irq_chip chip = {
	.name = "aplic",
	.activate = activate,
	.mask = mask,
	.unmask = unmask,
	.retrigger = retrigger,
	.eoi = eoi,
	.set_affinity = set_affinity,
};

/* This hart if the domain interrupts it, else the first that it does, on line if there is one. */
static int claim(struct aplic *aplic, unsigned source, struct vector_place *place)
{
	unsigned hart = smp_index();

	for (unsigned i = 0; i < smp_count() && !(aplic->idcs[hart].aplic && smp_online(hart)); i++)
		hart = (hart + 1) % smp_count();
	while (!aplic->idcs[hart].aplic)
		hart = (hart + 1) % smp_count();
	*place = (struct vector_place){ .hart = (uint16_t)hart, .identity = (uint16_t)source };
	return 0;
}

static void publish(struct irq_desc *desc)
{
	(void)desc;
}

const struct aplic_delivery aplic_direct = {
	.domaincfg = 0,
	.chip = &chip,
	.claim = claim,
	.publish = publish,
};

/* --- harts --- */

static void interrupt(struct wired_root *root)
{
	const struct aplic_idc *idc = container_of(root, struct aplic_idc, root);
	const struct aplic *aplic = idc->aplic;
	unsigned number;

	while ((number = aplic_claimed(mmio_read32(idc->regs + APLIC_IDC_CLAIMI)))) {
		struct irq_desc *desc = NULL;

		/* The claim before the descriptor, and before what the device wrote (M16). */
		barrier_after_device_read();
		if (number <= aplic->nr_sources)
			desc = aplic->sources[number].desc;
		if (desc)
			hold(desc, true);
		else
			mmio_write32(aplic->base + APLIC_CLRIENUM, number);
		irq_dispatch(desc);
	}
}

static void up(struct wired_root *root)
{
	uintptr_t regs = container_of(root, struct aplic_idc, root)->regs;

	mmio_write32(regs + APLIC_IDC_IFORCE, 0);
	mmio_write32(regs + APLIC_IDC_ITHRESHOLD, 0);
	mmio_write32(regs + APLIC_IDC_IDELIVERY, 1);
}

static int add_idc(struct aplic *aplic, unsigned hart, unsigned index, uint64_t size)
{
	struct aplic_idc *idc = &aplic->idcs[hart];

	if (index > APLIC_MAX_HART_INDEX || aplic_idc(index) + APLIC_IDC_SIZE > size)
		return -EINVAL;
	*idc = (struct aplic_idc){ .root = { .up = up, .interrupt = interrupt },
				   .aplic = aplic,
				   .index = index,
				   .regs = aplic->base + aplic_idc(index) };
	return wired_root_register(hart, &idc->root);
}

int aplic_direct_init(struct aplic *aplic, dt_node_t node, uint64_t size)
{
	unsigned found = 0;

	aplic->idcs = page_alloc(smp_count() * sizeof(*aplic->idcs), PAGE_SIZE);
	if (!aplic->idcs)
		return -ENOMEM;
	for (unsigned n = 0; n < wired_root_pairs(node); n++) {
		int hart = wired_root_hart(node, n), rc;

		if (hart < 0)
			continue;
		/* The binding's default: hart indices are positions in interrupts-extended. */
		rc = add_idc(aplic, (unsigned)hart, dt_u32(node, "riscv,hart-indexes", n, n), size);
		if (rc)
			return rc;
		found++;
	}
	return found ? 0 : -ENODEV;
}

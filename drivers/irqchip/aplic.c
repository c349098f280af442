// SPDX-License-Identifier: Apache-2.0
/*
 * APLIC in MSI delivery mode: wired sources become identities of a hart's IMSIC
 * (AIA specification, section 4.9). Binding riscv,aplic.
 */
#include <errno.h>

#include "arch/barrier.h"
#include "arch/io.h"
#include "drivers/irqchip/aplic_math.h"
#include "drivers/irqchip/imsic.h"
#include "drivers/irqchip/wired.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"
#include "kernel/slot.h"
#include "kernel/smp.h"
#include "platform/dt.h"

#define MAX_APLICS 4

struct source {
	struct irq_desc *desc;
	unsigned mode;
	struct aplic *aplic;
	irq_handler_t
		handler; /* the requester's; desc's handler is handle_level() for level sources */
	void *arg;
};

struct aplic {
	struct wired_domain domain;
	uintptr_t base;
	unsigned nr_sources;
	struct source *sources; /* by source number */
};

static struct aplic aplics[MAX_APLICS];
static unsigned nr_aplics;

static struct source *source_of(const struct irq_desc *desc)
{
	return desc->chip_data;
}

static uintptr_t base_of(const struct irq_desc *desc)
{
	return source_of(desc)->aplic->base;
}

static void write_target(const struct irq_desc *desc, unsigned hart, unsigned identity)
{
	mmio_write32(base_of(desc) + aplic_target(desc->index),
		     aplic_msi_target(imsic_target_index(hart), identity));
}

/*
 * In MSI mode a level source sends once and forgets (section 4.9.2): after the handler,
 * setipnum makes it pending again if, and only if, its wire still asks.
 */
static void handle_level(void *arg)
{
	struct source *source = arg;

	source->handler(source->arg);
	/* The handler's reads and writes of the device come before the APLIC looks again. */
	barrier_mmio();
	mmio_write32(source->aplic->base + APLIC_SETIPNUM, source->desc->index);
}

static void mask(struct irq_desc *desc)
{
	mmio_write32(base_of(desc) + APLIC_CLRIENUM, desc->index);
}

static void unmask(struct irq_desc *desc)
{
	/* Slot, descriptor and target first; pairs with the trap path's fence i,rw. */
	barrier_publish_to_device();
	mmio_write32(base_of(desc) + APLIC_SETIENUM, desc->index);
}

static int activate(struct irq_desc *desc, uint8_t shadow)
{
	struct source *source = source_of(desc);

	if (aplic_mode_is_level(source->mode) && desc->handler != handle_level) {
		source->handler = desc->handler;
		source->arg = desc->arg;
		desc->arg = source;
		desc->handler = handle_level;
	}
	mmio_write32(base_of(desc) + aplic_sourcecfg(desc->index), source->mode);
	write_target(desc, desc->hart, desc->identity);
	desc->shadow = shadow;
	if (!(shadow & IRQ_SHADOW_MASKED))
		unmask(desc);
	return 0;
}

static void retrigger(struct irq_desc *desc)
{
	barrier_publish_to_device();
	mmio_write32(smp_hart(desc->hart)->doorbell + IMSIC_SETEIPNUM_LE, desc->identity);
}

/* One register holds hart and identity: no half-written place to mask against. */
static int set_affinity(struct irq_desc *desc, unsigned hart)
{
	unsigned old_hart = desc->hart, old_identity = desc->identity;
	struct vector_place to;
	int rc = imsic_claim_wired(hart, &to);

	if (rc)
		return rc;
	irq_slot_publish(to.hart, to.identity, desc);
	barrier_publish_to_device();
	write_target(desc, to.hart, to.identity);
	desc->hart = to.hart;
	desc->identity = to.identity;
	irq_slot_park(old_hart, old_identity, desc);
	return 0;
}

static const struct irq_chip aplic_chip = {
	.name = "aplic",
	.activate = activate,
	.mask = mask,
	.unmask = unmask,
	.retrigger = retrigger,
	.set_affinity = set_affinity,
};

static int make_source(struct aplic *aplic, unsigned number, unsigned mode, struct irq_desc **desc)
{
	struct source *source = &aplic->sources[number];
	struct vector_place place;
	int rc = imsic_claim_wired(smp_index(), &place);

	if (rc)
		return rc;
	if (irq_desc_claim(1, desc) < 0)
		return -ENOSPC;
	source->desc = *desc;
	source->aplic = aplic;
	source->mode = mode;
	irq_desc_init(*desc, IRQ_KIND_WIRED, &aplic_chip, place.hart, place.identity);
	(*desc)->chip_data = source;
	(*desc)->index = (uint16_t)number;
	irq_slot_publish(place.hart, place.identity, *desc);
	return 0;
}

/* specifier: source number, trigger type */
static int source(struct wired_domain *domain, const uint32_t *specifier, struct irq_desc **desc)
{
	struct aplic *aplic = container_of(domain, struct aplic, domain);
	unsigned number = specifier[0], mode = aplic_source_mode(specifier[1]);

	if (!number || number > aplic->nr_sources || mode == APLIC_SM_INACTIVE)
		return -EINVAL;
	if (aplic->sources[number].desc)
		return -EBUSY;
	return make_source(aplic, number, mode, desc);
}

/* All sources off and inactive, MSI delivery mode on: an enable register is W1C, a zero would do nothing. */
static void reset(struct aplic *aplic)
{
	mmio_write32(aplic->base + APLIC_DOMAINCFG, 0);
	for (unsigned word = 0; word <= aplic->nr_sources / 32; word++)
		mmio_write32(aplic->base + APLIC_CLRIE + word * 4, ~0u);
	for (unsigned i = 1; i <= aplic->nr_sources; i++)
		mmio_write32(aplic->base + aplic_sourcecfg(i), APLIC_SM_INACTIVE);
	mmio_write32(aplic->base + APLIC_DOMAINCFG, APLIC_DOMAINCFG_IE | APLIC_DOMAINCFG_DM);
}

static int add(struct aplic *aplic, dt_node_t node)
{
	uint32_t count = dt_u32(node, "riscv,num-sources", 0, 0);
	struct dt_range range;
	int rc = dt_reg(node, 0, &range);

	if (rc)
		return rc;
	if (!count || count > APLIC_MAX_SOURCE || range.size < aplic_target(count) + 4)
		return -EINVAL;
	aplic->nr_sources = count;
	aplic->base = mmio_map(range.base, range.size);
	aplic->sources = page_alloc((count + 1) * sizeof(*aplic->sources), PAGE_SIZE);
	if (!aplic->base || !aplic->sources)
		return -ENOMEM;
	reset(aplic);
	if (!(mmio_read32(aplic->base + APLIC_DOMAINCFG) & APLIC_DOMAINCFG_DM))
		return -ENODEV;
	aplic->domain.phandle = dt_phandle(node);
	aplic->domain.interrupt_cells = dt_u32(node, "#interrupt-cells", 0, 2);
	aplic->domain.source = source;
	wired_register(&aplic->domain);
	log_info("aplic: %u sources, delivered as MSIs", count);
	return 0;
}

static int probe(dt_node_t node)
{
	int rc;

	/* Only the domain whose MSIs reach our interrupt files; the machine level's go elsewhere. */
	if (!imsic_phandle() || dt_u32(node, "msi-parent", 0, 0) != imsic_phandle())
		return -ENODEV;
	if (nr_aplics == MAX_APLICS)
		return -ENOSPC;
	rc = add(&aplics[nr_aplics], node);
	if (!rc)
		nr_aplics++;
	return rc;
}

TABLE_ENTRY(struct dt_driver, dt_driver, 2, aplic) = {
	.name = "aplic",
	.compatible = "riscv,aplic",
	.class_ = DT_CLASS_IRQCHIP_WIRED,
	.probe = probe,
};

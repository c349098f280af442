// SPDX-License-Identifier: Apache-2.0
/*
 * APLIC (AIA specification, chapter 4; binding riscv,aplic): the domain and its sources.
 * With msi-parent it sends to our IMSIC (aplic_msi.c), without it interrupts harts
 * (aplic_direct.c).
 */
#include <errno.h>

#include "arch/io.h"
#include "drivers/irqchip/aplic.h"
#include "drivers/irqchip/imsic.h"
#include "drivers/irqchip/wired_root.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"
#include "platform/dt.h"

#define MAX_APLICS 4

static struct aplic aplics[MAX_APLICS];
static unsigned nr_aplics;

static int make_source(struct aplic *aplic, unsigned number, unsigned mode, struct irq_desc **desc)
{
	struct aplic_source *source = &aplic->sources[number];
	struct vector_place place;
	int rc = aplic->delivery->claim(aplic, number, &place);

	if (rc)
		return rc;
	if (irq_desc_claim(1, desc) < 0)
		return -ENOSPC;
	source->aplic = aplic;
	source->mode = mode;
	irq_desc_init(*desc, IRQ_KIND_WIRED, aplic->delivery->chip, place.hart, place.identity);
	(*desc)->chip_data = source;
	(*desc)->index = (uint16_t)number;
	source->desc = *desc;
	aplic->delivery->publish(*desc);
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

/* All sources off and inactive, then delivery on: an enable register is W1C, a zero would do nothing. */
static void reset(struct aplic *aplic)
{
	mmio_write32(aplic->base + APLIC_DOMAINCFG, 0);
	for (unsigned word = 0; word <= aplic->nr_sources / 32; word++)
		mmio_write32(aplic->base + APLIC_CLRIE + word * 4, ~0u);
	for (unsigned i = 1; i <= aplic->nr_sources; i++)
		mmio_write32(aplic->base + aplic_sourcecfg(i), APLIC_SM_INACTIVE);
	mmio_write32(aplic->base + APLIC_DOMAINCFG,
		     APLIC_DOMAINCFG_IE | aplic->delivery->domaincfg);
}

/* The mode that we want may be one that it hasn't. */
static bool took_mode(const struct aplic *aplic)
{
	return (mmio_read32(aplic->base + APLIC_DOMAINCFG) & APLIC_DOMAINCFG_DM) ==
	       aplic->delivery->domaincfg;
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
	if (!took_mode(aplic))
		return -ENODEV;
	if (aplic->delivery == &aplic_direct) {
		rc = aplic_direct_init(aplic, node, range.size);
		if (rc)
			return rc;
	}
	aplic->domain.phandle = dt_phandle(node);
	aplic->domain.interrupt_cells = dt_u32(node, "#interrupt-cells", 0, 2);
	aplic->domain.source = source;
	wired_register(&aplic->domain);
	if (aplic->delivery == &aplic_msi)
		imsic_add_sender(aplic->base + APLIC_GENMSI);
	log_info("aplic: %u sources, delivered %s", count,
		 aplic->delivery == &aplic_direct ? "to harts" : "as MSIs");
	return 0;
}

/* Only a domain that reaches us, by our interrupt files or directly; the machine level's goes elsewhere. */
static const struct aplic_delivery *delivery_of(dt_node_t node)
{
	if (imsic_phandle())
		return dt_u32(node, "msi-parent", 0, 0) == imsic_phandle() ? &aplic_msi : NULL;
	if (dt_has(node, "msi-parent"))
		return NULL;
	for (unsigned n = 0; n < wired_root_pairs(node); n++)
		if (wired_root_hart(node, n) >= 0)
			return &aplic_direct;
	return NULL;
}

static int probe(dt_node_t node)
{
	struct aplic *aplic = &aplics[nr_aplics];
	int rc;

	if (nr_aplics == MAX_APLICS)
		return -ENOSPC;
	aplic->delivery = delivery_of(node);
	if (!aplic->delivery)
		return -ENODEV;
	rc = add(aplic, node);
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

// SPDX-License-Identifier: Apache-2.0
/*
 * APLIC in MSI delivery mode: wired sources become identities of a hart's IMSIC
 * (AIA specification, section 4.9).
 */
#include "arch/barrier.h"
#include "arch/io.h"
#include "drivers/irqchip/aplic.h"
#include "drivers/irqchip/imsic.h"
#include "kernel/hart_off.h"
#include "kernel/retire.h"
#include "kernel/slot.h"
#include "kernel/smp.h"

static void write_target(const struct irq_desc *desc, unsigned hart, unsigned identity)
{
	mmio_write32(aplic_base_of(desc) + aplic_target(desc->index),
		     aplic_msi_target(imsic_target_index(hart), identity));
}

static bool wire_asks(const struct aplic_source *source)
{
	unsigned number = source->desc->index;
	uint32_t inputs = mmio_read32(source->aplic->base + APLIC_IN_CLRIP + number / 32 * 4);

	return inputs >> number % 32 & 1;
}

/*
 * In MSI mode a level source sends once and forgets (section 4.9.2): after the handler,
 * setipnum makes it pending again if, and only if, its wire still asks. QEMU before 9.0
 * does it unasked, so the wire is looked at first; one that asks later sends by itself.
 */
static void handle_level(void *arg)
{
	struct aplic_source *source = arg;

	source->handler(source->arg);
	/* The handler's reads and writes of the device come before the APLIC looks again. */
	barrier_mmio();
	if (wire_asks(source))
		mmio_write32(source->aplic->base + APLIC_SETIPNUM, source->desc->index);
}

static void mask(struct irq_desc *desc)
{
	mmio_write32(aplic_base_of(desc) + APLIC_CLRIENUM, desc->index);
}

static void unmask(struct irq_desc *desc)
{
	/* Slot, descriptor and target first; pairs with the trap path's fence i,rw. */
	barrier_publish_to_device();
	mmio_write32(aplic_base_of(desc) + APLIC_SETIENUM, desc->index);
}

static int activate(struct irq_desc *desc, uint8_t shadow)
{
	struct aplic_source *source = aplic_source_of(desc);

	if (aplic_mode_is_level(source->mode) && desc->handler != handle_level) {
		source->handler = desc->handler;
		source->arg = desc->arg;
		desc->arg = source;
		desc->handler = handle_level;
	}
	mmio_write32(aplic_base_of(desc) + aplic_sourcecfg(desc->index), source->mode);
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
	struct vector_place to = { .hart = (uint16_t)hart };
	int rc;

	to.identity = (uint16_t)retire_take_back(desc, hart);
	if (!to.identity) {
		rc = hart_has_exit(desc, hart, &to) ? 0 : imsic_claim_wired(hart, &to);
		if (rc)
			return rc;
		/* relaxed: before the place it leaves is retired */
		atomic_fetch_add_explicit(&desc->places, 1, memory_order_relaxed);
		irq_slot_publish(to.hart, to.identity, desc);
	}
	barrier_publish_to_device();
	write_target(desc, to.hart, to.identity);
	/* It has taken effect before who retires the old place can see that it is left. */
	mmio_read32(aplic_base_of(desc) + aplic_target(desc->index));
	barrier_read_before_write();
	desc->hart = to.hart;
	desc->identity = to.identity;
	/*
	 * A read of the APLIC does not flush the messages that it has sent (section 4.9.3): the
	 * place is kept until its hart goes away (imsic.c, sync_sender()).
	 */
	retire_keep(desc, old_hart, old_identity);
	return 0;
}

static const struct irq_chip chip = {
	.name = "aplic",
	.activate = activate,
	.mask = mask,
	.unmask = unmask,
	.retrigger = retrigger,
	.set_affinity = set_affinity,
};

static int claim(struct aplic *aplic, unsigned source, struct vector_place *place)
{
	(void)aplic;
	(void)source;
	return imsic_claim_wired(smp_index(), place);
}

static void publish(struct irq_desc *desc)
{
	irq_slot_publish(desc->hart, desc->identity, desc);
}

const struct aplic_delivery aplic_msi = {
	.domaincfg = APLIC_DOMAINCFG_DM,
	.chip = &chip,
	.claim = claim,
	.publish = publish,
};

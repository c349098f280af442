// SPDX-License-Identifier: Apache-2.0
/*
 * The interrupt controller of bare POWER9 as its firmware presents it: in the manner of the External
 * Interrupt Option (OPAL API, "OPAL_INT_GET_XIRR" and the like). A hart accepts the source that
 * waits for it, which raises its priority until the end of interrupt.
 */
#include "drivers/irqchip/opal.h"

#include <errno.h>

#include "arch/barrier.h"
#include "arch/ipi.h"
#include "arch/irqflags.h"
#include "drivers/irqchip/papr_quiet.h"
#include "kernel/ipi.h"
#include "kernel/irq.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"
#include "platform/dt.h"
#include "platform/powernv9/opal.h"

/* As many vectors as there can be at a time. */
#define DESCRIPTORS 4096

#define XIRR_SOURCE GENMASK(23, 0) /* below the priority to go back to */
#define CPPR_ALL    0xff           /* everything is let through */
#define CPPR_NONE   0

/* The operand of msgsnd: a directed hypervisor doorbell (Power ISA 3.1B, Book III, "msgsnd"). */
#define DOORBELL (5ull << 27)

/* By hart index: an IPI was sent, and not taken. A doorbell says no more than "look". */
static _Atomic uint32_t *sent;

static _Atomic uint32_t *sent_to(uint64_t hart_id)
{
	unsigned i = 0;

	while (smp_hart(i)->hart_id != hart_id)
		i++;
	return &sent[i];
}

/*
 * By doorbell, not by OPAL_INT_SET_MFRR: QEMU 10 has no stores of a byte to the page by which the
 * firmware would do it.
 */
void arch_ipi_send(uint64_t hart_id)
{
	/* seq_cst, with quiet(): it finds this, or the hart is found stopped later */
	atomic_store_explicit(sent_to(hart_id), 1, memory_order_seq_cst);
	/* What the other hart shall see comes first; pairs with arch_ipi_clear(). */
	barrier_publish_to_device();
	__asm__ volatile("msgsnd %0" ::"r"(DOORBELL | hart_id) : "memory");
}

void arch_ipi_clear(void)
{
	/* It was taken by interrupt(), with acquire. */
}

void arch_ipi_enable(void)
{
	/* They come with all others of this hart. */
}

static uint32_t look(bool only)
{
	uint32_t xirr = 0;

	return opal_call(OPAL_INT_GET_XIRR, (uintptr_t)&xirr, only) ? 0 : xirr;
}

static void take_ipi(void)
{
	/* acquire pairs with arch_ipi_send(); what is sent after it comes again */
	if (!atomic_exchange_explicit(&sent[smp_index()], 0, memory_order_acquire))
		return;
	ipi_interrupt();
	opal_run_queued();
}

/* The controller's interrupts, and doorbells. */
static void interrupt(void)
{
	uint32_t quiet, xirr;

	for (;;) {
		quiet = papr_quiet_look();
		take_ipi();
		xirr = look(false);
		if (!(xirr & XIRR_SOURCE))
			break;
		/* The claim before the descriptor, and before what the device wrote (M16). */
		barrier_after_device_read();
		opal_handle(xirr & XIRR_SOURCE);
		opal_call(OPAL_INT_EOI, xirr);
	}
	papr_quiet_found_nothing(quiet);
}

static void hart_up(unsigned index)
{
	(void)index;
	ipi_hart_init();
	opal_call(OPAL_INT_SET_CPPR, CPPR_ALL);
}

/* All vectors have left, so only IPIs can come. With priority 0 nothing is presented any more. */
static bool quiet(unsigned index)
{
	if (look(true) & XIRR_SOURCE)
		return false;
	opal_call(OPAL_INT_SET_CPPR, CPPR_NONE);
	if (!atomic_load_explicit(&sent[index], memory_order_seq_cst))
		return true;
	opal_call(OPAL_INT_SET_CPPR, CPPR_ALL);
	return false;
}

static const struct hart_ops hart_ops = { .up = hart_up, .quiet = quiet };

static int probe(dt_node_t node)
{
	irqflags_t flags;
	int rc;

	(void)node;
	if (smp_has_ipi())
		return -EBUSY;
	sent = page_alloc(smp_count() * sizeof(*sent), PAGE_SIZE);
	rc = sent ? papr_quiet_init() : -ENOMEM;
	if (!rc)
		rc = irq_init(DESCRIPTORS);
	if (!rc)
		rc = opal_sources_init();
	if (!rc)
		rc = ipi_init();
	if (rc)
		return rc;
	irq_set_root(interrupt);
	smp_set_hart_ops(&hart_ops);
	flags = irq_save();
	hart_up(smp_index());
	irq_restore(flags);
	log_info("opal: interrupts of %u harts", smp_count());
	return 0;
}

TABLE_ENTRY(struct dt_driver, dt_driver, 1, opal) = {
	.name = "opal",
	.compatible = "ibm,opal-intc",
	.class_ = DT_CLASS_IRQCHIP,
	.probe = probe,
};

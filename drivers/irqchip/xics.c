// SPDX-License-Identifier: Apache-2.0
/*
 * The presentation layer of the POWER External Interrupt Option, by hypervisor calls (Power
 * Architecture Platform Reference, "External Interrupt Option"): the root of all harts. A hart
 * accepts the most favored source that waits for it, which raises its priority to that of the
 * source until the end-of-interrupt.
 */
#include "drivers/irqchip/xics.h"

#include <errno.h>

#include "arch/barrier.h"
#include "arch/hcall.h"
#include "arch/irqflags.h"
#include "kernel/ipi.h"
#include "kernel/irq.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"
#include "kernel/smp.h"
#include "platform/dt.h"
#include "platform/pseries/hcalls.h"

/* As many vectors as there can be at a time. */
#define DESCRIPTORS 4096

#define XIRR_SOURCE (XICS_NR_SOURCES - 1) /* below the priority to go back to */
#define CPPR_ALL    0xff                  /* everything is let through */
#define CPPR_NONE   0
#define MFRR_NONE   0xff /* no IPI */

static uint32_t accept(void)
{
	struct hcall_results got;

	return hcall(H_XIRR, 0, 0, 0, 0, 0, &got) ? 0 : (uint32_t)got.r[0];
}

/* A request for quiet, and up to which one a hart has found nothing presented any more. */
static _Atomic uint32_t quiet_wanted;
static _Atomic uint32_t *quiet_reached; /* by hart index */

static void interrupt(void)
{
	uint32_t quiet, xirr;

	for (;;) {
		/* seq_cst, with xics_quiesce(): what is accepted after it was presented after it */
		quiet = atomic_load_explicit(&quiet_wanted, memory_order_seq_cst);
		xirr = accept();
		if (!(xirr & XIRR_SOURCE))
			break;
		uint32_t number = xirr & XIRR_SOURCE;

		/* The claim before the descriptor, and before what the device wrote (M16). */
		barrier_after_device_read();
		if (number == XICS_IPI) {
			ipi_interrupt();
			xics_run_queued();
		} else {
			xics_handle(xics_find(number));
		}
		/* What the handler did to the device comes before a level is looked at again. */
		barrier_mmio();
		hcall(H_EOI, xirr, 0, 0, 0, 0, NULL);
	}
	/* release pairs with the acquire in xics_quiesce(): handlers are done */
	atomic_store_explicit(&quiet_reached[smp_index()], quiet, memory_order_release);
}

/* true: the hart has not looked since the request. */
static bool is_behind(unsigned hart, uint32_t wanted)
{
	uint32_t reached = atomic_load_explicit(&quiet_reached[hart], memory_order_acquire);

	return smp_online(hart) && (int32_t)(wanted - reached) > 0;
}

void xics_quiesce(void)
{
	uint32_t wanted = 1 + atomic_fetch_add_explicit(&quiet_wanted, 1, memory_order_seq_cst);

	/* The IPI has the hart run its list before it looks for the last time. */
	for (unsigned i = 0; i < smp_count(); i++)
		if (smp_online(i))
			smp_kick(i);
	for (unsigned i = 0; i < smp_count(); i++)
		while (is_behind(i, wanted))
			cpu_relax();
}

static void hart_up(unsigned index)
{
	(void)index;
	ipi_hart_init();
	hcall(H_CPPR, CPPR_ALL, 0, 0, 0, 0, NULL);
}

/*
 * All vectors have left, so only IPIs can come. With priority 0 nothing is presented any more,
 * and what would be is asked for once more.
 */
static bool quiet(unsigned index)
{
	uint64_t server = smp_hart(index)->hart_id;
	struct hcall_results got = { 0 };

	hcall(H_IPOLL, server, 0, 0, 0, 0, &got);
	if (got.r[0] & XIRR_SOURCE)
		return false;
	hcall(H_CPPR, CPPR_NONE, 0, 0, 0, 0, NULL);
	hcall(H_IPOLL, server, 0, 0, 0, 0, &got);
	if ((got.r[1] & MFRR_NONE) == MFRR_NONE)
		return true;
	hcall(H_CPPR, CPPR_ALL, 0, 0, 0, 0, NULL);
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
	quiet_reached = page_alloc(smp_count() * sizeof(*quiet_reached), PAGE_SIZE);
	rc = quiet_reached ? irq_init(DESCRIPTORS) : -ENOMEM;
	if (!rc)
		rc = xics_sources_init();
	if (!rc)
		rc = ipi_init();
	if (rc)
		return rc;
	irq_set_root(interrupt);
	smp_set_hart_ops(&hart_ops);
	flags = irq_save();
	hart_up(smp_index());
	irq_restore(flags);
	log_info("xics: %u harts", smp_count());
	return 0;
}

TABLE_ENTRY(struct dt_driver, dt_driver, 1, xics) = {
	.name = "xics",
	.compatible = "IBM,ppc-xicp",
	.class_ = DT_CLASS_IRQCHIP,
	.probe = probe,
};

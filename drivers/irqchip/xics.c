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
#include "drivers/irqchip/papr_map.h"
#include "drivers/irqchip/papr_quiet.h"
#include "kernel/ipi.h"
#include "kernel/irq.h"
#include "kernel/lib/log.h"
#include "kernel/smp.h"
#include "platform/dt.h"
#include "platform/pseries/hcalls.h"

/* As many vectors as there can be at a time. */
#define DESCRIPTORS 4096

#define XIRR_SOURCE (PAPR_NR_SOURCES - 1) /* below the priority to go back to */
#define CPPR_ALL    0xff                  /* everything is let through */
#define CPPR_NONE   0
#define MFRR_NONE   0xff /* no IPI */

static uint32_t accept(void)
{
	struct hcall_results got;

	return hcall(H_XIRR, 0, 0, 0, 0, 0, &got) ? 0 : (uint32_t)got.r[0];
}

static void interrupt(void)
{
	uint32_t quiet, xirr;

	for (;;) {
		quiet = papr_quiet_look();
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
			xics_handle(papr_find(number));
		}
		/* What the handler did to the device comes before a level is looked at again. */
		barrier_mmio();
		hcall(H_EOI, xirr, 0, 0, 0, 0, NULL);
	}
	papr_quiet_found_nothing(quiet);
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
	rc = papr_quiet_init();
	if (!rc)
		rc = irq_init(DESCRIPTORS);
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

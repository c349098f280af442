// SPDX-License-Identifier: Apache-2.0
#include "kernel/ipi.h"

#include "arch/ipi.h"
#include "kernel/irq.h"
#include "kernel/smp.h"

/* One for all harts: it has no state but the counters, one a hart. */
static struct irq_desc *ipi;

static void send(unsigned index)
{
	arch_ipi_send(smp_hart(index)->hart_id);
}

int ipi_init(void)
{
	int rc = irq_desc_claim(1, &ipi);

	if (rc < 0)
		return rc;
	irq_desc_init(ipi, IRQ_KIND_FIXED, NULL, 0, 0);
	ipi->name = "IPI";
	smp_set_ipi(send);
	return 0;
}

void ipi_hart_init(void)
{
	arch_ipi_enable();
}

void ipi_interrupt(void)
{
	/* First: what is sent after this comes again. */
	arch_ipi_clear();
	atomic_fetch_add_explicit(&this_hart()->kicked, 1, memory_order_relaxed);
	ipi->handled[smp_index()]++;
}

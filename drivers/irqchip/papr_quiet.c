// SPDX-License-Identifier: Apache-2.0
#include "drivers/irqchip/papr_quiet.h"

#include <errno.h>
#include <stdbool.h>

#include "kernel/mem.h"

_Atomic uint32_t papr_quiet_wanted;
_Atomic uint32_t *papr_quiet_reached;

int papr_quiet_init(void)
{
	papr_quiet_reached = page_alloc(smp_count() * sizeof(*papr_quiet_reached), PAGE_SIZE);
	return papr_quiet_reached ? 0 : -ENOMEM;
}

/* true: the hart has not looked since the request. */
static bool is_behind(unsigned hart, uint32_t wanted)
{
	uint32_t reached = atomic_load_explicit(&papr_quiet_reached[hart], memory_order_acquire);

	return smp_online(hart) && (int32_t)(wanted - reached) > 0;
}

void papr_quiesce(void)
{
	uint32_t wanted =
		1 + atomic_fetch_add_explicit(&papr_quiet_wanted, 1, memory_order_seq_cst);

	/* The IPI has each look. */
	for (unsigned i = 0; i < smp_count(); i++)
		if (smp_online(i))
			smp_kick(i);
	for (unsigned i = 0; i < smp_count(); i++)
		while (is_behind(i, wanted))
			cpu_relax();
}

// SPDX-License-Identifier: Apache-2.0
/* H_IPI: a server's most favored request register (Power Architecture Platform Reference, "H_IPI"). */
#include "arch/ipi.h"

#include <stddef.h>

#include "arch/barrier.h"
#include "arch/hcall.h"
#include "kernel/smp.h"

#define H_IPI        0x6c
#define IPI_PRIORITY 4
#define IPI_NONE     0xff

void arch_ipi_send(uint64_t hart_id)
{
	/* What the other hart shall see comes first; pairs with arch_ipi_clear(). */
	barrier_publish_to_device();
	hcall(H_IPI, hart_id, IPI_PRIORITY, 0, 0, 0, NULL);
}

void arch_ipi_clear(void)
{
	hcall(H_IPI, this_hart()->hart_id, IPI_NONE, 0, 0, 0, NULL);
	/* Pairs with arch_ipi_send(). */
	barrier_after_device_read();
}

void arch_ipi_enable(void)
{
	/* They come with all others of this hart. */
}

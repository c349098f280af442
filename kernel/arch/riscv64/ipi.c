// SPDX-License-Identifier: Apache-2.0
#include "arch/ipi.h"

#include "arch/barrier.h"
#include "arch/csr.h"
#include "arch/sbi.h"

#define LEGACY_WORDS 16 /* hart IDs up to 1023 */
#define WORD_BITS    64

enum how { UNKNOWN, IPI, LEGACY };

/* All harts find the same answer. */
static _Atomic enum how how;

static enum how find_how(void)
{
	if (how == UNKNOWN)
		how = sbi_has(SBI_EXT_IPI) ? IPI : LEGACY;
	return how;
}

/* The mask is read by the firmware at its virtual address. */
static void send_legacy(uint64_t hart_id)
{
	unsigned long mask[LEGACY_WORDS] = { 0 };

	if (hart_id >= LEGACY_WORDS * WORD_BITS)
		return;
	mask[hart_id / WORD_BITS] = 1ul << hart_id % WORD_BITS;
	sbi_call(SBI_EXT_LEGACY_SEND_IPI, 0, (unsigned long)mask, 0, 0);
}

void arch_ipi_send(uint64_t hart_id)
{
	/* What the other hart shall see comes before the firmware's store; pairs with arch_ipi_clear(). */
	barrier_publish_to_device();
	if (find_how() == IPI)
		sbi_call(SBI_EXT_IPI, SBI_IPI_SEND, 1, hart_id, 0);
	else
		send_legacy(hart_id);
}

void arch_ipi_clear(void)
{
	csr_clear(CSR_SIP, SIP_SSIP);
	/* A fence orders CSR accesses as device I/O; pairs with arch_ipi_send(). */
	barrier_after_device_read();
}

void arch_ipi_enable(void)
{
	csr_set(CSR_SIE, SIE_SSIE);
}

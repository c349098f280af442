// SPDX-License-Identifier: Apache-2.0
/* Offsets for assembly: compiled to assembly only; the Makefile turns the lines into asm-offsets.h. */
#include <stddef.h>

#include "arch/sbi.h"
#include "arch/trap.h"
#include "kernel/irq.h"
#include "kernel/smp.h"

#define DEFINE(sym, val) __asm__ volatile("\n->" #sym " %0" : : "i"(val))

void asm_offsets(void);
void asm_offsets(void)
{
	_Static_assert(offsetof(struct irq_desc, state) == 0, "AMOs take no offset");
	DEFINE(HART_ID, offsetof(struct hart, hart_id));
	DEFINE(HART_INDEX_BYTES, offsetof(struct hart, index_bytes));
	DEFINE(HART_CURRENT, offsetof(struct hart, current));
	DEFINE(HART_SLOTS, offsetof(struct hart, slots));
	DEFINE(HART_SATP, offsetof(struct hart, page_table));
	DEFINE(HART_START_SP, offsetof(struct hart, start_sp));
	DEFINE(DESC_HANDLER, offsetof(struct irq_desc, handler));
	DEFINE(DESC_ARG, offsetof(struct irq_desc, arg));
	DEFINE(DESC_HANDLED, offsetof(struct irq_desc, handled));
	DEFINE(SBI_HSM, SBI_EXT_HSM);
	DEFINE(SBI_STOP, SBI_HSM_STOP);
	DEFINE(STATE_SHUT, IRQ_SHUT);
	DEFINE(STATE_RUN, IRQ_RUN);
	DEFINE(STATE_PEND, IRQ_PEND);
	DEFINE(FRAME_SIZE, (sizeof(struct trap_frame) + 15) & ~15ul);
	DEFINE(FRAME_SEPC, offsetof(struct trap_frame, sepc));
	DEFINE(FRAME_SSTATUS, offsetof(struct trap_frame, sstatus));
	DEFINE(FRAME_SCAUSE, offsetof(struct trap_frame, scause));
	DEFINE(FRAME_STVAL, offsetof(struct trap_frame, stval));
}

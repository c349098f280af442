// SPDX-License-Identifier: Apache-2.0
/* Offsets for assembly: compiled to assembly only; the Makefile turns the lines into asm-offsets.h. */
#include <stddef.h>

#include "arch/trap.h"
#include "kernel/smp.h"

#define DEFINE(sym, val) __asm__ volatile("\n->" #sym " %0" : : "i"(val))

void asm_offsets(void);
void asm_offsets(void)
{
	DEFINE(HART_ID, offsetof(struct hart, hart_id));
	DEFINE(HART_START_SP, offsetof(struct hart, start_sp));
	DEFINE(FRAME_SIZE, (sizeof(struct trap_frame) + 15) & ~15ul);
	DEFINE(FRAME_SRR0, offsetof(struct trap_frame, srr0));
	DEFINE(FRAME_SRR1, offsetof(struct trap_frame, srr1));
	DEFINE(FRAME_LR, offsetof(struct trap_frame, lr));
	DEFINE(FRAME_CTR, offsetof(struct trap_frame, ctr));
	DEFINE(FRAME_XER, offsetof(struct trap_frame, xer));
	DEFINE(FRAME_CR, offsetof(struct trap_frame, cr));
	DEFINE(FRAME_DAR, offsetof(struct trap_frame, dar));
	DEFINE(FRAME_DSISR, offsetof(struct trap_frame, dsisr));
	DEFINE(FRAME_VECTOR, offsetof(struct trap_frame, vector));
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "generated/asm-offsets.h"

/*
 * A hart that stops leaves its thread on its stack, as a call does: ra and s0 - s11 (the
 * RISC-V calling convention). boot/ starts it below, and arch_resume_hart() goes back.
 */
#define REGS 112 /* 13 registers, 16-byte aligned */
#define EIO  5

	.macro	each_register op
	\op	ra, 0(sp)
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11
	\op	s\n, 8 + 8*\n(sp)
	.endr
	.endm

	.text
	.global arch_stop_hart
arch_stop_hart:
	addi	sp, sp, -REGS
	each_register sd
	sd	sp, HART_START_SP(a0)
	li	a7, SBI_HSM
	li	a6, SBI_STOP
	ecall
	/* Still here. */
	li	a0, -EIO
	j	back

	.global arch_resume_hart
arch_resume_hart:
	ld	sp, HART_START_SP(a0)
	li	a0, 0
back:
	each_register ld
	addi	sp, sp, REGS
	ret

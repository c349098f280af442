/* SPDX-License-Identifier: Apache-2.0 */
#include "generated/asm-offsets.h"

/*
 * A hart that stops leaves its thread on its stack, as a call does: the link register, cr and
 * r14 - r31 (64-Bit ELF V2 ABI). boot/ starts it below, and arch_resume_hart() goes back.
 */
#define SAVE_CR   32
#define SAVE_R14  40
#define REGS      192	/* header, cr, 18 registers, 16-byte aligned */
#define LR_OFFSET 16
#define EIO       5

.macro each_register op
	.irp n, 14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	\op	%r\n, SAVE_R14 + 8*(\n-14)(%r1)
	.endr
.endm

	.text
	.global arch_stop_hart
arch_stop_hart:
	mflr	%r0
	std	%r0, LR_OFFSET(%r1)
	stdu	%r1, -REGS(%r1)
	mfcr	%r0
	std	%r0, SAVE_CR(%r1)
	each_register std
	std	%r1, HART_START_SP(%r3)
	bl	arch_stop_self
	nop
	/* Still here. */
	li	%r3, -EIO
	b	back

	.global arch_resume_hart
arch_resume_hart:
	ld	%r1, HART_START_SP(%r3)
	li	%r3, 0
back:
	each_register ld
	ld	%r0, SAVE_CR(%r1)
	mtcr	%r0
	addi	%r1, %r1, REGS
	ld	%r0, LR_OFFSET(%r1)
	mtlr	%r0
	blr

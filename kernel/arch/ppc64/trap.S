/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/interrupt_frame.h"
#include "arch/spr.h"
#include "generated/asm-offsets.h"

/*
 * The vectors, in their places: the image lies at 0 (linker/ppc64.ld). boot/ppc64.S has that of
 * the system reset, 0x100.
 */
#define FIRST_VECTOR 0x200

	.section .text.vectors, "ax"

.macro exception vector
	.org	\vector - FIRST_VECTOR
	mtspr	SPR_SPRG1, %r1
	mfspr	%r1, SPR_SPRG0
	addi	%r1, %r1, -FRAME_SIZE
	std	%r3, 8*3(%r1)
	li	%r3, \vector
	b	arch_trap_exception
.endm

.macro interrupt vector
	.org	\vector - FIRST_VECTOR
	stdu	%r1, -SAVE_SIZE(%r1)
	std	%r3, SAVE_GPR3(%r1)
	li	%r3, \vector
	b	arch_trap_interrupt
.endm

/* A hypervisor's own, where there is none above us. No SRR is in use where it comes with EE on. */
.macro hv_interrupt vector, as
	.org	\vector - FIRST_VECTOR
	stdu	%r1, -SAVE_SIZE(%r1)
	std	%r3, SAVE_GPR3(%r1)
	mfspr	%r3, SPR_HSRR0
	mtspr	SPR_SRR0, %r3
	mfspr	%r3, SPR_HSRR1
	mtspr	SPR_SRR1, %r3
	li	%r3, \as
	b	arch_trap_interrupt
.endm

.macro hv_exception vector, as
	.org	\vector - FIRST_VECTOR
	mtspr	SPR_SPRG1, %r1
	mfspr	%r1, SPR_SPRG0
	addi	%r1, %r1, -FRAME_SIZE
	std	%r3, 8*3(%r1)
	li	%r3, \as
	b	arch_trap_hv_exception
.endm

	exception VECTOR_MACHINE_CHECK
	exception VECTOR_DATA_STORAGE
	exception VECTOR_DATA_SEGMENT
	exception VECTOR_INSTR_STORAGE
	exception VECTOR_INSTR_SEGMENT
	interrupt VECTOR_EXTERNAL
	exception VECTOR_ALIGNMENT
	exception VECTOR_PROGRAM
	exception VECTOR_FP_UNAVAILABLE
	interrupt VECTOR_DECREMENTER
	interrupt VECTOR_DOORBELL
	exception VECTOR_SYSTEM_CALL
	exception VECTOR_TRACE
	hv_exception VECTOR_HV_DATA_STORAGE, VECTOR_DATA_STORAGE
	hv_exception VECTOR_HV_INSTR_STORAGE, VECTOR_INSTR_STORAGE
	hv_exception VECTOR_HV_EMULATION, VECTOR_PROGRAM
	/* The root looks for both. */
	hv_interrupt VECTOR_HV_DOORBELL, VECTOR_EXTERNAL
	hv_interrupt VECTOR_HV_VIRTUALIZATION, VECTOR_EXTERNAL
	exception VECTOR_PERFORMANCE
	exception VECTOR_VECTOR_UNAVAILABLE
	exception VECTOR_VSX_UNAVAILABLE
	exception VECTOR_FACILITY

	.text
	.global arch_trap_interrupt, arch_trap_interrupt_end
arch_trap_interrupt:
	std	%r0, SAVE_GPR0(%r1)
	.irp n, 4,5,6,7,8,9,10,11,12
	std	%r\n, SAVE_GPR3+8*(\n-3)(%r1)
	.endr
	mflr	%r4
	mfctr	%r5
	mfxer	%r6
	mfcr	%r7
	mfspr	%r8, SPR_SRR0
	mfspr	%r9, SPR_SRR1
	mfspr	%r10, SPR_SPRG2
	std	%r4, SAVE_LR(%r1)
	std	%r5, SAVE_CTR(%r1)
	std	%r6, SAVE_XER(%r1)
	std	%r7, SAVE_CR(%r1)
	cmpdi	%r10, 0
	bne	woken
	std	%r8, SAVE_SRR0(%r1)
	std	%r9, SAVE_SRR1(%r1)
	bl	trap_interrupt
	nop
1:	ld	%r4, SAVE_LR(%r1)
	ld	%r5, SAVE_CTR(%r1)
	ld	%r6, SAVE_XER(%r1)
	ld	%r7, SAVE_CR(%r1)
	ld	%r8, SAVE_SRR0(%r1)
	ld	%r9, SAVE_SRR1(%r1)
	mtlr	%r4
	mtctr	%r5
	mtxer	%r6
	mtcr	%r7
	mtspr	SPR_SRR0, %r8
	mtspr	SPR_SRR1, %r9
	ld	%r0, SAVE_GPR0(%r1)
	.irp n, 3,4,5,6,7,8,9,10,11,12
	ld	%r\n, SAVE_GPR3+8*(\n-3)(%r1)
	.endr
	addi	%r1, %r1, SAVE_SIZE
	rfid
/*
 * The hart slept with interrupts off, and only H_CEDE turned them on: off again. The interrupt
 * stays pending: nobody has accepted it, nor set the decrementer.
 */
woken:
	li	%r10, 0
	mtspr	SPR_SPRG2, %r10
	li	%r10, MSR_EE >> 1
	sldi	%r10, %r10, 1
	andc	%r9, %r9, %r10
	std	%r8, SAVE_SRR0(%r1)
	std	%r9, SAVE_SRR1(%r1)
	b	1b
arch_trap_interrupt_end:

/* r1 = SPRG0, r1 itself in SPRG1, as boot/ppc64.S leaves them. */
	.global arch_trap_system_reset
arch_trap_system_reset:
	addi	%r1, %r1, -FRAME_SIZE
	std	%r3, 8*3(%r1)
	li	%r3, VECTOR_SYSTEM_RESET

	b	arch_trap_exception

arch_trap_hv_exception:
	std	%r4, 8*4(%r1)
	mfspr	%r4, SPR_HSRR0
	mtspr	SPR_SRR0, %r4
	mfspr	%r4, SPR_HSRR1
	mtspr	SPR_SRR1, %r4
	ld	%r4, 8*4(%r1)

/*
 * Exceptions run on the hart's emergency stack, whatever has become of its own. A further
 * exception goes below the frame. r1 = frame, r3 = vector, r1 itself in SPRG1.
 */
	.global arch_trap_exception
arch_trap_exception:
	std	%r3, FRAME_VECTOR(%r1)
	.irp n, 0,2,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	std	%r\n, 8*\n(%r1)
	.endr
	mfspr	%r4, SPR_SPRG1
	std	%r4, 8*1(%r1)
	mtspr	SPR_SPRG0, %r1
	mfspr	%r4, SPR_SRR0
	std	%r4, FRAME_SRR0(%r1)
	mfspr	%r4, SPR_SRR1
	std	%r4, FRAME_SRR1(%r1)
	mflr	%r4
	std	%r4, FRAME_LR(%r1)
	mfctr	%r4
	std	%r4, FRAME_CTR(%r1)
	mfxer	%r4
	std	%r4, FRAME_XER(%r1)
	mfcr	%r4
	std	%r4, FRAME_CR(%r1)
	mfspr	%r4, SPR_DAR
	std	%r4, FRAME_DAR(%r1)
	mfspr	%r4, SPR_DSISR
	std	%r4, FRAME_DSISR(%r1)
	lis	%r2, .TOC.@ha
	addi	%r2, %r2, .TOC.@l
	mr	%r3, %r1
	li	%r4, 0
	stdu	%r4, -64(%r1)
	bl	trap_exception
	nop
	/* Comes back only for an access that was allowed to fail (arch/probe.h). */
	addi	%r1, %r1, 64
	ld	%r4, FRAME_SRR0(%r1)
	mtspr	SPR_SRR0, %r4
	ld	%r4, FRAME_SRR1(%r1)
	mtspr	SPR_SRR1, %r4
	ld	%r4, FRAME_LR(%r1)
	mtlr	%r4
	ld	%r4, FRAME_CTR(%r1)
	mtctr	%r4
	ld	%r4, FRAME_XER(%r1)
	mtxer	%r4
	ld	%r4, FRAME_CR(%r1)
	mtcr	%r4
	addi	%r4, %r1, FRAME_SIZE
	mtspr	SPR_SPRG0, %r4
	.irp n, 0,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	ld	%r\n, 8*\n(%r1)
	.endr
	ld	%r1, 8*1(%r1)
	rfid

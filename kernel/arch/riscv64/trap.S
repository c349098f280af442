/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/save.h"
#include "generated/asm-offsets.h"

/*
 * Vectored traps (stvec mode 1; the ISA manual, Volume II, "stvec"): exceptions enter at
 * the base, interrupt n at base + 4 n. An interrupt controller with a path of its own
 * brings a table of its own (drivers/irqchip/imsic_entry.S).
 */
	.text
	.balign 256
	.global arch_trap_vectors
	.option push
	.option norvc
arch_trap_vectors:
	j	arch_trap_exception
	.rept	15
	j	arch_trap_interrupt
	.endr
	.option pop

	.global arch_trap_interrupt
arch_trap_interrupt:
	save_caller_saved
	csrr	a0, scause
	slli	a0, a0, 1
	srli	a0, a0, 1
	call	trap_interrupt
	restore_caller_saved
	sret

/*
 * Exceptions run on the hart's emergency stack (sscratch), so that a stack that has
 * hit its guard page can still be reported. A further exception goes below the frame.
 */
	.global arch_trap_exception
arch_trap_exception:
	csrrw	sp, sscratch, sp
	addi	sp, sp, -FRAME_SIZE
	.irp n, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	sd	x\n, 8*\n(sp)
	.endr
	csrr	t0, sscratch
	sd	t0, 8*2(sp)
	csrw	sscratch, sp
	csrr	t0, sepc
	sd	t0, FRAME_SEPC(sp)
	csrr	t0, sstatus
	sd	t0, FRAME_SSTATUS(sp)
	csrr	t0, scause
	sd	t0, FRAME_SCAUSE(sp)
	csrr	t0, stval
	sd	t0, FRAME_STVAL(sp)
	mv	a0, sp
	call	trap_exception
	/* Comes back only for an access that was allowed to fail (arch/probe.h). */
	ld	t0, FRAME_SEPC(sp)
	csrw	sepc, t0
	ld	t0, FRAME_SSTATUS(sp)
	csrw	sstatus, t0
	addi	t0, sp, FRAME_SIZE
	csrw	sscratch, t0
	.irp n, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	ld	x\n, 8*\n(sp)
	.endr
	ld	sp, 8*2(sp)
	sret

	.global arch_set_trap_vectors
arch_set_trap_vectors:
	ori	a0, a0, 1
	csrw	stvec, a0
	ret

/* SPDX-License-Identifier: Apache-2.0 */
#include "hypervisor/regs.h"

/*
 * Into a guest and back (hypervisor/vcpu.h). While it runs sscratch holds its struct vcpu_regs, and
 * every trap that is not the guest's own ends the call: both kinds leave what they found in
 * scause, and the caller looks.
 */
	.text
	.global world_enter
world_enter:
	addi	sp, sp, -128
	sd	ra, 0(sp)
	sd	gp, 8(sp)
	sd	tp, 16(sp)
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11
	sd	s\n, 8*(3+\n)(sp)
	.endr
	sd	sp, REGS_SP(a0)
	csrr	t0, sscratch
	sd	t0, REGS_SSCRATCH(a0)
	csrr	t0, stvec
	sd	t0, REGS_STVEC(a0)
	csrw	sscratch, a0
	lla	t0, world_exit
	csrw	stvec, t0
	ld	t0, REGS_SEPC(a0)
	csrw	sepc, t0
	ld	t0, REGS_SSTATUS(a0)
	csrw	sstatus, t0
	ld	t0, REGS_HSTATUS(a0)
	csrw	CSR_HSTATUS, t0
	.irp n, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	ld	x\n, 8*\n(a0)
	.endr
	ld	a0, 80(a0)
	sret

	.balign 4
world_exit:
	csrrw	a0, sscratch, a0
	.irp n, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	sd	x\n, 8*\n(a0)
	.endr
	csrr	t0, sscratch
	sd	t0, 80(a0)
	csrr	t0, sepc
	sd	t0, REGS_SEPC(a0)
	csrr	t0, sstatus
	sd	t0, REGS_SSTATUS(a0)
	csrr	t0, CSR_HSTATUS
	sd	t0, REGS_HSTATUS(a0)
	csrr	t0, scause
	sd	t0, REGS_SCAUSE(a0)
	csrr	t0, stval
	sd	t0, REGS_STVAL(a0)
	csrr	t0, CSR_HTVAL
	sd	t0, REGS_HTVAL(a0)
	csrr	t0, CSR_HTINST
	sd	t0, REGS_HTINST(a0)
	ld	t0, REGS_STVEC(a0)
	csrw	stvec, t0
	ld	t0, REGS_SSCRATCH(a0)
	csrw	sscratch, t0
	ld	sp, REGS_SP(a0)
	ld	ra, 0(sp)
	ld	gp, 8(sp)
	ld	tp, 16(sp)
	.irp n, 0,1,2,3,4,5,6,7,8,9,10,11
	ld	s\n, 8*(3+\n)(sp)
	.endr
	addi	sp, sp, 128
	ret

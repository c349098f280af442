/* SPDX-License-Identifier: Apache-2.0 */

/* arch/probe.h: arch_trap_fixup() sends a fault between the two labels to probe_fault. */
	.text
	.global probe_start, probe_end, probe_fault
	.global arch_probe_load8, arch_probe_store8, arch_probe_call, arch_probe_guest16
probe_start:
arch_probe_load8:
	lbu	a2, 0(a0)
	sb	a2, 0(a1)
	li	a0, 0
	ret
arch_probe_store8:
	sb	a1, 0(a0)
	li	a0, 0
	ret
/* hlvx.hu a2, (a0): as the guest that was left last would fetch it. */
arch_probe_guest16:
	.insn r 0x73, 4, 0x32, a2, a0, x3
	sh	a2, 0(a1)
	li	a0, 0
	ret
/* A fetch that faults leaves ra inside these bounds. */
arch_probe_call:
	addi	sp, sp, -16
	sd	ra, 0(sp)
	jalr	a0
	li	a0, 0
probe_call_return:
	ld	ra, 0(sp)
	addi	sp, sp, 16
	ret
probe_end:

/* a0 = scause */
probe_fault:
	ret
	.global probe_call_return

/* SPDX-License-Identifier: Apache-2.0 */

/* arch/probe.h: arch_trap_fixup() sends a fault between the two labels to probe_fault. */
	.text
	.global probe_start, probe_end, probe_fault, probe_call_return
	.global arch_probe_load8, arch_probe_store8, arch_probe_call
probe_start:
arch_probe_load8:
	lbz	%r5, 0(%r3)
	stb	%r5, 0(%r4)
	li	%r3, 0
	blr
arch_probe_store8:
	stb	%r4, 0(%r3)
	li	%r3, 0
	blr
/* A fetch that faults leaves the link register inside these bounds. */
arch_probe_call:
	mflr	%r0
	std	%r0, 16(%r1)
	stdu	%r1, -32(%r1)
	mr	%r12, %r3
	mtctr	%r3
	bctrl
	li	%r3, 0
probe_call_return:
	addi	%r1, %r1, 32
	ld	%r0, 16(%r1)
	mtlr	%r0
	blr
probe_end:

/* r3 = vector */
probe_fault:
	blr

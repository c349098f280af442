/* SPDX-License-Identifier: Apache-2.0 */
/* Entered in VS-mode without translation: a0 the hart, a1 the device tree, or what HSM was given. */
	.section .text.head, "ax"
	.globl	_start
_start:
	la	sp, stacks + 8192
	call	attack
1:	wfi
	j	1b

/* The second hart: changes under the call what the first one points at. */
	.globl	second_hart
second_hart:
	la	sp, stacks + 16384
	mv	a0, a1
	call	flip
	j	1b

	.bss
	.balign	16
stacks:
	.space	16384

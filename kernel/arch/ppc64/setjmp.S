/* SPDX-License-Identifier: Apache-2.0 */

/*
 * In place of newlib's, which keeps the lower halves of registers alone. Floating-point registers
 * are not kept: the kernel has none.
 */
	.text
	.global setjmp, longjmp
setjmp:
	mflr	%r0
	mfcr	%r4
	std	%r0, 0(%r3)
	std	%r1, 8(%r3)
	std	%r4, 16(%r3)
	.irp n, 14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	std	%r\n, 24+8*(\n-14)(%r3)
	.endr
	li	%r3, 0
	blr

longjmp:
	ld	%r0, 0(%r3)
	ld	%r1, 8(%r3)
	ld	%r5, 16(%r3)
	.irp n, 14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	ld	%r\n, 24+8*(\n-14)(%r3)
	.endr
	mtlr	%r0
	mtcr	%r5
	cmpdi	%r4, 0
	mr	%r3, %r4
	bnelr
	li	%r3, 1
	blr

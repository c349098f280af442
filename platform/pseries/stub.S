/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/spr.h"

/*
 * build/pseries/stub.bin, QEMU's -bios: moves the image that -kernel has loaded to 0, where it
 * runs, and enters it as the hypervisor enters a flat image given to -bios: at 0x100, r3 = device
 * tree. It moves itself out of the way first. MSR.SF may be clear at its entry.
 */
#define LOADED  0x400000	/* QEMU's -machine kernel-addr, and the image is linked at 0 */
#define ASIDE   0x3ff000	/* behind the longest image */
#define MAGIC   8		/* in the image: 8 bytes, then its length (boot/ppc64.S) */
#define LENGTH  16
#define ENTRY   0x100
#define LINE    128		/* no longer than a cache line */
#define H_PUT_TERM_CHAR 0x58

	.text
	.global _start
_start:
	.org	ENTRY
	li	%r0, 1
	sldi	%r0, %r0, 63
	ori	%r0, %r0, MSR_ME
	mtmsrd	%r0
	isync
	lis	%r4, LOADED >> 16
	bcl	20, 31, here
here:	mflr	%r10
	ld	%r5, MAGIC(%r4)
	ld	%r6, magic - here(%r10)
	cmpd	%r5, %r6
	bne	nothing
	ld	%r5, LENGTH(%r4)
	lis	%r7, ASIDE >> 16
	ori	%r7, %r7, ASIDE & 0xffff
	cmpld	%r5, %r7
	bgt	nothing

	addi	%r8, %r10, move - here
	li	%r9, (move_end - move) / 4
	mtctr	%r9
	mr	%r9, %r7
1:	lwz	%r11, 0(%r8)
	stw	%r11, 0(%r9)
	addi	%r8, %r8, 4
	addi	%r9, %r9, 4
	bdnz	1b
	dcbst	0, %r7
	sync
	icbi	0, %r7
	isync
	mtctr	%r7
	bctr

/* r4 = where it is, r5 = bytes; fits into one cache line of the place aside. */
move:
	li	%r9, 0
2:	ldx	%r11, %r4, %r9
	stdx	%r11, 0, %r9
	dcbst	0, %r9
	icbi	0, %r9
	addi	%r9, %r9, 8
	cmpld	%r9, %r5
	blt	2b
	sync
	isync
	li	%r9, ENTRY
	mtctr	%r9
	bctr
move_end:
	.if	move_end - move > LINE
	.error	"the loop is longer than a cache line"
	.endif

nothing:
	li	%r4, 0
	li	%r5, 16
	ld	%r6, text - here(%r10)
	ld	%r7, text + 8 - here(%r10)
	li	%r3, H_PUT_TERM_CHAR
	sc	1
3:	b	3b

	.balign 8
magic:
	.ascii	"TOCSIN\0\1"
text:
	.ascii	"stub: no kernel\n"

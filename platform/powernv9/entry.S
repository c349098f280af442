/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/spr.h"

/*
 * From the firmware to boot/ppc64.S. It enters the ELF file where it has loaded it, as it lies in
 * the file: r3 = device tree, r8 and r9 = base and entry of its calls (OPAL API, "Boot"). The
 * image is moved to 0, where it runs.
 */
#define ENTRY 0x100

#define SPR_LPCR  318
#define SPR_PSSCR 855
#define SPR_PIR   1023
#define HVICE     2	/* hypervisor virtualization interrupts: those of the controller */

	.machine power9

/*
 * What a hart needs before it takes interrupts; the stop instruction only waits. Then on at the
 * address in r4 with machine checks enabled, which mtmsrd can't do. Changes r0.
 */
.macro set_up_and_go
	mfspr	%r0, SPR_LPCR
	ori	%r0, %r0, HVICE
	mtspr	SPR_LPCR, %r0
	li	%r0, 0
	mtspr	SPR_PSSCR, %r0
	mtspr	SPR_SRR0, %r4
	mfmsr	%r0
	ori	%r0, %r0, MSR_ME
	mtspr	SPR_SRR1, %r0
	rfid
.endm

	.text
	.global opal_start
opal_start:
	bcl	20, 31, 1f
1:	mflr	%r10
	lis	%r4, 1b@ha
	addi	%r4, %r4, 1b@l
	sub	%r10, %r10, %r4		/* where the image lies: it is linked at 0 */
	lis	%r5, image_data_end@ha
	addi	%r5, %r5, image_data_end@l
	li	%r6, 0
2:	ldx	%r7, %r10, %r6
	stdx	%r7, 0, %r6
	dcbst	0, %r6
	icbi	0, %r6
	addi	%r6, %r6, 8
	cmpld	%r6, %r5
	blt	2b
	sync
	isync
	lis	%r4, opal_base@ha
	std	%r8, opal_base@l(%r4)
	lis	%r4, opal_entry@ha
	std	%r9, opal_entry@l(%r4)
	li	%r4, ENTRY
	set_up_and_go

/* opal_start_cpu(): the firmware has no argument for us. */
	.global opal_secondary
opal_secondary:
	mfspr	%r3, SPR_PIR
	lis	%r4, boot_secondary@ha
	addi	%r4, %r4, boot_secondary@l
	set_up_and_go

/*
 * opal_enter(r3 = token, r4 ... r10 = arguments): the token goes into r0, the firmware's base into
 * r2. Interrupts are off inside: it has one stack for each hart, and handlers call it too.
 */
#define FRAME     64
#define SAVE_TOC  24
#define SAVE_R13  32
#define SAVE_MSR  40
#define LR_OFFSET 16

	.global opal_enter
opal_enter:
	mflr	%r0
	std	%r0, LR_OFFSET(%r1)
	stdu	%r1, -FRAME(%r1)
	std	%r2, SAVE_TOC(%r1)
	std	%r13, SAVE_R13(%r1)
	mfmsr	%r11
	std	%r11, SAVE_MSR(%r1)
	li	%r12, MSR_RI
	mtmsrd	%r12, 1
	mr	%r0, %r3
	mr	%r3, %r4
	mr	%r4, %r5
	mr	%r5, %r6
	mr	%r6, %r7
	mr	%r7, %r8
	mr	%r8, %r9
	mr	%r9, %r10
	lis	%r12, opal_base@ha
	ld	%r2, opal_base@l(%r12)
	lis	%r12, opal_entry@ha
	ld	%r12, opal_entry@l(%r12)
	mtctr	%r12
	bctrl
	ld	%r2, SAVE_TOC(%r1)
	ld	%r13, SAVE_R13(%r1)
	ld	%r11, SAVE_MSR(%r1)
	mtmsrd	%r11, 1
	addi	%r1, %r1, FRAME
	ld	%r0, LR_OFFSET(%r1)
	mtlr	%r0
	blr

	.data
	.balign 8
opal_base:
	.quad	0
opal_entry:
	.quad	0

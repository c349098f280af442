/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/spr.h"

#define H_CEDE 0xe0

/*
 * H_CEDE turns interrupts on (Power Architecture Platform Reference, "H_CEDE"). With SPRG2 set,
 * arch_trap_interrupt turns them off again without a handler, so that the caller finds its
 * switch as it was. A hypervisor that woke us without an interrupt leaves them on: off.
 */
	.text
	.global cpu_wait
cpu_wait:
	mfmsr	%r9
	andi.	%r9, %r9, MSR_EE
	bne	1f
	li	%r3, 1
	mtspr	SPR_SPRG2, %r3
1:	li	%r3, H_CEDE
	sc	1
	mfspr	%r3, SPR_SPRG2
	cmpdi	%r3, 0
	beqlr
	li	%r3, MSR_RI
	mtmsrd	%r3, 1
	li	%r3, 0
	mtspr	SPR_SPRG2, %r3
	blr

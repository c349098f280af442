/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/spr.h"

/* QEMU brings PMC5 up to date where a translation block ends: a branch stands before each read. */
	.text
	.global arch_bench_handler
arch_bench_handler:
	mfspr	%r4, SPR_PMC5
	std	%r4, 0(%r3)
	blr

	.global arch_bench_store
arch_bench_store:
	b	1f
1:	mfspr	%r5, SPR_PMC5
	stwbrx	%r4, 0, %r3
	b	2f
2:	mfspr	%r4, SPR_PMC5
	mr	%r3, %r5
	blr

	.global arch_bench_window
arch_bench_window:
	li	%r5, MSR_RI
	ori	%r6, %r5, MSR_EE
	b	1f
1:	mfspr	%r3, SPR_PMC5
	mtmsrd	%r6, 1
	nop
	mtmsrd	%r5, 1
	b	2f
2:	mfspr	%r4, SPR_PMC5
	blr

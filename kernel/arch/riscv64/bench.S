/* SPDX-License-Identifier: Apache-2.0 */
	.text
	.global arch_bench_handler
arch_bench_handler:
	rdinstret t0
	sd	t0, 0(a0)
	ret

	.global arch_bench_store
arch_bench_store:
	rdinstret t0
	sw	a1, 0(a0)
	rdinstret a1
	mv	a0, t0
	ret

	.global arch_bench_window
arch_bench_window:
	rdinstret a0
	csrsi	sstatus, 2
	nop
	csrci	sstatus, 2
	rdinstret a1
	ret

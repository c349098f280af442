/* SPDX-License-Identifier: Apache-2.0 */
/* clang-format off */
#pragma once

/*
 * Assembly only: what a C function may change, saved on the interrupted stack. The
 * kernel is soft-float, so this is all. Handlers do not nest: sepc and sstatus stay
 * in their registers. 16 of the bytes are the caller's, from SAVE_FREE on.
 */
#define SAVE_SIZE 144
#define SAVE_FREE 128

.macro save_caller_saved
	addi	sp, sp, -SAVE_SIZE
	sd	ra, 0(sp)
	sd	t0, 8(sp)
	sd	t1, 16(sp)
	sd	t2, 24(sp)
	sd	t3, 32(sp)
	sd	t4, 40(sp)
	sd	t5, 48(sp)
	sd	t6, 56(sp)
	sd	a0, 64(sp)
	sd	a1, 72(sp)
	sd	a2, 80(sp)
	sd	a3, 88(sp)
	sd	a4, 96(sp)
	sd	a5, 104(sp)
	sd	a6, 112(sp)
	sd	a7, 120(sp)
.endm

.macro restore_caller_saved
	ld	ra, 0(sp)
	ld	t0, 8(sp)
	ld	t1, 16(sp)
	ld	t2, 24(sp)
	ld	t3, 32(sp)
	ld	t4, 40(sp)
	ld	t5, 48(sp)
	ld	t6, 56(sp)
	ld	a0, 64(sp)
	ld	a1, 72(sp)
	ld	a2, 80(sp)
	ld	a3, 88(sp)
	ld	a4, 96(sp)
	ld	a5, 104(sp)
	ld	a6, 112(sp)
	ld	a7, 120(sp)
	addi	sp, sp, SAVE_SIZE
.endm

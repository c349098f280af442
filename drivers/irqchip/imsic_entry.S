/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/save.h"
#include "generated/asm-offsets.h"

/*
 * The path from trap to handler on an IMSIC, in one piece: claim, slot, latch, call,
 * count, complete, until nothing is pending. docs/msi.md M5, M6, M16; the steps are named
 * as in tests/model/latch.pml.
 */
#define STOPEI 0x15c

	.section .text.hot, "ax"
	.balign 256
	.global imsic_vectors
	.option push
	.option norvc
imsic_vectors:
	j	arch_trap_exception
	.rept	8
	j	arch_trap_interrupt
	.endr
	j	imsic_entry		/* 9: supervisor external */
	.rept	6
	j	arch_trap_interrupt
	.endr
	.option pop

	.balign 64
imsic_entry:
	save_caller_saved
	sd	s0, SAVE_FREE(sp)
	sd	s1, SAVE_FREE + 8(sp)
	/* claim: reads and clears the top pending identity in one step (AIA, section 3.9) */
	csrrw	t0, STOPEI, zero
next:
	/* claim before the slot load, and before what the device wrote (M16) */
	fence	i, rw
	/* stopei is identity << 16 | identity: the offset of an 8-byte slot in one shift */
	srli	s1, t0, 13
	ld	t1, HART_SLOTS(tp)
	add	t1, t1, s1
	ld	s0, 0(t1)
	/* latch: acquire pairs with the release of complete on whichever hart ran last */
	li	t2, STATE_RUN
	amoor.w.aq t2, t2, (s0)
	andi	t3, t2, STATE_RUN | STATE_SHUT
	bnez	t3, slow
run:
	sd	s0, HART_CURRENT(tp)
	ld	t4, DESC_HANDLER(s0)
	ld	a0, DESC_ARG(s0)
	jalr	t4
	/* count: this hart's own counter */
	ld	t0, DESC_HANDLED(s0)
	ld	t1, HART_INDEX_BYTES(tp)
	add	t0, t0, t1
	ld	t1, 0(t0)
	addi	t1, t1, 1
	sd	t1, 0(t0)
	/* complete */
	li	t2, ~STATE_RUN
	amoand.w.rl t2, t2, (s0)
	andi	t2, t2, STATE_PEND
	bnez	t2, pend
again:
	csrrw	t0, STOPEI, zero
	bnez	t0, next
	sd	zero, HART_CURRENT(tp)
	ld	s0, SAVE_FREE(sp)
	ld	s1, SAVE_FREE + 8(sp)
	restore_caller_saved
	sret

slow:
	mv	a0, s0
	mv	a1, t2
	srli	a2, s1, 3
	call	irq_claim_slow
	mv	s0, a0
	bnez	s0, run
	j	again

pend:
	mv	a0, s0
	srli	a1, s1, 3
	call	irq_complete_slow
	j	again

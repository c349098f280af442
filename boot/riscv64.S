/* SPDX-License-Identifier: Apache-2.0 */
#include "generated/asm-offsets.h"

/*
 * From firmware to kernel_main(): S-mode, MMU off, a0 = hart ID, a1 = device tree. The
 * image lies at any 2 MiB boundary; here it gets its run address by a first page table,
 * which kernel/mem.c replaces: all of the lower half as it is, and the image. Until then
 * addresses are PC-relative, so they are physical.
 */
#define SATP_SV39	(8 << 60)
#define PTE_RWX		0xcf	/* V R W X, A, D */
#define PTE_RW		0xc7
#define PTE_TABLE	0x01
#define LOWER_HALF_GIB	256
#define MEGAPAGE	0x200000
#define MEGAPAGE_PPN	(MEGAPAGE >> 12 << 10)
#define GIGAPAGE_PPN	(0x40000000 >> 12 << 10)

	.section .text.head, "ax"
	.global _start
	.option push
	.option norvc
/* The Linux RISC-V boot header: boot loaders take the flat file (Documentation/arch/riscv/boot-image-header). */
_start:
	j	start
	nop
	.quad	MEGAPAGE		/* text_offset: above a 2 MiB boundary of RAM */
	.quad	image_end - image_start
	.quad	0			/* flags: little-endian */
	.word	2			/* version 0.2 */
	.word	0
	.quad	0
	.ascii	"RISCV\0\0\0"
	.ascii	"RSC\x05"
	.word	0
	.option pop

/* Puts the global pointer where this code runs. */
.macro set_gp
	.option push
	.option norelax
	lla	gp, __global_pointer$
	.option pop
.endm

/*
 * Goes on at the run address of \label with the page table \satp: the next fetch faults,
 * as the old address is not mapped, and the trap vector is where it lands. Changes t0 - t2.
 */
.macro enter_run_address satp, label
	lla	t0, \label
	lla	t1, image_start
	sub	t0, t0, t1
	li	t1, -0x80000000
	add	t0, t0, t1
	csrw	stvec, t0
	sfence.vma
	csrw	satp, \satp
	/* Where lower addresses are mapped executable the fetch succeeds: then go there. */
	jr	t0
	.balign 4
\label:
	sfence.vma
	set_gp
.endm

start:
	csrw	sie, zero
	set_gp
	/*
	 * Exactly one hart boots. OpenSBI before 1.3 may enter a hart that HSM starts here
	 * instead of at the given address, long after boot: it must not clear .bss.
	 */
	lla	t0, boot_taken
	li	t1, 1
	amoswap.w.aqrl t1, t1, (t0)
	bnez	t1, late_arrival

	rdinstret s2
	rdtime	s3
	mv	s5, a0
	mv	s1, a1
	lla	s4, image_start
	li	t0, MEGAPAGE - 1
	and	t0, t0, s4
	bnez	t0, misplaced

	lla	t0, bss_start
	lla	t1, bss_end
1:	sd	zero, 0(t0)
	addi	t0, t0, 8
	bltu	t0, t1, 1b

	/* Lower half: gigapages, RW. */
	lla	t0, boot_root
	li	t1, LOWER_HALF_GIB
	li	t2, PTE_RW
	li	t3, GIGAPAGE_PPN
2:	sd	t2, 0(t0)
	add	t2, t2, t3
	addi	t0, t0, 8
	addi	t1, t1, -1
	bnez	t1, 2b
	/* The last but one gigabyte of the upper half: the image, megapages. */
	lla	t0, boot_root
	lla	t1, boot_image_table
	srli	t2, t1, 2
	ori	t2, t2, PTE_TABLE
	li	t3, 510 * 8
	add	t3, t3, t0
	sd	t2, 0(t3)
	lla	t3, image_end
	srli	t2, s4, 2
	ori	t2, t2, PTE_RWX
	mv	t4, s4
	li	t5, MEGAPAGE_PPN
	li	t6, MEGAPAGE
3:	sd	t2, 0(t1)
	add	t2, t2, t5
	addi	t1, t1, 8
	add	t4, t4, t6
	bltu	t4, t3, 3b

	lla	t3, boot_root
	srli	t3, t3, 12
	li	t4, SATP_SV39
	or	t3, t3, t4
	enter_run_address t3, boot_running

	lla	t0, boot_image_phys
	sd	s4, 0(t0)
	lla	sp, boot_stack_top
	li	fp, 0
	mv	a0, s5
	mv	a1, s1
	mv	a2, s2
	mv	a3, s3
	call	kernel_main
4:	wfi
	j	4b

/* a0 = hart ID: its struct hart is in smp_harts[0 .. smp_nr_harts), or it is none of ours. */
late_arrival:
	lla	t0, smp_nr_harts
	lw	t0, 0(t0)
	lla	t1, smp_harts
	ld	t1, 0(t1)
5:	beqz	t0, park
	ld	a1, 0(t1)
	ld	t2, HART_ID(a1)
	beq	t2, a0, boot_secondary
	addi	t1, t1, 8
	addi	t0, t0, -1
	j	5b
park:
	wfi
	j	park

/* SBI HSM start address: a0 = hart ID, a1 = struct hart (SBI 2.0, section 9.1). */
	.global boot_secondary
boot_secondary:
	csrw	sie, zero
	mv	tp, a1
	ld	t3, HART_SATP(tp)
	enter_run_address t3, secondary_running
	ld	sp, HART_START_SP(tp)
	li	fp, 0
	call	smp_secondary_main
	j	park

/* Not at a 2 MiB boundary: says so by the firmware (SBI legacy console putchar), and stays. */
misplaced:
	lla	s0, misplaced_text
6:	lbu	a0, 0(s0)
	beqz	a0, park
	li	a7, 1
	ecall
	addi	s0, s0, 1
	j	6b
misplaced_text:
	.asciz	"panic: the image is not at a 2 MiB boundary\r\n"

	.data
	.balign 8
	.global boot_image_phys
boot_image_phys:
	.quad	0
boot_taken:
	.word	0

	.bss
	.balign 4096
boot_root:
	.skip	4096
boot_image_table:
	.skip	4096
	.balign 16
	.skip	16384
boot_stack_top:

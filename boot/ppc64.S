/* SPDX-License-Identifier: Apache-2.0 */
#include "arch/spr.h"
#include "generated/asm-offsets.h"

/*
 * From the hypervisor to kernel_main(): the image lies at 0 and is entered at 0x100, which is
 * the vector of the system reset too: big-endian, real mode, r3 = device tree. MSR.SF may be
 * clear (QEMU's pseries with -bios). Addresses are below 2 GiB, so that lis and addi load them.
 */
#define FDT_BOOT_CPUID 28	/* boot_cpuid_phys in the header of the tree */

.macro load_address reg, symbol
	lis	\reg, \symbol@ha
	addi	\reg, \reg, \symbol@l
.endm

/* 64-bit mode, machine checks and floating point on, interrupts off. Changes r0. */
.macro set_msr
	li	%r0, 1
	sldi	%r0, %r0, 63
	ori	%r0, %r0, MSR_FP | MSR_ME | MSR_RI
	mtmsrd	%r0
	isync
.endm

/* MMCR0 0 lets PMC5 count instructions. Changes r0. */
.macro count_instructions
	li	%r0, 0
	mtspr	SPR_MMCR0, %r0
.endm

/* platform/pseries/stub.S reads it: how many bytes of the image are to be copied to 0. */
	.section .text.head, "ax"
	.global _start
_start:
	/* A call of a null pointer. */
	trap
	.balign 8
	.ascii	"TOCSIN\0\1"
	.quad	image_data_end	/* it begins at 0 */

	.org	0x100
entry:
	mtspr	SPR_SPRG1, %r1
	lis	%r1, boot_taken@ha
	lwz	%r1, boot_taken@l(%r1)
	cmpwi	%cr7, %r1, 0
	beq	%cr7, start
	mfspr	%r1, SPR_SPRG0
	b	arch_trap_system_reset

	.text
start:
	set_msr
	load_address %r4, boot_taken
	li	%r5, 1
	stw	%r5, 0(%r4)
	count_instructions
	mfspr	%r30, SPR_PMC5
	mfspr	%r31, SPR_TB
	mr	%r29, %r3

	load_address %r4, bss_start
	load_address %r5, bss_end
	li	%r6, 0
1:	std	%r6, 0(%r4)
	addi	%r4, %r4, 8
	cmpld	%r4, %r5
	blt	1b

	load_address %r2, .TOC.
	load_address %r1, boot_stack_top
	stdu	%r6, -64(%r1)
	lwz	%r3, FDT_BOOT_CPUID(%r29)
	mr	%r4, %r29
	mr	%r5, %r30
	mr	%r6, %r31
	bl	kernel_main
	nop
2:	b	2b

/* RTAS start-cpu: r3 = hart ID, which is in the table. */
	.global boot_secondary
boot_secondary:
	set_msr
	count_instructions
	load_address %r4, smp_harts
	ld	%r4, 0(%r4)
3:	ld	%r13, 0(%r4)
	addi	%r4, %r4, 8
	ld	%r5, HART_ID(%r13)
	cmpd	%r5, %r3
	bne	3b
	load_address %r2, .TOC.
	ld	%r1, HART_START_SP(%r13)
	li	%r0, 0
	stdu	%r0, -64(%r1)
	bl	smp_secondary_main
	nop
	b	2b

	.data
	.balign 8
/* Where the image was loaded: where it runs. */
	.global boot_image_phys
boot_image_phys:
	.quad	0
boot_taken:
	.4byte	0

	.bss
	.balign 16
	.skip	16384
boot_stack_top:

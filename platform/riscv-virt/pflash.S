/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The start of build/riscv-virt/pflash.img. The firmware enters it in flash, in S-mode, a0 = hart
 * ID, a1 = device tree. It copies the flat image behind it to RAM and enters that in the same way.
 * It may run at any address.
 */
#define IMAGE_IN_RAM	0x80200000	/* the first 2 MiB boundary above the firmware */

	.text
	.global _start
_start:
	lla	t0, image
	lla	t1, image_end
	li	t2, IMAGE_IN_RAM
1:	ld	t3, 0(t0)
	sd	t3, 0(t2)
	addi	t0, t0, 8
	addi	t2, t2, 8
	bltu	t0, t1, 1b
	/* Instruction fetches after it see the copy. */
	fence.i
	li	t2, IMAGE_IN_RAM
	jr	t2

	.balign 8
image:
	.incbin "Image"
	.balign 8
image_end:

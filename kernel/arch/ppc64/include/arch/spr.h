/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Power ISA 3.1B, Book III: MSR bits and special-purpose registers by number; assembly too. */
#define MSR_RI 0x0002 /* SRR0 and SRR1 hold nothing that must be kept */
#define MSR_ME 0x1000
#define MSR_FP 0x2000
#define MSR_EE 0x8000
/* and MSR.SF, bit 63 counted from the right: 64-bit mode */

#define SPR_DSISR 18
#define SPR_DAR   19
#define SPR_DEC   22
#define SPR_SRR0  26
#define SPR_SRR1  27
#define SPR_TB    268
/* SPRG0: where exceptions of this hart put their frame. SPRG1: r1 on the way there. */
#define SPR_SPRG0 272
#define SPR_SPRG1 273
/* SPRG2: not 0 while the hart sleeps with interrupts off (cpu_wait()). */
#define SPR_SPRG2 274
#define SPR_HSRR0 314 /* of a hypervisor's own interrupts, where there is none above us */
#define SPR_HSRR1 315
#define SPR_PMC5  775 /* instructions completed */
#define SPR_MMCR0 795

#define VECTOR_SYSTEM_RESET       0x100
#define VECTOR_MACHINE_CHECK      0x200
#define VECTOR_DATA_STORAGE       0x300
#define VECTOR_DATA_SEGMENT       0x380
#define VECTOR_INSTR_STORAGE      0x400
#define VECTOR_INSTR_SEGMENT      0x480
#define VECTOR_EXTERNAL           0x500
#define VECTOR_ALIGNMENT          0x600
#define VECTOR_PROGRAM            0x700
#define VECTOR_FP_UNAVAILABLE     0x800
#define VECTOR_DECREMENTER        0x900
#define VECTOR_DOORBELL           0xa00
#define VECTOR_SYSTEM_CALL        0xc00
#define VECTOR_TRACE              0xd00
#define VECTOR_HV_DATA_STORAGE    0xe00
#define VECTOR_HV_INSTR_STORAGE   0xe20
#define VECTOR_HV_EMULATION       0xe40 /* an illegal instruction */
#define VECTOR_HV_DOORBELL        0xe80
#define VECTOR_HV_VIRTUALIZATION  0xea0 /* external, of bare hardware's controller */
#define VECTOR_PERFORMANCE        0xf00
#define VECTOR_VECTOR_UNAVAILABLE 0xf20
#define VECTOR_VSX_UNAVAILABLE    0xf40
#define VECTOR_FACILITY           0xf60

#ifndef __ASSEMBLER__
#include <stdint.h>

#define spr_read(spr)                                                              \
	({                                                                         \
		uint64_t v_;                                                       \
		__asm__ volatile("mfspr %0, %1" : "=r"(v_) : "i"(spr) : "memory"); \
		v_;                                                                \
	})

#define spr_write(spr, val) \
	({ __asm__ volatile("mtspr %0, %1" ::"i"(spr), "r"((uint64_t)(val)) : "memory"); })

static inline uint64_t msr_read(void)
{
	uint64_t msr;

	__asm__ volatile("mfmsr %0" : "=r"(msr) : : "memory");
	return msr;
}

/* Changes EE and RI alone (mtmsrd, L = 1). */
static inline void msr_write_ee(uint64_t msr)
{
	__asm__ volatile("mtmsrd %0, 1" ::"r"(msr) : "memory");
}
#endif

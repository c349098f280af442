/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

#include "arch/spr.h"

struct hart;

/* The hart that runs this code: r13, which the ABI keeps for a thread, holds it from the first C line on. Any context. */
static inline struct hart *this_hart(void)
{
	struct hart *h;

	__asm__("mr %0, 13" : "=r"(h));
	return h;
}

static inline void arch_set_this_hart(struct hart *h)
{
	__asm__ volatile("mr 13, %0" ::"r"(h) : "memory");
}

/* Sleeps until an interrupt is pending; returns also when it is masked by MSR.EE. */
void cpu_wait(void);

/* One turn of a loop that waits for another hart. */
static inline void cpu_relax(void)
{
	/* Low priority, then normal again (Power ISA, Book II, "Program Priority Register"). */
	__asm__ volatile("or 1, 1, 1\n\tor 2, 2, 2" ::: "memory");
}

/* Instructions that this hart has completed; 32 bits of them. */
static inline uint64_t cpu_instret(void)
{
	return spr_read(SPR_PMC5);
}

/* The time base, which all harts share, in ticks of the device tree's timebase-frequency. */
static inline uint64_t cpu_ticks(void)
{
	return spr_read(SPR_TB);
}

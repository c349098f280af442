// SPDX-License-Identifier: Apache-2.0
/*
 * The decrementer (Power ISA, Book III, "Decrementer"): counts down with the time base and asks
 * while it is negative. It may be no wider than 32 bits: a deadline that lies further away is
 * approached, as an interrupt that finds no timer due only sets it anew.
 */
#include "arch/timer.h"

#include "arch/spr.h"

#define DEC_MAX 0x7fffffff

void arch_timer_init(bool has_sstc)
{
	(void)has_sstc;
}

void arch_timer_set(uint64_t deadline)
{
	uint64_t now = spr_read(SPR_TB);
	uint64_t ticks = deadline > now ? deadline - now : 0;

	spr_write(SPR_DEC, ticks < DEC_MAX ? ticks : DEC_MAX);
}

void arch_timer_enable(void)
{
	/* MSR.EE is its switch. */
}

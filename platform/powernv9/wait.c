// SPDX-License-Identifier: Apache-2.0
#include "arch/cpu.h"

/*
 * With PSSCR 0 (platform/powernv9/entry.S) the stop instruction waits until an interrupt is
 * pending, and goes on behind it whatever MSR.EE says (Power ISA 3.1B, Book III, "Stop").
 */
void cpu_wait(void)
{
	__asm__ volatile(".machine push\n\t.machine power9\n\tstop\n\t.machine pop" ::: "memory");
}

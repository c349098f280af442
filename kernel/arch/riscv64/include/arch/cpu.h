/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

#include "arch/csr.h"

struct hart;

/* The hart that runs this code: tp holds it from the first C line on. Any context. */
static inline struct hart *this_hart(void)
{
	struct hart *h;

	__asm__("mv %0, tp" : "=r"(h));
	return h;
}

static inline void arch_set_this_hart(struct hart *h)
{
	__asm__ volatile("mv tp, %0" ::"r"(h) : "memory");
}

/* Sleeps until an interrupt is pending; returns also when it is masked by sstatus.SIE. */
static inline void cpu_wait(void)
{
	__asm__ volatile("wfi" ::: "memory");
}

/* One turn of a loop that waits for another hart. */
static inline void cpu_relax(void)
{
	/* PAUSE (Zihintpause) is a FENCE hint that every hart takes. */
	__asm__ volatile(".insn i 0x0f, 0, x0, x0, 0x010" ::: "memory");
}

/* Instructions retired; under QEMU -icount those of all harts together. */
static inline uint64_t cpu_instret(void)
{
	return csr_read(CSR_INSTRET);
}

/* The free-running timer that all harts share, in ticks of the device tree's timebase-frequency. */
static inline uint64_t cpu_ticks(void)
{
	return csr_read(CSR_TIME);
}

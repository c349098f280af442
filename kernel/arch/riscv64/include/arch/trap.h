/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/csr.h"

/* What an exception saves: x1..x31 at their own index, x[0] unused (RISC-V psABI register numbers). */
struct trap_frame {
	uint64_t x[32];
	uint64_t sepc;
	uint64_t sstatus;
	uint64_t scause;
	uint64_t stval;
};

/* trap_interrupt()'s causes. */
#define ARCH_IRQ_TIMER    IRQ_S_TIMER
#define ARCH_IRQ_EXTERNAL IRQ_S_EXTERNAL
#define ARCH_IRQ_SOFT     IRQ_S_SOFT

/* Boot hart, first thing: exceptions on a stack of their own, generic vectors. */
void arch_trap_init(uintptr_t emergency_top);

/* Generic vector table: exceptions and interrupts through trap_exception() / trap_interrupt(). */
extern char arch_trap_vectors[];

/* Sets stvec of this hart to a vectored table (64-byte aligned). Interrupts off. */
void arch_set_trap_vectors(void *table);

/* Where the trap was taken, the address of an access that failed, and what it is called. */
static inline uintptr_t arch_trap_pc(const struct trap_frame *frame)
{
	return frame->sepc;
}

static inline uintptr_t arch_trap_address(const struct trap_frame *frame)
{
	return frame->stval;
}

const char *arch_trap_name(const struct trap_frame *frame);
/* May it go away when the hart looks at the page table again? */
bool arch_trap_is_page_fault(const struct trap_frame *frame);

/* A fault inside arch/probe.h: changes the frame so that the probe returns its cause. */
bool arch_trap_fixup(struct trap_frame *frame);

/* Provided by the kernel (kernel/trap.c), called with interrupts off. */
void trap_exception(struct trap_frame *frame);
void trap_interrupt(unsigned long cause);

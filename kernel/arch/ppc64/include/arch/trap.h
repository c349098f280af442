/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "arch/spr.h"

/* What an exception saves. */
struct trap_frame {
	uint64_t gpr[32];
	uint64_t srr0;
	uint64_t srr1;
	uint64_t lr;
	uint64_t ctr;
	uint64_t xer;
	uint64_t cr;
	uint64_t dar;
	uint64_t dsisr;
	uint64_t vector;
};

/* trap_interrupt()'s causes. */
#define ARCH_IRQ_TIMER    VECTOR_DECREMENTER
#define ARCH_IRQ_EXTERNAL VECTOR_EXTERNAL
#define ARCH_IRQ_SOFT     VECTOR_DOORBELL

/* Each hart, first thing: exceptions on a stack of their own. */
void arch_trap_init(uintptr_t emergency_top);

/* Where the trap was taken, the address of a data access that failed, and what it is called. */
static inline uintptr_t arch_trap_pc(const struct trap_frame *frame)
{
	return frame->srr0;
}

uintptr_t arch_trap_address(const struct trap_frame *frame);
const char *arch_trap_name(const struct trap_frame *frame);

/* May it go away when the hart looks at the page table again? There is none. */
static inline bool arch_trap_is_page_fault(const struct trap_frame *frame)
{
	(void)frame;
	return false;
}

/* A fault inside arch/probe.h: changes the frame so that the probe returns its vector. */
bool arch_trap_fixup(struct trap_frame *frame);

/* Provided by the kernel (kernel/trap.c), called with interrupts off. */
void trap_exception(struct trap_frame *frame);
void trap_interrupt(unsigned long cause);

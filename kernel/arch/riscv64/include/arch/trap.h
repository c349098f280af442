/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What an exception saves: x1..x31 at their own index, x[0] unused (RISC-V psABI register numbers). */
struct trap_frame {
	uint64_t x[32];
	uint64_t sepc;
	uint64_t sstatus;
	uint64_t scause;
	uint64_t stval;
};

/* Boot hart, first thing: exceptions on a stack of their own, generic vectors. */
void arch_trap_init(uintptr_t emergency_top);

/* Generic vector table: exceptions and interrupts through trap_exception() / trap_interrupt(). */
extern char arch_trap_vectors[];

/* Sets stvec of this hart to a vectored table (64-byte aligned). Interrupts off. */
void arch_set_trap_vectors(void *table);

/* A fault inside arch/probe.h: changes the frame so that the probe returns its cause. */
bool arch_trap_fixup(struct trap_frame *frame);

/* Provided by the kernel (kernel/trap.c), called with interrupts off. */
void trap_exception(struct trap_frame *frame);
void trap_interrupt(unsigned long cause);

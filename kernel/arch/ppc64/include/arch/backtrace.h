/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct trap_frame;

/* One step of a walk up the stack by the back chain. */
struct backtrace {
	uintptr_t pc;      /* where this function is, or goes on when the one below returns */
	uintptr_t fp;      /* its stack pointer, where the back chain goes on */
	uintptr_t trap_ra; /* trap only: the link register; else 0 */
};

/* Begins in the function that calls it. Any context. */
static inline __attribute__((always_inline)) void arch_backtrace_here(struct backtrace *at)
{
	__asm__ volatile("bcl 20, 31, 0f\n0:\tmflr %0" : "=r"(at->pc) : : "lr");
	at->fp = (uintptr_t)__builtin_frame_address(0);
	at->trap_ra = 0;
}

/* Begins where a trap was taken. Any context. */
void arch_backtrace_trap(struct backtrace *at, const struct trap_frame *frame);
/* To the caller; false: there is none, or the stack is not one that can be read. Any context. */
bool arch_backtrace_next(struct backtrace *at);

/* The i-th register of a frame, for people; its name, or NULL beyond the last. */
const char *arch_frame_register(const struct trap_frame *frame, unsigned i, uint64_t *value);

/* Provided by the kernel (kernel/stack.c): do stacks hold [addr, addr + size)? Any context. */
bool stack_holds(uintptr_t addr, size_t size);
/* Provided by the kernel (kernel/lib/image_symbols.c): are both in one function? Any context. */
bool symbol_is_same(uintptr_t a, uintptr_t b);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct trap_frame;

/* The reference copy of the contract: on a host a walk ends where it begins. */
struct backtrace {
	uintptr_t pc;
	uintptr_t fp;
	uintptr_t trap_ra;
};

static inline void arch_backtrace_here(struct backtrace *at)
{
	*at = (struct backtrace){ .pc = (uintptr_t)__builtin_return_address(0) };
}

static inline void arch_backtrace_trap(struct backtrace *at, const struct trap_frame *frame)
{
	(void)frame;
	*at = (struct backtrace){ 0 };
}

static inline bool arch_backtrace_next(struct backtrace *at)
{
	(void)at;
	return false;
}

static inline const char *arch_frame_register(const struct trap_frame *frame, unsigned i,
					      uint64_t *value)
{
	(void)frame;
	(void)i;
	(void)value;
	return NULL;
}

bool stack_holds(uintptr_t addr, size_t size);
bool symbol_is_same(uintptr_t a, uintptr_t b);

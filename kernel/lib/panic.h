/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

struct trap_frame;

/*
 * Ends the machine: one line `panic: ...`, the hart, a backtrace with symbols, exit
 * status 1. Any context, any hart; takes no lock that another hart may hold and no
 * libc. The first hart that panics is the one that is heard; a panic inside panic is
 * told in one line and exits.
 */
_Noreturn void panic(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* From a trap: the registers too, and the backtrace begins where the trap was taken. */
_Noreturn void panic_with_frame(const struct trap_frame *frame, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* What only a bug can break. Device, firmware and user errors are returned instead. */
#define assert(cond)                                                                     \
	do {                                                                             \
		if (__builtin_expect(!(cond), 0))                                        \
			panic("%s:%d: assertion failed: %s", __FILE__, __LINE__, #cond); \
	} while (0)

/* Boot: how the machine ends (does not return if it works), and where the words go. */
void panic_set_exit(void (*exit)(unsigned status));
void panic_set_sink(void (*sink)(const char *bytes, size_t len));

/* Provided by the kernel (kernel/stack.c): the index of this hart, for the report. Any context. */
unsigned panic_hart_index(void);

// SPDX-License-Identifier: Apache-2.0
#include "kernel/lib/panic.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "arch/backtrace.h"
#include "arch/cpu.h"
#include "arch/irqflags.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/log.h"
#include "kernel/lib/symbols.h"

#define LINE_MAX_BYTES   256
#define BACKTRACE_MAX    24
#define NAME_MAX_BYTES   96
#define REGISTER_COLUMNS 4
#define STATUS_PANIC     1

static void (*exit_hook)(unsigned status);
static void (*sink)(const char *bytes, size_t len);
static _Atomic uintptr_t owner; /* struct hart * that panics, and bit 0 */
static unsigned depth;          /* the owner's alone, as is the next */
static bool told;               /* the line `panic: ` is out */

void panic_set_exit(void (*exit)(unsigned status))
{
	exit_hook = exit;
}

void panic_set_sink(void (*new_sink)(const char *bytes, size_t len))
{
	sink = new_sink;
}

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void vsay(const char *prefix, const char *fmt, va_list ap)
{
	char line[LINE_MAX_BYTES];
	int used = format_string(line, sizeof(line), "%s", prefix);
	int len = used + format_vstring(line + used, sizeof(line) - (size_t)used - 1, fmt, ap);

	/* A long line is cut, but ends. */
	len = MIN(len, LINE_MAX_BYTES - 2);
	line[len++] = '\n';
	if (sink)
		sink(line, (size_t)len);
}

static void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsay("", fmt, ap);
	va_end(ap);
}

static _Noreturn void stay(void)
{
	for (;;)
		cpu_wait();
}

static _Noreturn void leave(void)
{
	if (exit_hook)
		exit_hook(STATUS_PANIC);
	stay();
}

/* Returns once, on the first hart that panics; what it breaks itself comes back here. */
static void enter(const char *fmt, va_list ap)
{
	uintptr_t me = (uintptr_t)this_hart() | 1, seen = 0;

	irq_disable();
	/* relaxed: nothing but the word itself is shared */
	if (!atomic_compare_exchange_strong_explicit(&owner, &seen, me, memory_order_relaxed,
						     memory_order_relaxed) &&
	    seen != me)
		stay();
	if (depth++ == 0)
		return;
	if (depth == 2)
		vsay(told ? "panic inside panic: " : "panic: ", fmt, ap);
	if (depth <= 3)
		leave();
	stay();
}

static void begin(const char *fmt, va_list ap)
{
	enter(fmt, ap);
	vsay("panic: ", fmt, ap);
	told = true;
	say("on hart %u", panic_hart_index());
}

static void say_registers(const struct trap_frame *frame)
{
	char line[REGISTER_COLUMNS * 32];
	const char *name;
	uint64_t value;
	int len = 0;

	for (unsigned i = 0; (name = arch_frame_register(frame, i, &value)); i++) {
		len += format_string(line + len, sizeof(line) - (size_t)len, " %-6s %016llx", name,
				     (unsigned long long)value);
		if (i % REGISTER_COLUMNS == REGISTER_COLUMNS - 1) {
			say("%s", line);
			len = 0;
		}
	}
	if (len)
		say("%s", line);
}

static void say_place(unsigned n, uintptr_t pc, bool is_return)
{
	char name[NAME_MAX_BYTES];
	uint32_t into;

	/* A call that does not return may be the last instruction of its function. */
	if (symbol_of(pc - is_return, name, sizeof(name), &into))
		say("  #%u 0x%08lx %s+0x%x", n, (unsigned long)pc, name, into + is_return);
	else
		say("  #%u 0x%08lx", n, (unsigned long)pc);
}

static void say_backtrace(struct backtrace *at, bool is_return)
{
	unsigned n = 0;

	do {
		if (n == BACKTRACE_MAX) {
			say("  and so on");
			return;
		}
		say_place(n++, at->pc, is_return);
		is_return = true;
	} while (arch_backtrace_next(at));
}

void panic(const char *fmt, ...)
{
	struct backtrace at;
	va_list ap;

	va_start(ap, fmt);
	begin(fmt, ap);
	va_end(ap);
	arch_backtrace_here(&at);
	/* From this function to the one that called it. */
	arch_backtrace_next(&at);
	say_backtrace(&at, true);
	leave();
}

void panic_with_frame(const struct trap_frame *frame, const char *fmt, ...)
{
	struct backtrace at;
	va_list ap;

	va_start(ap, fmt);
	begin(fmt, ap);
	va_end(ap);
	say_registers(frame);
	arch_backtrace_trap(&at, frame);
	say_backtrace(&at, false);
	leave();
}

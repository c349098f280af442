// SPDX-License-Identifier: Apache-2.0
/* Breaks the kernel on purpose, so that what a panic shows can be seen and tested. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/command.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/panic.h"
#include "kernel/time.h"

/* The compiler must not see what it would warn of, or do otherwise. */
static uintptr_t hidden(uintptr_t addr)
{
	__asm__ volatile("" : "+r"(addr));
	return addr;
}

static void store(uintptr_t addr)
{
	*(volatile uint32_t *)hidden(addr) = 0;
}

static void jump(uintptr_t addr)
{
	((void (*)(void))hidden(addr))();
}

static void crash_null(void)
{
	store(0);
}

static void crash_write_text(void)
{
	store((uintptr_t)store);
}

static void crash_exec_data(void)
{
	static uint32_t data[4];

	jump((uintptr_t)data);
}

/* volatile: else it becomes a loop */
static unsigned deeper(volatile unsigned *level)
{
	volatile unsigned here = *level + 1;

	return hidden(here) ? deeper(&here) + here : 0;
}

static void crash_stack(void)
{
	volatile unsigned level = 0;

	deeper(&level);
}

static void call_libc(struct timer *timer)
{
	free((void *)hidden((uintptr_t)malloc(hidden((uintptr_t)timer) & 0xff)));
}

static void crash_libc(void)
{
	static struct timer timer = { .fn = call_libc };

	timer_arm_ms(&timer, 1);
	time_delay_us(100000);
}

static void crash_trap(void)
{
	__builtin_trap();
}

/* Where no machine has anything. */
static void crash_io(void)
{
	store(1ul << 45);
}

static void crash_assert(void)
{
	assert(hidden(1) + 1 == 3);
}

static void crash_twice(void)
{
	/* After its line, it finds no registers there. */
	panic_with_frame((const struct trap_frame *)hidden(8), "twice");
}

static const struct {
	const char *name;
	void (*run)(void);
} ways[] = {
	{ "null", crash_null },
	{ "write-text", crash_write_text },
	{ "exec-data", crash_exec_data },
	{ "stack", crash_stack },
	{ "libc", crash_libc },
	{ "assert", crash_assert },
	{ "twice", crash_twice },
	{ "trap", crash_trap },
	{ "io", crash_io },
};

static int run(int argc, char **argv)
{
	if (argc != 2)
		return command_usage(command_find(argv[0]));
	for (unsigned i = 0; i < ARRAY_SIZE(ways); i++) {
		if (strcmp(argv[1], ways[i].name))
			continue;
		fflush(stdout);
		ways[i].run();
		return command_error("crash: %s did not end the machine", argv[1]);
	}
	return command_usage(command_find(argv[0]));
}

TABLE_ENTRY(struct command, command, 5, crash) = {
	.name = "crash",
	.usage = "null|write-text|exec-data|stack|libc|assert|twice|trap|io",
	.help = "breaks the kernel, to see a panic",
	.run = run,
};

// SPDX-License-Identifier: Apache-2.0
#include "tests/host/host_support.h"

#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/cpu.h"
#include "arch/irqflags.h"
#include "arch/probe.h"
#include "kernel/lib/log.h"
#include "kernel/lib/panic.h"
#include "kernel/mem.h"
#include "tests/host/cmocka_test.h"

#define WEAK __attribute__((weak))

static pthread_t main_thread;
static char panic_text[256], log_text[256];
static _Atomic unsigned log_lines;
static _Atomic uint64_t ticks;
static unsigned allocs_left = UINT_MAX;
static _Thread_local struct hart *current_hart;
static _Thread_local bool interrupts_off;

__attribute__((constructor)) static void remember_main_thread(void)
{
	main_thread = pthread_self();
}

/* cmocka keeps one jump buffer: another thread must not jump through it. */
void panic(const char *fmt, ...)
{
	char text[sizeof(panic_text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (pthread_equal(pthread_self(), main_thread)) {
		memcpy(panic_text, text, sizeof(text));
		mock_assert(0, panic_text, "panic", 0);
	}
	fprintf(stderr, "panic: %s\n", text);
	abort();
}

const char *host_panic_text(void)
{
	return panic_text;
}

WEAK void log_printf(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	(void)level;
	log_lines++;
	if (!pthread_equal(pthread_self(), main_thread))
		return;
	va_start(ap, fmt);
	vsnprintf(log_text, sizeof(log_text), fmt, ap);
	va_end(ap);
}

const char *host_log_text(void)
{
	return log_text;
}

unsigned host_log_lines(void)
{
	return log_lines;
}

void host_log_clear(void)
{
	log_lines = 0;
	log_text[0] = '\0';
}

struct hart *this_hart(void)
{
	return current_hart;
}

void arch_set_this_hart(struct hart *h)
{
	current_hart = h;
}

void cpu_wait(void)
{
	sched_yield();
}

void cpu_relax(void)
{
	sched_yield();
}

uint64_t cpu_instret(void)
{
	return 0;
}

uint64_t cpu_ticks(void)
{
	return ticks;
}

void host_set_ticks(uint64_t now)
{
	ticks = now;
}

irqflags_t irq_save(void)
{
	irqflags_t flags = !interrupts_off;

	interrupts_off = true;
	return flags;
}

void irq_restore(irqflags_t flags)
{
	if (flags)
		interrupts_off = false;
}

void irq_enable(void)
{
	interrupts_off = false;
}

void irq_disable(void)
{
	interrupts_off = true;
}

bool irq_enabled(void)
{
	return !interrupts_off;
}

long arch_probe_load8(uintptr_t addr, uint8_t *value)
{
	(void)addr;
	(void)value;
	return 1;
}

long arch_probe_store8(uintptr_t addr, uint8_t value)
{
	(void)addr;
	(void)value;
	return 1;
}

long arch_probe_call(uintptr_t addr)
{
	(void)addr;
	return 1;
}

void host_fail_alloc_after(unsigned n)
{
	allocs_left = n;
}

WEAK void *page_alloc(size_t bytes, size_t align)
{
	size_t size = (bytes + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	void *pages;

	if (!allocs_left)
		return NULL;
	if (allocs_left != UINT_MAX)
		allocs_left--;
	for (align = align ? align : PAGE_SIZE; align < PAGE_SIZE; align *= 2)
		;
	pages = aligned_alloc(align, (size + align - 1) & ~(align - 1));
	if (pages)
		memset(pages, 0, size);
	return pages;
}

WEAK void page_free(void *pages, size_t bytes)
{
	(void)bytes;
	free(pages);
}

WEAK void *dma_alloc(size_t bytes, uint64_t address_limit)
{
	(void)address_limit;
	return page_alloc(bytes, 0);
}

WEAK void dma_free(void *buf, size_t bytes)
{
	page_free(buf, bytes);
}

WEAK uintptr_t mmio_map(uint64_t phys, uint64_t size)
{
	(void)size;
	return (uintptr_t)phys;
}

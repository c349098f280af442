// SPDX-License-Identifier: Apache-2.0
#include "kernel/time.h"

#include "arch/cpu.h"
#include "arch/irqflags.h"
#include "arch/timer.h"
#include "kernel/lib/panic.h"
#include "kernel/smp.h"
#include "platform/dt.h"

#define NS_PER_SECOND 1000000000ull
#define POLL_MS       1

static uint64_t ticks_per_second;
static uint64_t entry_ticks;

static uint64_t ms_to_ticks(uint32_t ms)
{
	return ticks_per_second * ms / 1000;
}

uint64_t time_ns(void)
{
	uint64_t ticks = cpu_ticks() - entry_ticks;

	/* Seconds and rest apart: ticks * 10^9 would overflow within an hour. */
	return ticks / ticks_per_second * NS_PER_SECOND +
	       ticks % ticks_per_second * NS_PER_SECOND / ticks_per_second;
}

uint32_t time_ms(void)
{
	return (uint32_t)(time_ns() / 1000000);
}

void time_delay_us(uint32_t us)
{
	uint64_t start = cpu_ticks(), ticks = ticks_per_second * us / 1000000;

	while (cpu_ticks() - start < ticks)
		cpu_relax();
}

static void program(const struct timer *first)
{
	arch_timer_set(first ? first->deadline : UINT64_MAX);
}

static void arm(struct timer *timer, uint64_t deadline)
{
	irqflags_t flags = irq_save();
	struct timer **at = &this_hart()->timers;

	timer->deadline = deadline;
	while (*at && (*at)->deadline <= deadline)
		at = &(*at)->next;
	timer->next = *at;
	*at = timer;
	program(this_hart()->timers);
	irq_restore(flags);
}

void timer_arm_ms(struct timer *timer, uint32_t ms)
{
	arm(timer, cpu_ticks() + ms_to_ticks(ms));
}

static void cancel(struct timer *timer)
{
	irqflags_t flags = irq_save();

	for (struct timer **at = &this_hart()->timers; *at; at = &(*at)->next) {
		if (*at == timer) {
			*at = timer->next;
			break;
		}
	}
	program(this_hart()->timers);
	irq_restore(flags);
}

void time_interrupt(void)
{
	/* Timers run as handlers: what in_handler() forbids, they may not do. */
	static struct irq_desc running = { .kind = IRQ_KIND_FIXED, .name = "timer" };
	struct hart *hart = this_hart();

	hart->current = &running;
	while (hart->timers && hart->timers->deadline <= cpu_ticks()) {
		struct timer *timer = hart->timers;

		hart->timers = timer->next;
		timer->fn(timer);
	}
	program(hart->timers);
	hart->current = NULL;
}

static void wake(struct timer *timer)
{
	(void)timer;
}

/* Sleeps until an interrupt or the deadline, unless cond holds already: the check and wfi are one step. */
static bool sleep_unless(bool (*cond)(void *arg), void *arg, uint64_t deadline)
{
	struct timer timer = { .fn = wake };
	irqflags_t flags = irq_save();
	bool done = cond(arg);

	if (!done) {
		uint64_t poll = cpu_ticks() + ms_to_ticks(POLL_MS);

		arm(&timer, poll < deadline ? poll : deadline);
		cpu_wait();
	}
	irq_restore(flags);
	if (!done)
		cancel(&timer);
	return done;
}

bool time_wait(bool (*cond)(void *arg), void *arg, uint32_t timeout_ms)
{
	uint64_t deadline = cpu_ticks() + ms_to_ticks(timeout_ms);

	assert(irq_enabled());
	while (!sleep_unless(cond, arg, deadline)) {
		if (cpu_ticks() >= deadline)
			return cond(arg);
	}
	return true;
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

void time_sleep_ms(uint32_t ms)
{
	time_wait(never, NULL, ms);
}

/* Of all CPUs, or of each (Devicetree Specification, 3.7 and 3.8). */
static uint32_t timebase_frequency(void)
{
	dt_node_t cpus = dt_path("/cpus");

	return dt_u32(cpus, "timebase-frequency", 0,
		      dt_u32(dt_first_child(cpus), "timebase-frequency", 0, 0));
}

void time_init(uint64_t ticks_at_entry)
{
	uint32_t hz = timebase_frequency();

	if (!hz)
		panic("the device tree has no timebase-frequency");
	ticks_per_second = hz;
	entry_ticks = ticks_at_entry;
	arch_timer_init(smp_all_have("sstc"));
}

void time_hart_init(void)
{
	program(this_hart()->timers);
	arch_timer_enable();
}

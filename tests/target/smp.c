// SPDX-License-Identifier: Apache-2.0
/* Harts, work for other harts, IPIs, time. */
#include <errno.h>

#include "arch/irqflags.h"
#include "kernel/smp.h"
#include "kernel/time.h"
#include "tests/target/test.h"

static int where(void *arg)
{
	*(unsigned *)arg = smp_index();
	return irq_enabled() ? 0 : -1;
}

TEST(smp, work_runs_where_it_is_sent)
{
	for (unsigned i = 0; i < smp_count(); i++) {
		unsigned ran = ~0u;

		if (!smp_online(i))
			continue;
		CHECK_EQ(smp_run(i, where, &ran), 0);
		CHECK_EQ(ran, i);
	}
}

TEST(smp, absent_hart_is_refused)
{
	unsigned ran = ~0u;

	CHECK_EQ(smp_run(smp_count(), where, &ran), -ENODEV);
	CHECK_EQ(ran, ~0u);
}

static int add_one(void *arg)
{
	_Atomic unsigned *sum = arg;

	return (int)atomic_fetch_add(sum, 1);
}

TEST(smp, thousand_jobs_each)
{
	_Atomic unsigned sum = 0;
	unsigned sent = 0;

	for (unsigned round = 0; round < 1000; round++) {
		for (unsigned i = 0; i < smp_count(); i++) {
			if (!smp_online(i))
				continue;
			CHECK_EQ(smp_run(i, add_one, &sum), sent);
			sent++;
		}
	}
	CHECK_EQ(sum, sent);
}

static bool kicked_more(void *arg)
{
	const uint32_t *before = arg;

	return atomic_load(&smp_hart(before[0])->kicked) != before[1];
}

TEST(smp, kick_reaches_every_hart)
{
	for (unsigned i = 0; i < smp_count(); i++) {
		uint32_t before[2] = { i, atomic_load(&smp_hart(i)->kicked) };

		if (!smp_online(i))
			continue;
		smp_kick(i);
		CHECK(time_wait(kicked_more, before, 5000));
	}
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

TEST(time, wait_ends_and_not_early)
{
	uint64_t start = time_ns();

	CHECK(!time_wait(never, NULL, 20));
	CHECK(time_ns() - start >= 20 * 1000000ull);
}

static _Atomic unsigned fired;

static void fire(struct timer *timer)
{
	(void)timer;
	atomic_fetch_add(&fired, in_handler() ? 1 : 100);
}

static bool fired_is(void *arg)
{
	return atomic_load(&fired) == *(unsigned *)arg;
}

TEST(time, timers_fire_once_each)
{
	struct timer timers[5];
	unsigned all = 5;

	atomic_store(&fired, 0);
	for (unsigned i = 0; i < all; i++) {
		timers[i].fn = fire;
		timer_arm_ms(&timers[i], 5 - i);
	}
	CHECK(time_wait(fired_is, &all, 5000));
	CHECK(!time_wait(never, NULL, 10));
	CHECK_EQ(fired, all);
}

// SPDX-License-Identifier: Apache-2.0
/* What this architecture does by itself: its setjmp(), and its sleep. */
#include <setjmp.h>
#include <stdatomic.h>

#include "arch/cpu.h"
#include "arch/irqflags.h"
#include "kernel/time.h"
#include "tests/target/test.h"

static jmp_buf back;

static __attribute__((noipa)) void leave(int value)
{
	longjmp(back, value);
}

static __attribute__((noipa)) void jump(void)
{
	if (!setjmp(back))
		leave(5);
}

/* Values that need all of a register: the compiler keeps them in those that a call preserves. */
static __attribute__((noipa)) unsigned long jump_and_sum(unsigned long a, unsigned long b)
{
	unsigned long c = a ^ b, d = a + b;

	jump();
	return a + 3 * b + 5 * c + 7 * d;
}

TEST(ppc64, longjmp_keeps_registers)
{
	const unsigned long a = 0x123456789abcdef0, b = 0x0fedcba987654321;

	CHECK(jump_and_sum(a, b) == a + 3 * b + 5 * (a ^ b) + 7 * (a + b));
}

TEST(ppc64, longjmp_never_gives_zero)
{
	int value = setjmp(back);

	if (!value)
		leave(0);
	CHECK_EQ(value, 1);
}

static _Atomic unsigned fired;

static void fire(struct timer *timer)
{
	(void)timer;
	atomic_fetch_add(&fired, 1);
}

/* H_CEDE turns interrupts on; the sleeper's switch stays as it was, and so do its handlers. */
TEST(ppc64, sleep_with_interrupts_off_runs_no_handler)
{
	struct timer timer = { .fn = fire };
	irqflags_t flags;
	bool off;
	unsigned inside;

	atomic_store(&fired, 0);
	flags = irq_save();
	timer_arm_ms(&timer, 1);
	cpu_wait();
	off = !irq_enabled();
	inside = atomic_load(&fired);
	irq_restore(flags);
	CHECK(off);
	CHECK_EQ(inside, 0);
	for (uint64_t start = time_ns(); time_ns() - start < 5000000000ull;)
		if (atomic_load(&fired))
			break;
	CHECK_EQ(atomic_load(&fired), 1);
}

// SPDX-License-Identifier: Apache-2.0
/* A wired level source through whatever controller it has: the UART's. */
#include "drivers/serial/ns16550.h"

#include <errno.h>

#include "kernel/smp.h"
#include "kernel/time.h"
#include "tests/target/test.h"

static bool more(void *arg)
{
	return ns16550_interrupts() != *(uint32_t *)arg;
}

/* true if the wire, raised, brings the handler. */
static bool comes(void)
{
	uint32_t before = ns16550_interrupts();
	bool came;

	ns16550_raise();
	came = time_wait(more, &before, 5000);
	ns16550_quiet();
	return came;
}

TEST(wired, source_is_delivered)
{
	SKIP_IF(!ns16550_irq(), "the UART has no interrupt here");
	for (unsigned i = 0; i < 100; i++)
		CHECK(comes());
}

TEST(wired, masked_source_waits)
{
	struct irq_desc *desc = ns16550_irq();
	uint32_t before;

	SKIP_IF(!desc, "the UART has no interrupt here");
	irq_mask(desc);
	before = ns16550_interrupts();
	ns16550_raise();
	CHECK(!time_wait(more, &before, 20));
	CHECK_EQ(irq_unmask(desc), 0);
	CHECK(time_wait(more, &before, 5000));
	ns16550_quiet();
}

struct count {
	const uint64_t *counter;
	uint64_t before;
};

/* Counted after the handler, so after what the handler itself counts. */
static bool counted(void *arg)
{
	const struct count *count = arg;

	return __atomic_load_n(count->counter, __ATOMIC_RELAXED) > count->before;
}

TEST(wired, moves_to_every_hart)
{
	struct irq_desc *desc = ns16550_irq();
	unsigned home, moved = 0;

	SKIP_IF(!desc, "the UART has no interrupt here");
	SKIP_IF(smp_count() < 2, "one hart");
	home = desc->hart;
	for (unsigned i = 0; i < smp_count(); i++) {
		struct count there = { &desc->handled[i], desc->handled[i] };
		int rc = smp_online(i) ? irq_set_affinity(desc, i) : -ENODEV;

		/* A socket's controller may not reach the harts of the other. */
		if (rc == -ENODEV || rc == -EOPNOTSUPP)
			continue;
		CHECK_EQ(rc, 0);
		CHECK_EQ(desc->hart, i);
		/* The last one of where it was may come late, and count as the first here. */
		for (unsigned tries = 0; tries < 10 && !counted(&there); tries++)
			CHECK(comes());
		CHECK(time_wait(counted, &there, 5000));
		moved++;
	}
	CHECK_EQ(irq_set_affinity(desc, home), 0);
	CHECK(moved);
}

/* Wishes at every point of an interrupt under way: nothing may hang, and no source stay shut. */
TEST(wired, wishes_under_fire)
{
	/* On an IMSIC each move uses an identity up. */
	unsigned home, every = this_hart()->doorbell ? 500 : 16;
	struct irq_desc *desc = ns16550_irq();

	SKIP_IF(!desc, "the UART has no interrupt here");
	home = desc->hart;
	for (unsigned i = 0; i < 2000; i++) {
		ns16550_raise();
		irq_mask(desc);
		if (i % every == 0)
			irq_set_affinity(desc, i / every % smp_count());
		CHECK_EQ(irq_unmask(desc), 0);
	}
	ns16550_quiet();
	CHECK_EQ(irq_set_affinity(desc, home), 0);
	CHECK(comes());
}

/* Shut off and on again while the wire asks: it comes when it is on. */
TEST(wired, deactivated_source_comes_back)
{
	struct irq_desc *desc = ns16550_irq();
	uint32_t before;

	SKIP_IF(!desc, "the UART has no interrupt here");
	for (unsigned i = 0; i < 100; i++) {
		ns16550_raise();
		irq_deactivate(desc);
		ns16550_quiet();
		before = ns16550_interrupts();
		ns16550_raise();
		CHECK_EQ(ns16550_interrupts(), before);
		CHECK_EQ(irq_activate(desc), 0);
		CHECK(time_wait(more, &before, 5000));
		ns16550_quiet();
	}
}

/* An interrupt between the wish and the owner's write: refused, without end, and not lost. */
TEST(wired, refused_event_comes_with_the_unmask)
{
	struct irq_desc *desc = ns16550_irq();
	uint32_t before = ns16550_interrupts();
	bool early;

	SKIP_IF(!desc, "the UART has no interrupt here");
	/* Somebody is the owner, and has not come to the register yet. */
	atomic_fetch_or(&desc->state, IRQ_OWNED);
	irq_mask(desc);
	ns16550_raise();
	early = time_wait(more, &before, 20);
	atomic_fetch_and(&desc->state, ~IRQ_OWNED);
	CHECK_EQ(irq_unmask(desc), 0);
	CHECK(!early);
	CHECK(time_wait(more, &before, 5000));
	ns16550_quiet();
}

// SPDX-License-Identifier: Apache-2.0
/* A wired level source through whatever controller it has: the UART's. */
#include "drivers/serial/ns16550.h"

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
	unsigned home;

	SKIP_IF(!desc, "the UART has no interrupt here");
	SKIP_IF(smp_count() < 2, "one hart");
	home = desc->hart;
	for (unsigned i = 0; i < smp_count(); i++) {
		struct count there = { &desc->handled[i], desc->handled[i] };

		if (!smp_online(i))
			continue;
		CHECK_EQ(irq_set_affinity(desc, i), 0);
		CHECK_EQ(desc->hart, i);
		CHECK(comes());
		CHECK(time_wait(counted, &there, 5000));
	}
	CHECK_EQ(irq_set_affinity(desc, home), 0);
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
		if (i % every == 0 && smp_online(i / every % smp_count()))
			CHECK_EQ(irq_set_affinity(desc, i / every % smp_count()), 0);
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

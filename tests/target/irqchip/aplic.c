// SPDX-License-Identifier: Apache-2.0
/* A wired level source through the APLIC in MSI mode: the UART's. */
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

TEST(aplic, wired_source_is_delivered)
{
	SKIP_IF(!ns16550_irq(), "the UART has no interrupt here");
	for (unsigned i = 0; i < 100; i++)
		CHECK(comes());
}

TEST(aplic, masked_source_waits)
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

TEST(aplic, moves_to_every_hart)
{
	struct irq_desc *desc = ns16550_irq();
	unsigned home;

	SKIP_IF(!desc, "the UART has no interrupt here");
	SKIP_IF(smp_count() < 2, "one hart");
	home = desc->hart;
	for (unsigned i = 0; i < smp_count(); i++) {
		uint64_t before = desc->handled[i];

		if (!smp_online(i))
			continue;
		CHECK_EQ(irq_set_affinity(desc, i), 0);
		CHECK_EQ(desc->hart, i);
		CHECK(comes());
		CHECK(desc->handled[i] > before);
	}
	CHECK_EQ(irq_set_affinity(desc, home), 0);
}

// SPDX-License-Identifier: Apache-2.0
/* The interrupt file of the shell's hart, storms, stray identities. */
#include "drivers/irqchip/imsic.h"

#include "arch/csr.h"
#include "arch/io.h"
#include "arch/irqflags.h"
#include "kernel/irq.h"
#include "kernel/smp.h"
#include "kernel/storm.h"
#include "kernel/time.h"
#include "tests/target/test.h"

#define NO_IMSIC "this machine has no IMSIC"

static void store(unsigned identity)
{
	mmio_write32(this_hart()->doorbell + IMSIC_SETEIPNUM_LE, identity);
}

/* The highest identity of this hart that is nobody's and below the limit. */
static unsigned nobodys(unsigned limit)
{
	while (--limit && atomic_load(&this_hart()->slots[limit]) != &irq_unowned)
		;
	return limit;
}

static bool pending_within(unsigned identity)
{
	/* A hart's store to its own file may arrive late (AIA, section 3.5): up to a second. */
	for (uint64_t start = time_ns(); time_ns() - start < 1000000000ull;)
		if (imsic_pending(identity))
			return true;
	return false;
}

TEST(imsic, every_identity_is_enabled)
{
	unsigned off = 0;
	irqflags_t flags;

	SKIP_IF(!this_hart()->doorbell, NO_IMSIC);
	flags = irq_save();
	for (unsigned id = 1; id <= this_hart()->max_id; id++)
		off += !imsic_enabled(id);
	irq_restore(flags);
	CHECK_EQ(off, 0);
}

/* An identity of the word's edge: pending at this file, claimed by stopei, and only it. */
static bool claims(unsigned identity)
{
	irqflags_t flags = irq_save();
	unsigned long claimed;
	bool seen;

	store(identity);
	seen = pending_within(identity);
	claimed = csr_swap(CSR_STOPEI, 0) >> 16;
	irq_restore(flags);
	return seen && claimed == identity;
}

TEST(imsic, edge_identities_are_claimed)
{
	unsigned max_id = this_hart()->max_id;
	const unsigned edges[] = { 1, 62, 63, 64, 65, max_id - 1, max_id };

	SKIP_IF(!this_hart()->doorbell, NO_IMSIC);
	for (unsigned i = 0; i < ARRAY_SIZE(edges); i++)
		if (edges[i] <= max_id)
			CHECK(claims(edges[i]));
	/* A kick that was claimed here in place of its handler. */
	smp_kick(smp_index());
}

TEST(imsic, lowest_identity_first)
{
	unsigned long first, second, none;
	unsigned high, low;
	irqflags_t flags;

	SKIP_IF(!this_hart()->doorbell, NO_IMSIC);
	high = nobodys(this_hart()->max_id + 1);
	low = nobodys(high);
	flags = irq_save();
	store(high);
	store(low);
	if (!pending_within(high) || !pending_within(low)) {
		irq_restore(flags);
		CHECK(!"both pending");
	}
	first = csr_swap(CSR_STOPEI, 0) >> 16;
	second = csr_swap(CSR_STOPEI, 0) >> 16;
	none = csr_swap(CSR_STOPEI, 0);
	irq_restore(flags);
	CHECK_EQ(first, low);
	CHECK_EQ(second, high);
	CHECK_EQ(none, 0);
}

TEST(imsic, foreign_values_are_ignored)
{
	unsigned long claimed;
	irqflags_t flags;

	SKIP_IF(!this_hart()->doorbell, NO_IMSIC);
	flags = irq_save();
	store(0);
	store(this_hart()->max_id + 1);
	store(5000);
	claimed = csr_swap(CSR_STOPEI, 0);
	irq_restore(flags);
	CHECK_EQ(claimed, 0);
}

TEST(imsic, stray_identity_is_counted_once)
{
	uint64_t before = atomic_load(&irq_spurious_total);

	SKIP_IF(!this_hart()->doorbell, NO_IMSIC);
	store(nobodys(this_hart()->max_id + 1));
	for (uint64_t start = time_ns(); time_ns() - start < 1000000000ull;)
		if (atomic_load(&irq_spurious_total) != before)
			break;
	CHECK_EQ(atomic_load(&irq_spurious_total) - before, 1);
}

TEST(imsic, storm_is_shut_off_and_opened_again)
{
	unsigned storms = storm_total();
	uint64_t start = time_ns(), after;
	unsigned identity;

	SKIP_IF(!this_hart()->doorbell, NO_IMSIC);
	identity = nobodys(this_hart()->max_id + 1);
	/* As fast as it goes, until the hart has had enough. */
	while (storm_total() == storms && time_ns() - start < 2000000000ull)
		store(identity);
	SKIP_IF(storm_total() == storms, "this machine is too slow to make a storm");
	start = time_ns();
	do {
		after = atomic_load(&irq_spurious_total);
		time_delay_us(2000);
		store(identity);
		time_delay_us(2000);
	} while (atomic_load(&irq_spurious_total) == after && time_ns() - start < 5000000000ull);
	CHECK(atomic_load(&irq_spurious_total) != after);
}

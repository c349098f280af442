// SPDX-License-Identifier: Apache-2.0
/* The hypervisor's vectors as the hypervisor has them: where each source goes, and what stays after. */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "arch/cpu.h"
#include "arch/hcall.h"
#include "arch/irqflags.h"
#include "drivers/pci/pci.h"
#include "drivers/pci/raise.h"
#include "kernel/msi.h"
#include "kernel/smp.h"
#include "kernel/time.h"
#include "platform/pseries/hcalls.h"
#include "platform/pseries/rtas.h"
#include "tests/target/test.h"

#define PRIORITY_OFF 0xff
#define RAISES       1000
#define SETS         40
#define RESETS       3
#define DEAF_MS      20
#define TIMEOUT_MS   5000

struct route {
	uint32_t server, priority;
};

static bool is_xive(const struct irq_desc *desc)
{
	return !strcmp(desc->chip->name, "xive");
}

static bool read_route(const struct irq_desc *desc, struct route *route)
{
	struct hcall_results got;
	uint32_t rets[3];

	if (is_xive(desc)) {
		if (hcall(H_INT_GET_SOURCE_CONFIG, 0, desc->source, 0, 0, 0, &got))
			return false;
		*route = (struct route){ (uint32_t)got.r[0], (uint32_t)got.r[1] };
		return got.r[2] == desc->source;
	}
	if (rtas_call(rtas_token("ibm,get-xive"), 1, &desc->source, 3, rets))
		return false;
	*route = (struct route){ rets[1], rets[2] };
	return true;
}

static bool is_rtas(const struct pci_function *fn)
{
	return fn->msi.backend && !strcmp(fn->msi.backend->name, "rtas");
}

static struct pci_function *next_enabled(struct pci_function *fn)
{
	while (fn && !(is_rtas(fn) && fn->msi.enabled && fn->msi.by == fn->msi.backend))
		fn = fn->next;
	return fn;
}

static struct pci_function *next_unused(struct pci_function *fn)
{
	while (fn && (fn->driver || !fn->usable || !is_rtas(fn) || fn->msi.msix_count < 2))
		fn = fn->next;
	return fn;
}

static struct pci_function *unused(void)
{
	return next_unused(pci_first());
}

static bool goes_to_its_hart(const struct irq_desc *desc)
{
	struct route route;

	return read_route(desc, &route) && route.priority != PRIORITY_OFF &&
	       route.server == smp_hart(desc->hart)->hart_id;
}

TEST(rtas, sources_go_to_the_harts_of_their_vectors)
{
	struct pci_function *fn = next_enabled(pci_first());

	SKIP_IF(!fn, "no function has vectors of the hypervisor");
	for (; fn; fn = next_enabled(fn->next))
		for (unsigned i = 0; i < fn->msi.count; i++)
			CHECK(goes_to_its_hart(fn->msi.descs[i]));
}

static struct pci_function *raiser(void)
{
	struct pci_function *fn = next_enabled(pci_first());

	while (fn && !(fn->driver && fn->driver->raise))
		fn = next_enabled(fn->next);
	return fn;
}

struct expectation {
	const struct pci_function *fn;
	uint64_t handled;
	unsigned vector;
};

static bool reached(void *arg)
{
	const struct expectation *e = arg;

	return msi_handled(&e->fn->msi, e->vector) >= e->handled;
}

static bool is_latched(void *arg)
{
	const struct irq_desc *desc = arg;

	return atomic_load_explicit(&desc->state, memory_order_relaxed) & IRQ_PEND;
}

/* A masked vector moves, too; what was latched runs where it is then. */
TEST(rtas, masked_vector_moves_and_comes_there)
{
	struct pci_function *fn = raiser();
	struct expectation e;
	const struct irq_desc *desc;
	uint64_t there;
	unsigned home;

	SKIP_IF(!fn, "no function has vectors of the hypervisor");
	e = (struct expectation){ fn, msi_handled(&fn->msi, 0) + 1, 0 };
	desc = fn->msi.descs[0];
	home = desc->hart;
	msi_mask(&fn->msi, 0);
	CHECK_EQ(fn->driver->raise(fn, 0), 0);
	/* XIVE keeps it at the source. */
	CHECK(is_xive(desc) || time_wait(is_latched, (void *)desc, TIMEOUT_MS));
	CHECK_EQ(msi_set_affinity(&fn->msi, 0, smp_next_online(home)), 0);
	there = desc->handled[smp_next_online(home)];
	CHECK_EQ(msi_unmask(&fn->msi, 0), 0);
	CHECK(time_wait(reached, &e, TIMEOUT_MS));
	CHECK_EQ(desc->handled[smp_next_online(home)], there + 1);
	CHECK_EQ(desc->hart, smp_next_online(home));
	CHECK(goes_to_its_hart(desc));
	CHECK_EQ(msi_set_affinity(&fn->msi, 0, home), 0);
	CHECK(goes_to_its_hart(desc));
}

static void nothing(void *arg)
{
	(void)arg;
}

/* That they are off before they are given back, tests/harness/machine/test_pseries.py sees. */
TEST(rtas, freed_sources_come_again)
{
	struct pci_function *fn = unused();
	unsigned before = irq_desc_count();

	SKIP_IF(!fn, "no MSI-X function without driver");
	for (unsigned n = 0; n < SETS; n++) {
		CHECK_EQ(msi_alloc(&fn->msi, 2, 2, MSI_ALLOW_MSIX, NULL), 2);
		CHECK(fn->msi.descs[0]->source != fn->msi.descs[1]->source);
		for (unsigned i = 0; i < 2; i++)
			CHECK_EQ(msi_request(&fn->msi, i, nothing, NULL, "test"), 0);
		CHECK_EQ(msi_enable(&fn->msi), 0);
		CHECK(goes_to_its_hart(fn->msi.descs[0]) && goes_to_its_hart(fn->msi.descs[1]));
		msi_free(&fn->msi);
	}
	/* Descriptors come back, too. */
	CHECK(irq_desc_count() <= before + 2);
}

/* More than the function has is clipped before the hypervisor is asked. */
TEST(rtas, table_size_is_the_most)
{
	struct pci_function *fn = unused();

	SKIP_IF(!fn, "no MSI-X function without driver");
	CHECK_EQ(msi_alloc(&fn->msi, 1, 4096, MSI_ALLOW_MSIX, NULL), fn->msi.msix_count);
	msi_free(&fn->msi);
	CHECK_EQ(msi_alloc(&fn->msi, fn->msi.msix_count + 1u, 4096, MSI_ALLOW_MSIX, NULL), -ENOSPC);
	CHECK_EQ(fn->msi.count, 0);
}

/* More than the hypervisor has left is not asked for either: some would end themselves. */
TEST(rtas, pool_is_the_most)
{
	struct pci_function *fn = unused(), *other = fn ? next_unused(fn->next) : NULL;
	unsigned left;
	int got;

	SKIP_IF(!other, "no two MSI-X functions without driver");
	CHECK_EQ(msi_alloc(&fn->msi, 1, 4096, MSI_ALLOW_MSIX, NULL), fn->msi.msix_count);
	left = (unsigned)msi_query(&other->msi, MSI_MSIX);
	if (left == other->msi.msix_count) {
		msi_free(&fn->msi);
		SKIP_IF(true, "there are enough for all");
	}
	CHECK_EQ(msi_alloc(&other->msi, left + 1, 4096, MSI_ALLOW_MSIX, NULL), -ENOSPC);
	/* Of those that are left not all are in a row. */
	got = msi_alloc(&other->msi, 1, 4096, MSI_ALLOW_MSIX, NULL);
	CHECK(got > 0 && got <= (int)left);
	msi_free(&fn->msi);
	msi_free(&other->msi);
	CHECK_EQ(msi_query(&other->msi, MSI_MSIX), other->msi.msix_count);
}

struct mover {
	struct work work;
	struct msi_function *msi;
	_Atomic uint32_t stop;
	unsigned moves;
};

static int move_on(void *arg)
{
	struct mover *mover = arg;
	unsigned to = 0;

	while (!atomic_load_explicit(&mover->stop, memory_order_relaxed)) {
		to = smp_next_online(to);
		if (!msi_set_affinity(mover->msi, 0, to))
			mover->moves++;
	}
	return 0;
}

static unsigned start_moving(struct mover *mover, struct pci_function *fn)
{
	mover->msi = &fn->msi;
	return smp_post(smp_next_online(smp_index()), &mover->work);
}

static void stop_moving(struct mover *mover, unsigned home)
{
	atomic_store_explicit(&mover->stop, 1, memory_order_relaxed);
	smp_wait(&mover->work);
	msi_set_affinity(mover->msi, 0, home);
}

/* What was presented to the old server is handled there: none lost, none twice. */
TEST(rtas, moves_under_fire_are_exact)
{
	struct pci_function *fn = raiser();
	unsigned other = smp_next_online(smp_index()), home;
	struct mover mover = { .work = { .fn = move_on, .arg = &mover } };
	struct pci_raised out;
	int rc;

	SKIP_IF(!fn, "no function raises vectors of the hypervisor");
	SKIP_IF(other == smp_index(), "one hart");
	home = fn->msi.descs[0]->hart;
	CHECK_EQ(start_moving(&mover, fn), 0);
	rc = pci_raise_series(fn, 0, RAISES, &out);
	stop_moving(&mover, home);
	CHECK_EQ(rc, 0);
	CHECK_EQ(out.handled, RAISES);
	CHECK(mover.moves > 1);
}

/* Sources come and go under a vector that is moved all the while. */
TEST(rtas, reset_while_a_vector_moves)
{
	struct pci_function *fn = raiser();
	struct mover mover = { .work = { .fn = move_on, .arg = &mover } };
	struct pci_raised out;
	unsigned home;
	int rc = 0;

	while (fn && !(fn->driver && fn->driver->raise && fn->driver->quiet && pci_can_reset(fn)))
		fn = next_enabled(fn->next);
	SKIP_IF(!fn, "no function with a reset raises vectors of the hypervisor");
	SKIP_IF(smp_next_online(smp_index()) == smp_index(), "one hart");
	home = fn->msi.descs[0]->hart;
	CHECK_EQ(start_moving(&mover, fn), 0);
	for (unsigned i = 0; i < RESETS && !rc; i++) {
		rc = pci_reset(fn);
		if (!rc)
			rc = pci_raise_series(fn, 0, RAISES / 10, &out);
		if (!rc && out.handled != RAISES / 10)
			rc = -EIO;
	}
	stop_moving(&mover, home);
	CHECK_EQ(rc, 0);
	CHECK(mover.moves > RESETS);
}

/* --- a hart that takes no interrupt for a while --- */

struct deaf {
	struct work work;
	_Atomic uint32_t ready, go;
};

static int be_deaf(void *arg)
{
	struct deaf *deaf = arg;
	irqflags_t flags = irq_save();

	/* acquire and release: the raises, and the renewal's begin, are in between */
	atomic_store_explicit(&deaf->ready, 1, memory_order_release);
	while (!atomic_load_explicit(&deaf->go, memory_order_acquire))
		cpu_relax();
	time_delay_us(DEAF_MS * 1000);
	irq_restore(flags);
	return 0;
}

static bool is_deaf(void *arg)
{
	struct deaf *deaf = arg;

	return atomic_load_explicit(&deaf->ready, memory_order_acquire);
}

/* Two vectors whose messages are sent inside the store: none comes when the source is gone. */
static struct pci_function *raiser_of_two(void)
{
	struct pci_function *fn = raiser();

	while (fn && !(fn->driver && !strcmp(fn->driver->name, "igb") && fn->msi.count > 1))
		fn = next_enabled(fn->next);
	return fn;
}

/*
 * One is presented to a hart that does not take it, one is rejected by that hart. Their sources are
 * given back, and both come.
 */
TEST(rtas, nothing_under_way_is_lost_with_its_source)
{
	struct pci_function *fn = raiser_of_two();
	unsigned other = smp_next_online(smp_index());
	struct deaf deaf = { .work = { .fn = be_deaf, .arg = &deaf } };
	uint64_t before[2];
	int rc;

	SKIP_IF(!fn, "no igb, which raises two vectors of the hypervisor at once");
	SKIP_IF(other == smp_index(), "one hart");
	for (unsigned i = 0; i < 2; i++) {
		CHECK_EQ(msi_set_affinity(&fn->msi, i, other), 0);
		before[i] = msi_handled(&fn->msi, i);
	}
	CHECK_EQ(smp_post(other, &deaf.work), 0);
	CHECK(time_wait(is_deaf, &deaf, TIMEOUT_MS));
	rc = fn->driver->raise(fn, 0);
	rc = rc ? rc : fn->driver->raise(fn, 1);
	rc = rc ? rc : msi_suspend(&fn->msi);
	atomic_store_explicit(&deaf.go, 1, memory_order_release);
	rc = rc ? rc : msi_resume(&fn->msi);
	smp_wait(&deaf.work);
	CHECK_EQ(rc, 0);
	for (unsigned i = 0; i < 2; i++) {
		struct expectation e = { fn, before[i] + 1, i };
		struct pci_raised out;

		/* What was latched is run by the other hart, soon. */
		CHECK(time_wait(reached, &e, TIMEOUT_MS));
		CHECK_EQ(pci_raise_series(fn, i, 10, &out), 0);
		CHECK(out.handled == 10 && msi_handled(&fn->msi, i) == before[i] + 11);
	}
}

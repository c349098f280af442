// SPDX-License-Identifier: Apache-2.0
/*
 * Everything at once: raises, moves and masks on other harts, and from here sets that are freed
 * and allocated, storms, slots and harts off and on, for
 * SECONDS (docs/msi.md M1, M5 to M8, M11 to M14).
 */
#include <errno.h>
#include <stdio.h>

#include "drivers/pci/hotplug.h"
#include "kernel/hart_off.h"
#include "kernel/msi.h"
#include "kernel/storm.h"
#include "kernel/time.h"
#include "tests/target/stress.h"
#include "tests/target/test.h"

#define SECONDS   60
#define MAX_SENDS 20000

static struct stress stress;
static uint32_t random;
/* Runs of vectors that nobody raises. */
static _Atomic uint32_t strays;

static void stray(void *arg)
{
	(void)arg;
	atomic_fetch_add_explicit(&strays, 1, memory_order_relaxed);
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

static unsigned below(unsigned n)
{
	return (stress_random(&random) >> 8) % n;
}

/* A function without driver, whose vectors are ours. */
static struct pci_function *unused_function(void)
{
	struct pci_function *fn = pci_first();

	while (fn && (fn->driver || !fn->usable || !fn->msi.backend || !fn->msi.msix_ops))
		fn = fn->next;
	return fn;
}

/* What an operation says: done, or not possible now; what must not be ends the test. */
enum outcome { DONE, REFUSED, WRONG };

static enum outcome wrong(const char *what, int error)
{
	printf("# %s: %d\n", what, error);
	return WRONG;
}

/* The set of a function that is raised: nobody raises it meanwhile, all others go on. */
static enum outcome reallocate(void)
{
	unsigned i = below(stress.nr_ledgers);
	struct ledger *ledger = &stress.ledgers[i];
	int err;

	if (!stress_hold(&stress, i))
		return wrong("the function does not come to rest", -ETIMEDOUT);
	err = ledger_reallocate(ledger, !ledger_holds_causes(ledger) && below(2));
	if (err)
		return wrong("a set that was freed is not allocated again", err);
	stress_release(&stress, i);
	return DONE;
}

/* A set of any size, with wishes or without, moved once, and freed: nothing may come. */
static enum outcome churn(void)
{
	struct pci_function *fn = unused_function();
	uint16_t wish[32];
	unsigned max, min;
	int got, err = 0;

	if (!fn)
		return REFUSED;
	max = 1 + below(MIN(fn->msi.msix_count, 32u));
	min = 1 + below(max);
	for (unsigned i = 0; i < max; i++)
		wish[i] = below(2) ? MSI_ANY_HART : (uint16_t)below(smp_count());
	got = msi_alloc(&fn->msi, min, max, MSI_ALLOW_MSIX, below(2) ? wish : NULL);
	if (got == -EAGAIN || got == -ENOSPC)
		return REFUSED;
	if (got < (int)min || got > (int)max)
		return wrong("msi_alloc", got);
	for (int i = 0; i < got && !err; i++)
		err = msi_request(&fn->msi, (unsigned)i, stray, NULL, "stress");
	if (!err)
		err = msi_enable(&fn->msi);
	if (!err && smp_online(wish[0] % smp_count()))
		msi_set_affinity(&fn->msi, below((unsigned)got), wish[0] % smp_count());
	msi_free(&fn->msi);
	return err ? wrong("a set can't be enabled", err) : DONE;
}

static _Atomic uint32_t storm_runs;

static void count_storm(void *arg)
{
	(void)arg;
	atomic_fetch_add_explicit(&storm_runs, 1, memory_order_relaxed);
}

static bool storm_ran(void *arg)
{
	(void)arg;
	return atomic_load_explicit(&storm_runs, memory_order_relaxed);
}

/* A vector that is OFF is sent to without end, until its hart has shut it off; then it is on again. */
static enum outcome off_storm(void)
{
	struct pci_function *fn = unused_function();
	unsigned storms = storm_total();
	const struct irq_desc *desc;
	bool ran, shut;

	/* Where messages name no place, the kernel can't send them. */
	if (!fn || !msi_names_places(&fn->msi) ||
	    msi_alloc(&fn->msi, 1, 1, MSI_ALLOW_MSIX, NULL) != 1)
		return REFUSED;
	atomic_store_explicit(&storm_runs, 0, memory_order_relaxed);
	msi_request(&fn->msi, 0, count_storm, NULL, "storm");
	msi_enable(&fn->msi);
	msi_mask(&fn->msi, 0);
	desc = fn->msi.descs[0];
	for (unsigned n = 0; n < MAX_SENDS && storm_total() == storms; n++)
		fn->msi.domain->send(desc->hart, desc->identity);
	shut = storm_total() != storms;
	msi_unmask(&fn->msi, 0);
	/* What was latched meanwhile is one run, when the identity is open again. */
	ran = time_wait(storm_ran, NULL, LEDGER_TIMEOUT_MS);
	msi_free(&fn->msi);
	if (!ran)
		return wrong("nothing comes after a storm", -ETIMEDOUT);
	return shut ? DONE : REFUSED;
}

/* In a slot, with a driver, and not raised by the others. */
static bool is_card(const struct pci_function *fn)
{
	if (!fn->parent || !fn->driver || !pci_is_slot(fn->parent))
		return false;
	for (unsigned i = 0; i < stress.nr_ledgers; i++)
		if (stress.ledgers[i].fn == fn)
			return false;
	return true;
}

static int power_cycle(struct pci_function *port)
{
	int err = pci_slot_off(port, false);

	return err ? err : pci_slot_on(port);
}

/*
 * A slot loses its power and gets it back: its card is removed, its vectors freed, and probed
 * again. The others hold still: what they store while QEMU 10.0 changes its map of addresses can
 * reach another device.
 */
static enum outcome slot(void)
{
	struct pci_function *fn = pci_first();
	bool still = true;
	int err = 0;

	while (fn && !is_card(fn))
		fn = fn->next;
	if (!fn)
		return REFUSED;
	for (unsigned i = 0; i < stress.nr_ledgers; i++)
		still &= stress_hold(&stress, i);
	if (still)
		err = power_cycle(fn->parent);
	for (unsigned i = 0; i < stress.nr_ledgers; i++)
		stress_release(&stress, i);
	if (!still)
		return wrong("not all functions come to rest", -ETIMEDOUT);
	return err ? wrong("a slot's power", err) : DONE;
}

/* A hart goes and comes back; what it did, raise or move, rests meanwhile. */
static enum outcome hart(void)
{
	struct stress_worker *worker = &stress.workers[below(stress.nr_workers)];
	int off, on = 0;

	stress_worker_stop(worker);
	off = hart_off(worker->hart);
	if (!off) {
		time_wait(never, NULL, 1 + below(4));
		on = hart_on(worker->hart);
	}
	stress_worker_start(worker);
	if (on)
		return wrong("a hart does not come back", on);
	/* No room elsewhere, a vector that can't be moved, or something that is still to be drained. */
	if (off == -ENOSPC || off == -EOPNOTSUPP || off == -EBUSY)
		return REFUSED;
	return off ? wrong("a hart does not go", off) : DONE;
}

static struct operation {
	const char *name;
	enum outcome (*run)(void);
	unsigned chance; /* of 16 */
	unsigned done, refused;
} operations[] = {
	{ .name = "reallocated", .run = reallocate, .chance = 5 },
	{ .name = "churned", .run = churn, .chance = 5 },
	{ .name = "storms", .run = off_storm, .chance = 2 },
	{ .name = "slots", .run = slot, .chance = 1 },
	{ .name = "harts", .run = hart, .chance = 3 },
};

static bool do_anything(void)
{
	struct operation *operation = operations;
	unsigned chance = below(16);
	enum outcome outcome;

	for (; chance >= operation->chance; operation++)
		chance -= operation->chance;
	outcome = operation->run();
	operation->done += outcome == DONE;
	operation->refused += outcome == REFUSED;
	return outcome != WRONG;
}

/* true: to the end without a word. */
static bool run_for(uint32_t seconds)
{
	uint64_t end = time_ns() + seconds * 1000000000ull;
	bool good = true;

	for (unsigned i = 0; i < ARRAY_SIZE(operations); i++)
		operations[i].done = operations[i].refused = 0;
	stress_start(&stress, false);
	while (good && time_ns() < end && !stress.failed) {
		good = do_anything();
		/* The others have the processor for a while. */
		time_wait(never, NULL, 1);
	}
	stress_stop(&stress);
	printf("#");
	for (unsigned i = 0; i < ARRAY_SIZE(operations); i++)
		printf(" %s=%u (%u refused)", operations[i].name, operations[i].done,
		       operations[i].refused);
	printf("\n");
	return good && !stress.failed;
}

static unsigned available(void)
{
	const struct msi_domain *domain = stress.ledgers[0].fn->msi.domain;

	return domain ? domain->available() : 0;
}

static bool all_are_back(void *arg)
{
	/* More: what an earlier test left was still to be drained. */
	return available() >= *(unsigned *)arg;
}

TEST_BY_NAME(stress, all)
{
	struct ledger_sum sum;
	unsigned before;
	bool good, back;

	SKIP_IF(smp_online_count() < 2, "one hart");
	SKIP_IF(!stress_open(&stress, UINT32_MAX),
		"no function sends messages at once when told to");
	random = stress.seed | 1;
	stress.masks = true;
	atomic_store_explicit(&strays, 0, memory_order_relaxed);
	before = available();
	good = run_for((uint32_t)stress_parameter("SECONDS", SECONDS));
	sum = stress_judge(&stress);
	stress_close(&stress);
	/* Every place that was left is free again. */
	back = time_wait(all_are_back, &before, LEDGER_TIMEOUT_MS);
	CHECK(good);
	CHECK_EQ(sum.lost, 0);
	CHECK_EQ(sum.duplicated, 0);
	CHECK_EQ(sum.stray, 0);
	CHECK_EQ(sum.runs, sum.raised);
	CHECK(stress_is_clean(&stress));
	CHECK_EQ(strays, 0);
	CHECK(back);
}

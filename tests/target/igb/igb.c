// SPDX-License-Identifier: Apache-2.0
#include "drivers/igb/igb.h"

#include <stdlib.h>

#include "drivers/pci/raise.h"
#include "kernel/smp.h"
#include "tests/target/test.h"

#define RAISES 100

static struct pci_function *find_igb(void)
{
	struct pci_function *fn = pci_first();

	while (fn && !igb_of(fn))
		fn = fn->next;
	return fn;
}

TEST(igb, has_all_vectors)
{
	struct pci_function *fn = find_igb();

	SKIP_IF(!fn, "no igb on this machine");
	/* Of 25 causes each VF has 3. */
	CHECK_EQ(fn->msi.count, MIN(fn->msi.msix_count, 25 - 3 * pci_nr_vfs(fn)));
	CHECK_EQ(igb_vectors(igb_of(fn)), fn->msi.count);
}

TEST(igb, raises_are_exact)
{
	struct pci_function *fn = find_igb();

	SKIP_IF(!fn, "no igb on this machine");
	for (unsigned v = 0; v < igb_vectors(igb_of(fn)); v++) {
		struct pci_raised out;

		CHECK_EQ(pci_raise_series(fn, v, RAISES, &out), 0);
		CHECK_EQ(out.raised, RAISES);
		CHECK_EQ(out.handled, RAISES);
	}
}

static uint64_t handled_by_all(const struct pci_function *fn)
{
	uint64_t sum = 0;

	for (unsigned v = 0; v < fn->msi.count; v++)
		sum += msi_handled(&fn->msi, v);
	return sum;
}

TEST(igb, only_the_raised_vector)
{
	struct pci_function *fn = find_igb();

	SKIP_IF(!fn, "no igb on this machine");
	for (unsigned v = 0; v < igb_vectors(igb_of(fn)); v++) {
		uint64_t before = handled_by_all(fn);
		struct pci_raised out;

		CHECK_EQ(pci_raise_series(fn, v, 1, &out), 0);
		CHECK_EQ(out.handled, 1);
		CHECK_EQ(handled_by_all(fn) - before, 1);
	}
}

/* 0, or 1 + the first vector whose cause was not its own bit alone. */
static unsigned wrong_cause(struct pci_function *fn)
{
	for (unsigned v = 0; v < igb_vectors(igb_of(fn)); v++) {
		struct pci_raised out;

		if (pci_raise_series(fn, v, 1, &out) || igb_last_causes(igb_of(fn), v) != BIT(v))
			return 1 + v;
	}
	return 0;
}

TEST(igb, cause_is_of_the_raised_vector)
{
	struct pci_function *fn = find_igb();
	unsigned wrong;

	SKIP_IF(!fn, "no igb on this machine");
	igb_watch_causes(igb_of(fn), true);
	wrong = wrong_cause(fn);
	igb_watch_causes(igb_of(fn), false);
	CHECK_EQ(wrong, 0);
}

/* One of several harts: raises every step-th vector. */
struct raiser {
	struct work work;
	struct pci_function *fn;
	unsigned first, step;
	unsigned wrong; /* vectors whose count was not exact */
};

static int raise_share(void *arg)
{
	struct raiser *r = arg;

	for (unsigned v = r->first; v < igb_vectors(igb_of(r->fn)); v += r->step) {
		struct pci_raised out;

		r->wrong += pci_raise_series(r->fn, v, RAISES, &out) || out.handled != RAISES;
	}
	return 0;
}

/* The own hart takes share 0, the others what is left. */
static unsigned post_shares(struct pci_function *fn, struct raiser *raisers, unsigned max)
{
	unsigned n = 1;

	raisers[0] = (struct raiser){ .fn = fn, .step = max };
	for (unsigned hart = 0; hart < smp_count() && n < max; hart++) {
		struct raiser *r = &raisers[n];

		*r = (struct raiser){
			.work = { .fn = raise_share, .arg = r }, .fn = fn, .first = n, .step = max
		};
		if (hart != smp_index() && !smp_post(hart, &r->work))
			n++;
	}
	return n;
}

/* Its vector v, moved to each hart in turn: each hart handles its share, and no other any. */
static bool exact_on_each_hart(struct pci_function *fn, unsigned v, unsigned raises)
{
	const struct irq_desc *desc = fn->msi.descs[v];
	unsigned home = desc->hart, hart = home;

	do {
		uint64_t there, all;
		struct pci_raised out;

		hart = smp_next_online(hart);
		if (msi_set_affinity(&fn->msi, v, hart))
			return false;
		there = __atomic_load_n(&desc->handled[hart], __ATOMIC_RELAXED);
		all = msi_handled(&fn->msi, v);
		if (pci_raise_series(fn, v, raises, &out) || out.handled != raises ||
		    __atomic_load_n(&desc->handled[hart], __ATOMIC_RELAXED) - there != raises ||
		    msi_handled(&fn->msi, v) - all != raises)
			return false;
	} while (hart != home);
	return true;
}

TEST(igb, every_vector_is_exact_on_every_hart)
{
	const char *raises = test_parameter("raises");
	struct pci_function *fn = find_igb();
	unsigned wrong = 0;

	SKIP_IF(!fn, "no igb on this machine");
	for (unsigned v = 0; v < igb_vectors(igb_of(fn)); v++)
		wrong += !exact_on_each_hart(fn, v,
					     raises ? (unsigned)strtoul(raises, NULL, 0) : RAISES);
	CHECK_EQ(wrong, 0);
}

TEST(igb, harts_raise_at_once)
{
	struct pci_function *fn = find_igb();
	struct raiser raisers[4];
	unsigned n, wrong;

	SKIP_IF(!fn, "no igb on this machine");
	SKIP_IF(smp_count() < 2, "one hart");
	n = post_shares(fn, raisers, ARRAY_SIZE(raisers));
	raise_share(&raisers[0]);
	wrong = raisers[0].wrong;
	for (unsigned i = 1; i < n; i++) {
		smp_wait(&raisers[i].work);
		wrong += raisers[i].wrong;
	}
	CHECK_EQ(wrong, 0);
}

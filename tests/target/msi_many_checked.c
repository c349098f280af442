// SPDX-License-Identifier: Apache-2.0
/* Sets of 2,000 vectors, and what is granted when the machine has no more (docs/msi.md M1, M2). */
#include <errno.h>

#include "drivers/pci/pci.h"
#include "kernel/mem.h"
#include "kernel/msi.h"
#include "kernel/smp.h"
#include "kernel/time.h"
#include "tests/target/ledger.h"
#include "tests/target/test.h"

#define VECTORS    2000
#define TIMEOUT_MS 10000

/* The n-th function of 2,000 vectors, taken from its driver. */
static struct pci_function *large_function(unsigned n)
{
	for (struct pci_function *fn = pci_first(); fn; fn = fn->next)
		if (fn->msi.backend && fn->msi.msix_count >= VECTORS && !n--)
			return fn->driver && pci_remove_driver(fn) ? NULL : fn;
	return NULL;
}

static _Atomic uint32_t runs;

static void count_run(void *arg)
{
	atomic_fetch_add_explicit((_Atomic uint32_t *)arg, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&runs, 1, memory_order_relaxed);
}

static bool have_run(void *arg)
{
	return atomic_load_explicit(&runs, memory_order_relaxed) == *(uint32_t *)arg;
}

static int take(struct pci_function *fn, unsigned min, unsigned max, _Atomic uint32_t *counts)
{
	int got = msi_alloc(&fn->msi, min, max, MSI_ALLOW_MSIX, NULL), err = 0;

	for (int i = 0; i < got && !err; i++)
		err = msi_request(&fn->msi, (unsigned)i, count_run, &counts[i], "many");
	return got < 0 ? got : err ? err : got;
}

/* Each once, by a store to its place: none moves. */
static bool each_comes_once(struct pci_function *fn, _Atomic uint32_t *counts)
{
	uint32_t all = fn->msi.count;
	unsigned wrong = 0;

	atomic_store_explicit(&runs, 0, memory_order_relaxed);
	for (unsigned i = 0; i < all; i++)
		fn->msi.domain->send(fn->msi.descs[i]->hart, fn->msi.descs[i]->identity);
	if (!time_wait(have_run, &all, TIMEOUT_MS))
		return false;
	for (unsigned i = 0; i < all; i++)
		wrong += atomic_exchange_explicit(&counts[i], 0, memory_order_relaxed) != 1;
	return !wrong;
}

/* How many harts have vectors of the set. */
static unsigned harts_of(const struct pci_function *fn)
{
	unsigned harts = 0;

	for (unsigned hart = 0; hart < smp_count(); hart++)
		for (unsigned i = 0; i < fn->msi.count; i++)
			if (fn->msi.descs[i]->hart == hart) {
				harts++;
				break;
			}
	return harts;
}

static const struct msi_domain *domain;

static bool is_available(void *arg)
{
	return domain->available() == *(unsigned *)arg;
}

/* What is left after the first set: exactly that is granted, and not one more. */
static void exhaust(struct test_result *t, struct pci_function *fn, _Atomic uint32_t *counts)
{
	unsigned left = domain->available();

	CHECK(left && left < fn->msi.msix_count);
	CHECK_EQ(msi_query(&fn->msi, MSI_MSIX), left);
	CHECK_EQ(msi_alloc(&fn->msi, left + 1, fn->msi.msix_count, MSI_ALLOW_MSIX, NULL), -ENOSPC);
	CHECK_EQ(fn->msi.count, 0);
	CHECK_EQ(domain->available(), left);
	CHECK_EQ(take(fn, 1, fn->msi.msix_count, counts), left);
	CHECK_EQ(domain->available(), 0);
	CHECK_EQ(msi_enable(&fn->msi), 0);
	CHECK(each_comes_once(fn, counts));
	msi_free(&fn->msi);
	CHECK(time_wait(is_available, &left, TIMEOUT_MS));
	/* A set of exactly what is left fits; freed places are as good as new ones. */
	CHECK_EQ(take(fn, left, left, counts), left);
	CHECK_EQ(msi_enable(&fn->msi), 0);
	CHECK(each_comes_once(fn, counts));
	msi_free(&fn->msi);
}

static void large_set(struct test_result *t, struct pci_function *fn, struct pci_function *other,
		      _Atomic uint32_t *counts)
{
	unsigned before = domain->available();

	CHECK(before >= VECTORS);
	CHECK_EQ(take(fn, VECTORS, VECTORS, counts), VECTORS);
	CHECK_EQ(domain->available(), before - VECTORS);
	CHECK_EQ(harts_of(fn), smp_online_count());
	CHECK_EQ(msi_enable(&fn->msi), 0);
	CHECK(each_comes_once(fn, counts));
	exhaust(t, other, counts);
	if (t->failed)
		return;
	CHECK(each_comes_once(fn, counts));
	msi_free(&fn->msi);
	CHECK(time_wait(is_available, &before, TIMEOUT_MS));
}

TEST(msi, two_thousand_vectors_of_one_function)
{
	struct pci_function *fn = large_function(0), *other = large_function(1);
	size_t bytes = 2048 * sizeof(_Atomic uint32_t);
	_Atomic uint32_t *counts;

	SKIP_IF(!fn || !other, "no two functions of %u vectors", VECTORS);
	domain = fn->msi.domain;
	/* The places that the drivers had are drained. */
	ledger_settle(NULL, 0);
	counts = page_alloc(bytes, 0);
	CHECK(counts);
	large_set(t, fn, other, counts);
	page_free(counts, bytes);
	pci_probe_drivers();
	CHECK(t->failed || (fn->driver && other->driver));
}

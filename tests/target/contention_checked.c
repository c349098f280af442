// SPDX-License-Identifier: Apache-2.0
/*
 * How much harts are in each other's way (docs/msi.md M5): two allocate and free sets at once. Only
 * where harts are threads, without -icount, is there anything to count.
 */
#include <errno.h>
#include <stdio.h>

#include "drivers/pci/pci.h"
#include "flavour/contention.h"
#include "kernel/smp.h"
#include "tests/target/test.h"

#define SETS    20000 /* each hart's */
#define LARGEST 8

struct contender {
	struct pci_function *fn;
	_Atomic uint32_t *here; /* how many have come */
};

static void nothing(void *arg)
{
	(void)arg;
}

/* As msi.alloc of the benches: allocate, request, enable, free. */
static int one_set(struct pci_function *fn, unsigned n)
{
	int rc = msi_alloc(&fn->msi, n, n, MSI_ALLOW_MSIX | MSI_WAIT, NULL);

	if (rc < 0)
		return rc;
	rc = 0;
	for (unsigned i = 0; i < n && !rc; i++)
		rc = msi_request(&fn->msi, i, nothing, NULL, "test");
	if (!rc)
		rc = msi_enable(&fn->msi);
	msi_free(&fn->msi);
	return rc;
}

static int contend(void *arg)
{
	struct contender *self = arg;
	int rc = 0;

	atomic_fetch_add(self->here, 1);
	while (atomic_load(self->here) < 2)
		;
	for (unsigned i = 0; i < SETS && !rc; i++)
		rc = one_set(self->fn, 1 + i % MIN(LARGEST, self->fn->msi.msix_count));
	return rc;
}

static struct pci_function *spare_after(struct pci_function *fn)
{
	while (fn && (fn->driver || !fn->usable || !fn->msi.backend || !fn->msi.domain ||
		      !fn->msi.msix_ops || fn->msi.count))
		fn = fn->next;
	return fn;
}

TEST_BY_NAME(contention, two_harts_allocate_and_free)
{
	struct pci_function *one = spare_after(pci_first());
	struct pci_function *two = one ? spare_after(one->next) : NULL;
	_Atomic uint32_t here = 0;
	struct contender mine = { one, &here }, others = { two, &here };
	struct work work = { .fn = contend, .arg = &others };
	unsigned helper = smp_next_online(smp_index());
	uint32_t failed = contention.failed_cas, helped = contention.helped;
	int rc;

	SKIP_IF(!two, "no two MSI-X functions without driver");
	SKIP_IF(helper == smp_index(), "one hart");
	CHECK_EQ(smp_post(helper, &work), 0);
	rc = contend(&mine);
	CHECK_EQ(smp_wait(&work), 0);
	CHECK_EQ(rc, 0);
	failed = contention.failed_cas - failed;
	helped = contention.helped - helped;
	printf("contention sets=%u failed_cas=%lu helped=%lu\n", 2 * SETS, (unsigned long)failed,
	       (unsigned long)helped);
	/* A tenth of a set. */
	CHECK(10 * (failed + helped) <= 2 * SETS);
}

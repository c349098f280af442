// SPDX-License-Identifier: Apache-2.0
/* What sets of vectors cost, in instructions and in bytes (docs/performance.md). */
#include "apps/bench_set.h"

#include <errno.h>

#include "apps/bench.h"
#include "arch/bench.h"
#include "arch/cpu.h"
#include "kernel/smp.h"
#include "kernel/time.h"

#define SETS       10
#define TIMEOUT_MS 1000

struct pci_function *bench_spare_function(unsigned vectors)
{
	struct pci_function *fn = pci_first();

	while (fn &&
	       (fn->driver || !fn->msi.backend || fn->msi.count || fn->msi.msix_count < vectors))
		fn = fn->next;
	return fn;
}

int bench_take_set(struct msi_function *fn, unsigned n, const uint16_t *wish, void *arg)
{
	int rc = msi_alloc(fn, n, n, MSI_ALLOW_MSIX, wish);

	for (unsigned i = 0; i < n && rc > 0; i++) {
		int error = msi_request(fn, i, arch_bench_handler, arg, "bench");

		if (error)
			rc = error;
	}
	if (rc > 0)
		rc = msi_enable(fn);
	if (rc < 0)
		msi_free(fn);
	return rc;
}

/* --- kicks --- */

static smp_ipi_t real_kick;
static uint64_t held;

static void hold(unsigned index)
{
	held |= BIT64(index);
}

void bench_hold_kicks(void)
{
	held = 0;
	real_kick = smp_set_ipi(hold);
}

void bench_let_kicks_go(void)
{
	smp_set_ipi(real_kick);
	for (; held; held &= held - 1)
		real_kick(lowest_bit(held));
}

/* --- */

struct drain {
	const struct msi_domain *domain;
	unsigned places;
};

static bool drained(void *arg)
{
	const struct drain *drain = arg;

	return drain->domain->available() >= drain->places;
}

static int life(struct msi_function *fn, unsigned n, uint64_t *used)
{
	static uint64_t mark;
	uint64_t start = cpu_instret();
	int rc = bench_take_set(fn, n, NULL, &mark);

	if (!rc)
		msi_free(fn);
	*used = (cpu_instret() - start) / n;
	return rc;
}

static int one_set(struct msi_function *fn, unsigned n, uint64_t *used, uint64_t *drain_used)
{
	struct drain drain = { fn->domain, 0 };
	uint64_t start;
	int rc;

	/* A hypervisor's set has no drain: its end waits for the harts. */
	if (!msi_names_places(fn))
		return life(fn, n, used);
	drain.places = fn->domain->available();
	bench_hold_kicks();
	rc = life(fn, n, used);
	start = cpu_instret();
	bench_let_kicks_go();
	if (!rc && !time_wait(drained, &drain, TIMEOUT_MS))
		rc = -ETIMEDOUT;
	*drain_used = (cpu_instret() - start) / n;
	return rc;
}

static int measure(const struct bench *bench, unsigned n, const char **why)
{
	struct pci_function *fn = bench_spare_function(n);
	uint64_t used[SETS], drains[SETS];

	*why = "no function without driver with so many MSI-X vectors";
	if (!fn)
		return -ENODEV;
	*why = "too few vectors are left";
	for (unsigned i = 0; i < SETS; i++) {
		int rc = one_set(&fn->msi, n, &used[i], &drains[i]);

		if (rc)
			return rc;
	}
	bench_report(bench->name, "instructions", used, SETS, n);
	if (msi_names_places(&fn->msi))
		bench_report("msi.drain", "instructions", drains, SETS, n);
	return 0;
}

static int alloc(const struct bench *bench, const char **why)
{
	int rc = measure(bench, 1, why);

	if (!rc)
		rc = measure(bench, 64, why);
	/* Not every machine has such a function. */
	if (!rc && bench_spare_function(1000))
		rc = measure(bench, 1000, why);
	return rc;
}

/* A descriptor, its slot and its parked pointer, and what each hart adds. */
static int bytes_per_vector(const struct bench *bench, const char **why)
{
	const struct hart *hart = this_hart();
	uint64_t bytes = irq_desc_bytes() + sizeof(*hart->slots) + sizeof(*hart->parked);

	(void)why;
	bench_report(bench->name, "bytes", &bytes, 1, 0);
	return 0;
}

TABLE_ENTRY(struct bench, bench, 5, msi_alloc) = { .name = "msi.alloc", .run = alloc };
TABLE_ENTRY(struct bench, bench, 8, msi_bytes) = { .name = "msi.bytes_per_vector",
						   .run = bytes_per_vector };

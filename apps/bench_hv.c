// SPDX-License-Identifier: Apache-2.0
/* What the hypervisor spends on a call, by its own count (docs/performance.md). */
#include <errno.h>

#include "apps/bench.h"
#include "apps/bench_set.h"
#include "arch/cpu.h"
#include "arch/sbi.h"
#include "kernel/smp.h"

#define TRIALS 10

static uint64_t work(void)
{
	return (uint64_t)sbi_call(SBI_EXT_COUNTERS, SBI_COUNTERS_READ, this_hart()->hart_id,
				  SBI_COUNTER_MSI_WORK, 0)
		.value;
}

/* A set of n and its end, whose share is a few registers. */
static int measure(const struct bench *bench, unsigned n, const char **why)
{
	struct pci_function *fn = bench_spare_function(n);
	uint64_t samples[TRIALS], before;

	*why = "no function without driver with so many MSI-X vectors";
	if (!fn)
		return -ENODEV;
	*why = "too few vectors are left";
	for (unsigned i = 0; i < TRIALS; i++) {
		int granted;

		before = work();
		granted = msi_alloc(&fn->msi, n, n, MSI_ALLOW_MSIX | MSI_WAIT, NULL);
		samples[i] = work() - before;
		if (granted < 0)
			return granted;
		msi_free(&fn->msi);
	}
	bench_report(bench->name, "instructions", samples, TRIALS, n);
	return 0;
}

static int change(const struct bench *bench, const char **why)
{
	int rc;

	*why = "no hypervisor that counts";
	if (!sbi_has(SBI_EXT_COUNTERS))
		return -ENODEV;
	rc = measure(bench, 1, why);
	if (!rc)
		rc = measure(bench, 16, why);
	return rc ? rc : measure(bench, 64, why);
}

/* The way to the hypervisor and back. */
static int empty_call(const struct bench *bench, const char **why)
{
	uint64_t samples[TRIALS];

	*why = "no hypervisor that counts";
	if (!sbi_has(SBI_EXT_COUNTERS))
		return -ENODEV;
	for (unsigned i = 0; i < TRIALS; i++) {
		uint64_t start = cpu_instret();

		sbi_call(SBI_EXT_COUNTERS, SBI_COUNTERS_NUMBER, 0, 0, 0);
		samples[i] = cpu_instret() - start;
	}
	bench_report(bench->name, "instructions", samples, TRIALS, 0);
	return 0;
}

TABLE_ENTRY(struct bench, bench, 9, hv_call) = { .name = "hv.call", .run = empty_call };
TABLE_ENTRY(struct bench, bench, 9, hv_change) = { .name = "hv.change", .run = change };

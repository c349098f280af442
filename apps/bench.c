// SPDX-License-Identifier: Apache-2.0
#include "apps/bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "apps/command.h"
#include "drivers/pci/pci.h"
#include "kernel/lib/glob.h"
#include "kernel/lib/panic.h"
#include "platform/platform.h"

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Nearest rank: the smallest sample that percent of all do not exceed. */
static unsigned long long percentile(const uint64_t *sorted, unsigned n, unsigned percent)
{
	return sorted[((unsigned long long)n * percent + 99) / 100 - 1];
}

static const char *backend_name(void)
{
	for (const struct pci_function *fn = pci_first(); fn; fn = fn->next)
		if (fn->msi.backend)
			return fn->msi.backend->name;
	return "none";
}

void bench_report(const char *name, const char *unit, uint64_t *samples, unsigned n,
		  unsigned nr_vectors)
{
	assert(n);
	qsort(samples, n, sizeof(*samples), compare);
	printf("{\"type\":\"bench\",\"name\":\"%s\",\"unit\":\"%s\",\"n\":%u,", name, unit, n);
	if (nr_vectors)
		printf("\"n_vectors\":%u,", nr_vectors);
	printf("\"min\":%llu,\"p50\":%llu,\"p90\":%llu,\"p99\":%llu,\"max\":%llu,"
	       "\"platform\":\"%s\",\"backend\":\"%s\"}\n",
	       (unsigned long long)samples[0], percentile(samples, n, 50),
	       percentile(samples, n, 90), percentile(samples, n, 99),
	       (unsigned long long)samples[n - 1], platform_name(), backend_name());
	fflush(stdout);
}

static bool wanted(const struct bench *bench, int nr_patterns, char **patterns)
{
	for (int i = 0; i < nr_patterns; i++)
		if (glob_match(patterns[i], bench->name))
			return true;
	return !nr_patterns;
}

static bool exists(char *pattern)
{
	const struct bench *bench;

	for_each_table_entry(bench, bench)
		if (wanted(bench, 1, &pattern))
			return true;
	return false;
}

int bench_run(int nr_patterns, char **patterns)
{
	const struct bench *bench;
	unsigned ran = 0;

	for_each_table_entry(bench, bench) {
		const char *why = "no reason given";

		if (!wanted(bench, nr_patterns, patterns))
			continue;
		if (bench->run(bench, &why))
			printf("bench: %s is not measured: %s\n", bench->name, why);
		else
			ran++;
	}
	return ran ? 0 : -1;
}

static int run(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!exists(argv[i]))
			return command_error("bench: there is no bench %s", argv[i]);
	if (bench_run(argc - 1, argv + 1))
		return command_error("bench: nothing was measured");
	return 0;
}

TABLE_ENTRY(struct command, command, 5, bench) = {
	.name = "bench",
	.usage = "[NAME...]",
	.help = "benchmarks, JSON lines",
	.run = run,
};

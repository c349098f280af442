/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

#include "kernel/lib/table.h"

/*
 * Benchmarks: each prints JSON lines (docs/performance.md) of guest instructions;
 * exact under QEMU -icount shift=0,sleep=off.
 */
struct bench {
	const char *name; /* "msi.to_handler" */
	/* 0, or -errno with *why set: not measurable here, said on a line of its own. */
	int (*run)(const struct bench *bench, const char **why);
};
TABLE_DECLARE(struct bench, bench);

/* Sorts the samples (changes the order) and prints one line; nr_vectors 0: not in the line. */
void bench_report(const char *name, const char *unit, uint64_t *samples, unsigned n,
		  unsigned nr_vectors);

/* Runs what matches any pattern, or all. 0, or -1 when nothing ran. */
int bench_run(int nr_patterns, char **patterns);

// SPDX-License-Identifier: Apache-2.0
/* newlib on all harts at once: the heap, number conversion with its freelist, errno and stdio. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/smp.h"
#include "tests/target/test.h"

#define ROUNDS 200
#define BLOCKS 8

#define TEXT_BYTES 32

enum fault { NO_FAULT, HEAP_FAULT, CONVERSION_FAULT, ERRNO_FAULT };

struct worker {
	struct work work;
	unsigned index;
	bool posted;
	char texts[ROUNDS][TEXT_BYTES]; /* what convert() gives while nobody else works */
};

/* Blocks of sizes that differ, each filled with a byte that nobody else writes. */
static bool heap_is_sound(unsigned seed)
{
	unsigned char *blocks[BLOCKS];
	size_t sizes[BLOCKS];
	bool sound = true;

	for (unsigned i = 0; i < BLOCKS; i++) {
		sizes[i] = 1 + (seed * 37 + i * 101) % 3000;
		blocks[i] = malloc(sizes[i]);
		if (blocks[i])
			memset(blocks[i], (int)(seed + i), sizes[i]);
	}
	for (unsigned i = 0; i < BLOCKS; i++) {
		sound &= blocks[i] != NULL;
		for (size_t at = 0; blocks[i] && at < sizes[i]; at++)
			sound &= blocks[i][at] == (unsigned char)(seed + i);
		free(blocks[i]);
	}
	return sound;
}

/* Big numbers of several words go back and forth on the freelist of the hart's reent. */
static void convert(unsigned seed, char *text)
{
	snprintf(text, TEXT_BYTES, "%.17g", (1.0 + seed) / 7.0 * 1e100);
}

static bool conversion_is_exact(unsigned seed, const char *want)
{
	char text[TEXT_BYTES];

	convert(seed, text);
	return !strcmp(text, want);
}

static bool errno_is_own(unsigned hart, unsigned round)
{
	if ((hart + round) % 2) {
		errno = 0;
		strtoul("99999999999999999999", NULL, 10);
		return errno == ERANGE;
	}
	errno = (int)(1000 + hart);
	free(malloc(16));
	return errno == (int)(1000 + hart);
}

static int work(void *arg)
{
	const struct worker *worker = arg;

	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned seed = worker->index * ROUNDS + round;

		if (!heap_is_sound(seed))
			return HEAP_FAULT;
		if (!conversion_is_exact(seed, worker->texts[round]))
			return CONVERSION_FAULT;
		if (!errno_is_own(worker->index, round))
			return ERRNO_FAULT;
	}
	return NO_FAULT;
}

TEST(libc, all_harts_at_once)
{
	unsigned harts = smp_count(), faults = 0, first_fault = 0;
	struct worker *workers = calloc(harts, sizeof(*workers));
	int own;

	CHECK(workers);
	for (unsigned i = 0; i < harts; i++)
		for (unsigned round = 0; round < ROUNDS; round++)
			convert(i * ROUNDS + round, workers[i].texts[round]);
	for (unsigned i = 0; i < harts; i++) {
		workers[i].index = i;
		workers[i].work.fn = work;
		workers[i].work.arg = &workers[i];
		workers[i].posted = i != smp_index() && !smp_post(i, &workers[i].work);
	}
	own = work(&workers[smp_index()]);
	for (unsigned i = 0; i < harts; i++) {
		int result = workers[i].posted ? smp_wait(&workers[i].work) : NO_FAULT;

		if (i == smp_index())
			result = own;
		faults += result != NO_FAULT;
		first_fault = first_fault ? first_fault : (unsigned)result;
	}
	free(workers);
	CHECK_EQ(first_fault, NO_FAULT);
	CHECK_EQ(faults, 0);
}

TEST(libc, printf_is_newlibs)
{
	char text[64];

	snprintf(text, sizeof(text), "%.17g %5d|%-5s|%llx", 0.1, -42, "ab", 0x123456789abcull);
	CHECK(!strcmp(text, "0.10000000000000001   -42|ab   |123456789abc"));
	snprintf(text, sizeof(text), "%.17g %.3e %zu", 4.0 / 7.0 * 1e100, -1e-300, (size_t)-1);
	CHECK(!strcmp(text, "5.7142857142857142e+99 -1.000e-300 18446744073709551615"));
}

TEST(libc, memory_runs_out_with_an_error)
{
	volatile size_t huge = (size_t)1 << 40;
	void *block;

	errno = 0;
	block = malloc(huge);
	CHECK(!block);
	CHECK_EQ(errno, ENOMEM);
}

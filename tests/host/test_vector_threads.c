// SPDX-License-Identifier: Apache-2.0
// SOURCES:
// SANITIZE: thread
/* The vector space with several harts at work, under ThreadSanitizer. */
#include "tests/host/jitter.h"

#include "kernel/vector.c"
#include "kernel/vector_file.c"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tests/host/cmocka_test.h"

#define MAX_FILES   64
#define MAX_THREADS 8
#define MAX_SET     512

static struct vector_file files[MAX_FILES];
static struct vector_space space;
static _Atomic unsigned holder[MAX_FILES][VECTOR_MAX_ID + 1];
/* Not atomic: only the holder touches it, so ThreadSanitizer sees a release that misses the next claim. */
static unsigned diary[MAX_FILES][VECTOR_MAX_ID + 1];
static _Atomic unsigned errors, taken_in_all, refused;
static unsigned nr_threads, nr_rounds, set_limit;

static void open_files(unsigned nr, unsigned max_id)
{
	memset(files, 0, sizeof(files));
	vector_space_init(&space, files, nr);
	for (unsigned i = 0; i < nr; i++)
		vector_file_open(&space, i, 1, max_id);
	errors = taken_in_all = 0;
}

static void check_balance(unsigned total)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < space.nr_files; i++) {
		unsigned bits = 0;

		for (unsigned w = 0; w < VECTOR_WORDS; w++)
			bits += (unsigned)__builtin_popcountll(files[i].free[w]);
		assert_int_equal(bits, files[i].credit);
		sum += bits;
	}
	assert_int_equal(sum, total);
	assert_true(space.credit == total);
}

/* cmocka's asserts belong to the thread of main(). */
static void expect(bool ok)
{
	if (!ok)
		atomic_fetch_add(&errors, 1);
}

static void hold(const struct vector_place *p, int n, unsigned self)
{
	for (int i = 0; i < n; i++) {
		expect(!__atomic_exchange_n(&holder[p[i].hart][p[i].identity], self,
					    __ATOMIC_RELAXED));
		diary[p[i].hart][p[i].identity] += self;
	}
	__atomic_fetch_add(&taken_in_all, (unsigned)n, __ATOMIC_RELAXED);
}

static void let_go(const struct vector_place *p, int n, unsigned self)
{
	for (int i = 0; i < n; i++) {
		diary[p[i].hart][p[i].identity] -= self;
		expect(__atomic_exchange_n(&holder[p[i].hart][p[i].identity], 0,
					   __ATOMIC_RELAXED) == self);
		vector_release(&space, &p[i]);
	}
}

static void run(unsigned threads, void *(*fn)(void *))
{
	pthread_t t[MAX_THREADS];

	nr_threads = threads;
	for (unsigned i = 0; i < threads; i++)
		assert_int_equal(pthread_create(&t[i], NULL, fn, (void *)(uintptr_t)(i + 1)), 0);
	for (unsigned i = 0; i < threads; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(errors, 0);
}

/* All threads arrive before one goes on. */
static void meet(void)
{
	static _Atomic unsigned arrived, turn;
	unsigned now = turn;

	if (atomic_fetch_add(&arrived, 1) + 1 == nr_threads) {
		arrived = 0;
		turn = now + 1;
	}
	while (turn == now)
		sched_yield();
}

static int claim_some(struct vector_place *p)
{
	unsigned max = 1 + jitter_random() % set_limit, min = 1 + jitter_random() % max;
	uint16_t wish[MAX_SET];

	for (unsigned i = 0; i < max; i++)
		wish[i] = (uint16_t)(jitter_random() % (space.nr_files + 1));
	return vector_claim(&space, min, max, jitter_random() & 1 ? wish : NULL, p);
}

static int claim_block(struct vector_place *p)
{
	unsigned n = 1u << jitter_random() % 6;
	unsigned hart = jitter_random() & 1 ? VECTOR_NO_HART : jitter_random() % space.nr_files;
	int rc = vector_claim_block(&space, n, hart, p);

	for (int i = 1; i < rc; i++)
		p[i] = (struct vector_place){ p[0].hart, (uint16_t)(p[0].identity + i) };
	return rc;
}

/* Keeps up to four sets, of random sizes, some of them blocks; shortage is the rule. */
static void *random_sets(void *arg)
{
	unsigned self = (unsigned)(uintptr_t)arg;
	struct vector_place sets[4][MAX_SET];
	int n[4] = { 0, 0, 0, 0 };

	jitter_state = self * 2654435761u;
	for (unsigned round = 0; round < nr_rounds; round++) {
		unsigned s = jitter_random() % 4;

		let_go(sets[s], n[s], self);
		n[s] = jitter_random() % 4 ? claim_some(sets[s]) : claim_block(sets[s]);
		expect(n[s] > 0 || n[s] == -ENOSPC || n[s] == -EAGAIN);
		refused += n[s] < 0;
		n[s] = MAX(n[s], 0);
		hold(sets[s], n[s], self);
	}
	for (unsigned s = 0; s < 4; s++)
		let_go(sets[s], n[s], self);
	return NULL;
}

static void no_identity_twice(void **state)
{
	static const struct {
		unsigned files, max_id, threads, limit, rounds;
	} sizes[] = {
		{ 1, 63, 4, 64, 16000 },  { 2, 63, 4, 64, 16000 },  { 5, 63, 4, 64, 10000 },
		{ 64, 63, 8, 512, 600 },  { 1, 255, 4, 64, 8000 },  { 4, 255, 4, 64, 8000 },
		{ 16, 255, 8, 256, 800 }, { 64, 255, 8, 64, 600 },  { 1, 2047, 4, 256, 1500 },
		{ 4, 2047, 4, 64, 4000 }, { 9, 2047, 4, 512, 600 }, { 64, 2047, 8, 64, 600 },
	};
	unsigned taken = 0;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		unsigned total = sizes[i].files * sizes[i].max_id;

		nr_rounds = sizes[i].rounds;
		set_limit = sizes[i].limit;
		jitter_every = i % 2 ? 64 : 0;
		open_files(sizes[i].files, sizes[i].max_id);
		run(sizes[i].threads, random_sets);
		check_balance(total);
		taken += taken_in_all;
	}
	print_message("%u identities taken, %u sets refused\n", taken, refused);
	assert_true(taken > 3000000 && refused > 10000);
}

/* Sets that all fit together: none is ever refused, whatever the others are doing. */
static void *always_fits(void *arg)
{
	unsigned self = (unsigned)(uintptr_t)arg, room = 63 * space.nr_files / nr_threads;
	struct vector_place p[MAX_SET];

	jitter_state = self * 2654435761u;
	for (unsigned round = 0; round < nr_rounds; round++) {
		unsigned n = 1 + jitter_random() % MIN(room, 64);

		expect(vector_claim(&space, n, n, NULL, p) == (int)n);
		hold(p, (int)n, self);
		let_go(p, (int)n, self);
	}
	return NULL;
}

static void what_fits_is_never_refused(void **state)
{
	(void)state;
	nr_rounds = 10000;
	for (unsigned nr = 1; nr <= 4; nr++) {
		jitter_every = 32;
		open_files(nr, 63);
		run(3, always_fits);
		check_balance(63 * nr);
	}
}

static _Atomic unsigned winners;

/* Everyone wants more than half: each time exactly one gets it, never none. */
static void *wants_most(void *arg)
{
	unsigned self = (unsigned)(uintptr_t)arg, total = 20 * space.nr_files;
	unsigned n = total / 2 + 1;
	struct vector_place p[MAX_SET];

	jitter_state = self * 2654435761u;
	for (unsigned round = 0; round < nr_rounds; round++) {
		int rc;

		meet();
		rc = vector_claim(&space, n, n, NULL, p);
		if (rc > 0)
			winners++;
		expect(rc == (int)n || rc == -ENOSPC);
		meet();
		expect(winners == 1);
		meet();
		if (rc > 0) {
			winners = 0;
			hold(p, rc, self);
			let_go(p, rc, self);
		}
	}
	return NULL;
}

static void two_sets_in_flight(void **state)
{
	(void)state;
	nr_rounds = 10000;
	for (unsigned nr = 1; nr <= 3; nr++) {
		jitter_every = nr == 2 ? 0 : 8;
		winners = 0;
		open_files(nr, 20);
		run(2, wants_most);
		check_balance(20 * nr);
	}
}

/* One thread wants blocks, the others sets that mostly leave room for them. */
static void *beside_blocks(void *arg)
{
	unsigned self = (unsigned)(uintptr_t)arg;
	struct vector_place p[MAX_SET];

	jitter_state = self * 2654435761u;
	for (unsigned round = 0; round < nr_rounds; round++) {
		int rc;

		if (self == 1) {
			rc = claim_block(p);
			expect(rc > 0 || rc == -EAGAIN || rc == -ENOSPC);
		} else {
			/* Of 63, a block of 32 and the other's 20 leave 11. */
			unsigned n = 1 + jitter_random() % 20;

			rc = vector_claim(&space, n, n, NULL, p);
			expect(rc == (int)n || (n > 11 && (rc == -EAGAIN || rc == -ENOSPC)));
		}
		if (rc > 0) {
			hold(p, rc, self);
			let_go(p, rc, self);
		}
	}
	return NULL;
}

static void blocks_in_flight(void **state)
{
	(void)state;
	nr_rounds = 30000;
	jitter_every = 16;
	open_files(1, 63);
	run(3, beside_blocks);
	check_balance(63);
}

/* Harts come up one after the other while others already claim. */
static void *comes_up(void *arg)
{
	unsigned self = (unsigned)(uintptr_t)arg;
	struct vector_place p[MAX_SET];

	jitter_state = self * 2654435761u;
	vector_file_open(&space, self - 1, 1, 127);
	for (unsigned round = 0; round < nr_rounds; round++) {
		int rc = round % 2 ? claim_some(p) : claim_block(p);

		/* A hart that isn't up yet has nothing; the own file alone has enough for this one. */
		hold(p, MAX(rc, 0), self);
		let_go(p, MAX(rc, 0), self);
	}
	return NULL;
}

#define OPENERS 4

static void files_open_while_others_claim(void **state)
{
	(void)state;
	nr_rounds = 20;
	set_limit = 20;
	jitter_every = 4;
	for (unsigned i = 0; i < 200; i++) {
		memset(files, 0, sizeof(files));
		vector_space_init(&space, files, OPENERS);
		errors = 0;
		run(OPENERS, comes_up);
		check_balance(127 * OPENERS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_identity_twice),
		cmocka_unit_test(what_fits_is_never_refused),
		cmocka_unit_test(two_sets_in_flight),
		cmocka_unit_test(blocks_in_flight),
		cmocka_unit_test(files_open_while_others_claim),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

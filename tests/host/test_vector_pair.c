// SPDX-License-Identifier: Apache-2.0
// SOURCES: kernel/vector_file.c
// SANITIZE: thread
/* Places of one number on two harts (docs/msi.md M8), alone and with several harts at work. */
#include "tests/host/jitter.h"

#include "kernel/vector.c"
#include "kernel/vector_pair.c"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tests/host/cmocka_test.h"

#define FILES   4
#define THREADS 4

static struct vector_file files[FILES];
static struct vector_space space;
static _Atomic unsigned holder[FILES][VECTOR_MAX_ID + 1];
/* Not atomic: only the holder touches it, so ThreadSanitizer sees a release that misses the next claim. */
static unsigned diary[FILES][VECTOR_MAX_ID + 1];
static _Atomic unsigned errors, pairs, lost;
static unsigned limit, nr_rounds;

static void open_files(unsigned nr, unsigned max_id)
{
	memset(files, 0, sizeof(files));
	vector_space_init(&space, files, nr);
	for (unsigned i = 0; i < nr; i++)
		vector_file_open(&space, i, 1, max_id);
	limit = max_id;
	errors = pairs = lost = 0;
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

static void take_one(unsigned hart, unsigned identity)
{
	files[hart].free[identity / 64] &= ~BIT64(identity % 64);
	files[hart].credit--;
	space.credit--;
}

static void same_number_on_both(void **state)
{
	unsigned identity = 0;

	(void)state;
	open_files(2, 63);
	for (unsigned n = 1; n <= 32; n *= 2) {
		identity = 0;
		assert_int_equal(vector_claim_pair(&space, n, 1, 0, &identity), n);
		assert_int_equal(identity % n, 0);
		for (unsigned i = identity; i < identity + n; i++)
			for (unsigned hart = 0; hart < 2; hart++) {
				assert_false(files[hart].free[0] & BIT64(i));
				vector_release(&space, &(struct vector_place){ hart, i });
			}
		check_balance(126);
	}
}

/* Numbers that are held at one hart and free at the other need no others. */
static void the_numbers_held(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= 16; n *= 2) {
		struct vector_place place;
		unsigned identity;

		open_files(2, 63);
		assert_int_equal(vector_claim_block(&space, n, 0, &place), n);
		identity = place.identity;
		assert_int_equal(vector_claim_pair(&space, n, 0, 1, &identity), n);
		assert_int_equal(identity, place.identity);
		check_balance(126 - 2 * n);
		/* One of them is not free there. */
		vector_release(&space, &(struct vector_place){ 1, (uint16_t)identity });
		assert_int_equal(vector_claim_pair(&space, n, 0, 1, &identity), n);
		assert_int_equal(identity == place.identity, n == 1);
	}
}

static void none_in_common(void **state)
{
	unsigned identity = 0;

	(void)state;
	open_files(3, 63);
	for (unsigned i = 1; i <= 63; i++)
		take_one(i & 1, i);
	check_balance(126);
	assert_int_equal(vector_claim_pair(&space, 1, 0, 1, &identity), -ENOSPC);
	assert_int_equal(vector_claim_pair(&space, 1, 0, 2, &identity), 1);
	assert_int_equal(identity, 1);
	identity = 0;
	assert_int_equal(vector_claim_pair(&space, 2, 0, 2, &identity), -ENOSPC);
	check_balance(124);
}

/* Files of two sizes, and the only common number the last. */
static void sizes_and_edges(void **state)
{
	static const unsigned sizes[] = { 63, 64, 255, 2047 };
	unsigned identity = 0;

	(void)state;
	for (unsigned s = 0; s < ARRAY_SIZE(sizes); s++) {
		open_files(1, sizes[s]);
		space.nr_files = 2;
		vector_file_open(&space, 1, 1, 2047);
		for (unsigned i = 1; i < sizes[s]; i++)
			take_one(1, i);
		identity = 0;
		assert_int_equal(vector_claim_pair(&space, 1, 1, 0, &identity), 1);
		assert_int_equal(identity, sizes[s]);
		identity = 0;
		assert_int_equal(vector_claim_pair(&space, 1, 0, 1, &identity), -ENOSPC);
		check_balance(sizes[s] - 1 + 2047 - sizes[s]);
	}
}

/* A bit is free, but its credit is promised to a set that is about to take it. */
static void promised_is_not_there(void **state)
{
	unsigned identity = 0;

	(void)state;
	open_files(2, 1);
	files[1].credit = 0;
	assert_int_equal(vector_claim_pair(&space, 1, 0, 1, &identity), -ENOSPC);
	files[1].credit = 1;
	space.credit = 1;
	assert_int_equal(vector_claim_pair(&space, 1, 0, 1, &identity), -ENOSPC);
	/* held by a block claim, which may give it back */
	space.credit = 1 + HELD(1);
	assert_int_equal(vector_claim_pair(&space, 1, 0, 1, &identity), -EAGAIN);
	space.credit = 2;
	check_balance(2);
}

/* The hart goes: its vector takes from what the file keeps, and it comes back there. */
static void from_a_closed_file(void **state)
{
	unsigned identity = 4;

	(void)state;
	open_files(2, 15);
	for (unsigned i = 4; i < 6; i++)
		take_one(0, i);
	take_one(1, 4);
	vector_file_close(&space, 0);
	assert_int_equal(vector_claim_pair(&space, 2, 0, 1, &identity), 2);
	assert_int_equal(identity, 2);
	for (unsigned i = 2; i < 4; i++)
		for (unsigned hart = 0; hart < 2; hart++)
			vector_release(&space,
				       &(struct vector_place){ (uint16_t)hart, (uint16_t)i });
	/* None for it: what was kept is kept. */
	identity = 0;
	take_one(1, 2);
	take_one(1, 9);
	take_one(1, 12);
	assert_int_equal(vector_claim_pair(&space, 4, 0, 1, &identity), -ENOSPC);
	for (unsigned i = 4; i < 6; i++)
		vector_release(&space, &(struct vector_place){ 0, (uint16_t)i });
	assert_true(vector_file_empty(&space, 0));
	vector_file_reopen(&space, 0);
	check_balance(30 - 4);
}

/* --- threads --- */

/* cmocka's asserts belong to the thread of main(). */
static void expect(bool ok)
{
	if (!ok)
		atomic_fetch_add(&errors, 1);
}

static void hold(unsigned hart, unsigned first, unsigned n, unsigned self)
{
	for (unsigned i = first; i < first + n; i++) {
		expect(i && i <= limit);
		expect(!__atomic_exchange_n(&holder[hart][i], self, __ATOMIC_RELAXED));
		diary[hart][i] += self;
	}
}

static void let_go(unsigned hart, unsigned first, unsigned n, unsigned self)
{
	for (unsigned i = first; i < first + n; i++) {
		diary[hart][i] -= self;
		expect(__atomic_exchange_n(&holder[hart][i], 0, __ATOMIC_RELAXED) == self);
		vector_release(&space, &(struct vector_place){ (uint16_t)hart, (uint16_t)i });
	}
}

static void one_pair(unsigned self)
{
	unsigned n = 1u << jitter_random() % 4, a = jitter_random() % FILES;
	unsigned b = (a + 1 + jitter_random() % (FILES - 1)) % FILES, identity;
	struct vector_place place;
	int rc;

	if (vector_claim_block(&space, n, a, &place) < 0)
		return;
	hold(a, place.identity, n, self);
	identity = place.identity;
	rc = vector_claim_pair(&space, n, a, b, &identity);
	if (rc < 0) {
		expect(rc == -ENOSPC || rc == -EAGAIN);
		atomic_fetch_add(&lost, rc == -EAGAIN);
	} else {
		expect(rc == (int)n && identity % n == 0);
		if (identity != place.identity)
			hold(a, identity, n, self);
		hold(b, identity, n, self);
		atomic_fetch_add(&pairs, identity != place.identity);
		jitter();
		let_go(b, identity, n, self);
		if (identity != place.identity)
			let_go(a, identity, n, self);
	}
	let_go(a, place.identity, n, self);
}

static void one_set(unsigned self)
{
	unsigned max = 1 + jitter_random() % 8;
	struct vector_place places[8];
	int n = vector_claim(&space, 1, max, NULL, places);

	for (int i = 0; i < n; i++)
		hold(places[i].hart, places[i].identity, 1, self);
	jitter();
	for (int i = 0; i < n; i++)
		let_go(places[i].hart, places[i].identity, 1, self);
}

static void one_block(unsigned self)
{
	unsigned n = 1u << jitter_random() % 4;
	struct vector_place place;

	if (vector_claim_block(&space, n, jitter_random() % FILES, &place) < 0)
		return;
	hold(place.hart, place.identity, n, self);
	jitter();
	let_go(place.hart, place.identity, n, self);
}

static void *claimer(void *arg)
{
	unsigned self = (unsigned)(uintptr_t)arg;

	jitter_state = 77 * self;
	for (unsigned i = 0; i < nr_rounds; i++) {
		if (self == 1 && i % 16 == 0)
			vector_file_close(&space, 0);
		if (self == 1 && i % 16 == 12)
			vector_file_reopen(&space, 0);
		if (i % 4 == 3)
			one_set(self);
		else if (i % 8 == 2)
			one_block(self);
		else
			one_pair(self);
	}
	return NULL;
}

static void all_kinds_at_once(void **state)
{
	static const unsigned sizes[] = { 15, 63, 255 };
	pthread_t threads[THREADS];

	(void)state;
	nr_rounds = 20000;
	for (unsigned s = 0; s < ARRAY_SIZE(sizes); s++) {
		open_files(FILES, sizes[s]);
		jitter_every = 8u << s;
		for (uintptr_t i = 0; i < THREADS; i++)
			pthread_create(&threads[i], NULL, claimer, (void *)(i + 1));
		for (unsigned i = 0; i < THREADS; i++)
			pthread_join(threads[i], NULL);
		jitter_every = 0;
		/* What came back while it was open again, and a loser gave to the file while it was closed. */
		vector_file_close(&space, 0);
		vector_file_reopen(&space, 0);
		assert_int_equal(errors, 0);
		assert_true(pairs > 100);
		check_balance(FILES * sizes[s]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_number_on_both),   cmocka_unit_test(the_numbers_held),
		cmocka_unit_test(none_in_common),        cmocka_unit_test(sizes_and_edges),
		cmocka_unit_test(promised_is_not_there), cmocka_unit_test(from_a_closed_file),
		cmocka_unit_test(all_kinds_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

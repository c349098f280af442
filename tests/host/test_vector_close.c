// SPDX-License-Identifier: Apache-2.0
// SOURCES:
// SANITIZE: thread
/*
 * Files that close and open while others claim, under ThreadSanitizer: a closer does as
 * kernel/hart_off.c, and moves off what it finds until the file is empty. No vector
 * may sit on a file that was found empty, and no identity may be lost.
 */
#include "tests/host/jitter.h"

#include "kernel/vector.c"
#include "kernel/vector_file.c"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tests/host/cmocka_test.h"

#define FILES   3
#define MAX_ID  63
#define MAX_SET 24
#define HELPERS 3

static struct vector_file files[FILES];
static struct vector_space space;
/* By identity: the vector's number, 0: nobody. A claim publishes here, as in hart->slots. */
static _Atomic unsigned slots[FILES][MAX_ID + 1];
static _Atomic unsigned away[FILES]; /* the file was found empty, and is closed */
static _Atomic unsigned errors, closings, moves;
static _Atomic bool stopping;
static unsigned nr_rounds, files_in_use;
static bool only_quick;

static void expect(bool ok)
{
	if (!ok)
		atomic_fetch_add(&errors, 1);
}

static unsigned get_slot(const struct vector_place *p)
{
	return __atomic_load_n(&slots[p->hart][p->identity], __ATOMIC_ACQUIRE);
}

static void publish(const struct vector_place *p, unsigned self)
{
	expect(!away[p->hart]);
	jitter();
	expect(!__atomic_exchange_n(&slots[p->hart][p->identity], self, __ATOMIC_ACQ_REL));
}

/* Who takes the slot from the vector gives the place back: its owner, or the closer that moves it. */
static void leave(const struct vector_place *p, unsigned self)
{
	if (__atomic_compare_exchange_n(&slots[p->hart][p->identity], &(unsigned){ self }, 0, false,
					__ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		vector_release(&space, p);
}

static void *claims(void *arg)
{
	unsigned self = (unsigned)(uintptr_t)arg;
	struct vector_place p[MAX_SET];

	jitter_state = self * 2654435761u;
	while (!stopping) {
		unsigned n = 1 + jitter_random() % MAX_SET;
		int rc = vector_claim(&space, 1, n, NULL, p);

		expect(rc > 0 || rc == -ENOSPC || rc == -EAGAIN);
		for (int i = 0; i < rc; i++)
			publish(&p[i], self);
		for (int i = 0; i < rc; i++)
			leave(&p[i], self);
	}
	return NULL;
}

/* The look of the closer: each vector leaves, which here is all that a move is. */
static void move_all(unsigned hart)
{
	for (unsigned id = 1; id <= MAX_ID; id++) {
		struct vector_place p = { .hart = (uint16_t)hart, .identity = (uint16_t)id };
		unsigned who = get_slot(&p);

		if (who) {
			leave(&p, who);
			moves++;
		}
	}
}

static void close_and_open(unsigned hart, bool to_the_end)
{
	vector_file_close(&space, hart);
	do {
		move_all(hart);
		vector_file_collect(&space, hart);
		sched_yield();
	} while (to_the_end && !vector_file_empty(&space, hart));
	if (to_the_end) {
		away[hart] = 1;
		for (unsigned i = 0; i < 20; i++) {
			for (unsigned id = 1; id <= MAX_ID; id++)
				expect(!slots[hart][id]);
			sched_yield();
		}
		closings++;
		away[hart] = 0;
	}
	vector_file_reopen(&space, hart);
}

static void *closes(void *arg)
{
	(void)arg;
	jitter_state = 99;
	for (unsigned round = 0; round < nr_rounds; round++)
		close_and_open(jitter_random() % files_in_use, !only_quick && jitter_random() % 4);
	stopping = true;
	return NULL;
}

static void check_balance(void)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < space.nr_files; i++) {
		unsigned bits = 0;

		for (unsigned w = 0; w < VECTOR_WORDS; w++)
			bits += (unsigned)__builtin_popcountll(files[i].free[w]);
		assert_int_equal(bits, MAX_ID);
		assert_int_equal(files[i].kept, 0);
		assert_int_equal(files[i].credit, MAX_ID);
		sum += bits;
	}
	assert_true(space.credit == sum);
}

static void run(unsigned nr_files)
{
	pthread_t t[HELPERS + 1];

	stopping = false;
	files_in_use = nr_files;
	memset(files, 0, sizeof(files));
	vector_space_init(&space, files, nr_files);
	for (unsigned i = 0; i < nr_files; i++)
		vector_file_open(&space, i, 1, MAX_ID);
	assert_int_equal(pthread_create(&t[HELPERS], NULL, closes, NULL), 0);
	for (uintptr_t i = 0; i < HELPERS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, claims, (void *)(i + 1)), 0);
	for (unsigned i = 0; i <= HELPERS; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(errors, 0);
	check_balance();
}

static void files_close_while_others_claim(void **state)
{
	(void)state;
	nr_rounds = 200;
	only_quick = false;
	for (jitter_every = 1; jitter_every <= 64; jitter_every *= 8)
		run(FILES);
	print_message("%u files closed, %u vectors moved off\n", closings, moves);
	assert_true(closings > nr_rounds && moves);
}

/* The last of many comes after the reopen: what it gives back is not kept. */
static void file_opens_while_others_release(void **state)
{
	(void)state;
	nr_rounds = 4;
	only_quick = true;
	jitter_every = 2;
	for (unsigned i = 0; i < 300; i++)
		run(1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_close_while_others_claim),
		cmocka_unit_test(file_opens_while_others_release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

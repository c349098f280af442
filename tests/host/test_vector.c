// SPDX-License-Identifier: Apache-2.0
// SOURCES: kernel/vector.c kernel/vector_file.c
/* The vector space with one hart at work: exact numbers. */
#include "kernel/vector.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/lib/bits.h"
#include "tests/host/cmocka_test.h"

#define MAX_FILES 64

/* Exactly as many as there are: AddressSanitizer guards the end. */
static struct vector_file *files;
static struct vector_space space;
static struct vector_place places[MAX_FILES * VECTOR_MAX_ID];
static bool held[MAX_FILES][VECTOR_MAX_ID + 1];

static void make_space(unsigned nr)
{
	free(files);
	files = calloc(nr, sizeof(*files));
	memset(held, 0, sizeof(held));
	vector_space_init(&space, files, nr);
}

static void open_files(unsigned nr, unsigned first, unsigned max_id)
{
	make_space(nr);
	for (unsigned i = 0; i < nr; i++)
		vector_file_open(&space, i, first, max_id);
}

/* Notes the places as held; none may be held already or lie outside first .. max_id. */
static void hold(const struct vector_place *p, unsigned n, unsigned first, unsigned max_id)
{
	for (unsigned i = 0; i < n; i++) {
		assert_in_range(p[i].hart, 0, space.nr_files - 1);
		assert_in_range(p[i].identity, first, max_id);
		assert_false(held[p[i].hart][p[i].identity]);
		held[p[i].hart][p[i].identity] = true;
	}
}

static void release(const struct vector_place *p, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		held[p[i].hart][p[i].identity] = false;
		vector_release(&space, &p[i]);
	}
}

/* At rest: credits equal bits, file by file and in sum. */
static void check_balance(void)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < space.nr_files; i++) {
		unsigned bits = 0;

		for (unsigned w = 0; w < VECTOR_WORDS; w++)
			bits += (unsigned)__builtin_popcountll(files[i].free[w]);
		assert_int_equal(bits, files[i].credit);
		sum += bits;
	}
	assert_int_equal(space.credit, sum);
	assert_int_equal(vector_available(&space), sum);
}

static unsigned count_on(const struct vector_place *p, unsigned n, unsigned hart)
{
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++)
		count += p[i].hart == hart;
	return count;
}

static void every_identity_once(void **state)
{
	static const unsigned max_ids[] = { 1, 2, 62, 63, 64, 65, 127, 128, 255, 2046, 2047 };
	static const unsigned nr_files[] = { 1, 2, 3, 64 };

	(void)state;
	for (unsigned m = 0; m < ARRAY_SIZE(max_ids); m++)
		for (unsigned f = 0; f < ARRAY_SIZE(nr_files); f++) {
			unsigned total = nr_files[f] * max_ids[m];

			open_files(nr_files[f], 1, max_ids[m]);
			check_balance();
			assert_int_equal(vector_claim(&space, 1, total, NULL, places), total);
			hold(places, total, 1, max_ids[m]);
			check_balance();
			assert_int_equal(vector_claim(&space, 1, 1, NULL, places), -ENOSPC);
			release(places, total);
			check_balance();
		}
}

static void first_identity_is_kept(void **state)
{
	(void)state;
	open_files(2, 3, 63);
	assert_int_equal(vector_claim(&space, 1, 200, NULL, places), 2 * 61);
	hold(places, 2 * 61, 3, 63);
	open_files(1, 63, 63);
	assert_int_equal(vector_claim(&space, 1, 5, NULL, places), 1);
	assert_int_equal(places[0].identity, 63);
	open_files(1, 64, 64);
	assert_int_equal(vector_claim(&space, 1, 5, NULL, places), 1);
	assert_int_equal(places[0].identity, 64);
	open_files(1, 2047, 2047);
	assert_int_equal(vector_claim(&space, 1, 5, NULL, places), 1);
	assert_int_equal(places[0].identity, 2047);
}

static void min_and_max(void **state)
{
	(void)state;
	open_files(2, 1, 5);
	memset(places, 0xaa, 16 * sizeof(places[0]));
	assert_int_equal(vector_claim(&space, 11, 11, NULL, places), -ENOSPC);
	assert_int_equal(vector_claim(&space, 11, 4000, NULL, places), -ENOSPC);
	check_balance();
	assert_int_equal(vector_available(&space), 10);
	assert_int_equal(vector_claim(&space, 3, 4, NULL, places), 4);
	hold(places, 4, 1, 5);
	assert_int_equal(places[4].hart, 0xaaaa); /* not beyond what was granted */
	assert_int_equal(vector_claim(&space, 7, 8, NULL, places + 4), -ENOSPC);
	assert_int_equal(vector_claim(&space, 6, 8, NULL, places + 4), 6);
	hold(places + 4, 6, 1, 5);
	assert_int_equal(places[10].hart, 0xaaaa);
	check_balance();
}

static void nothing_open(void **state)
{
	struct vector_place place;

	(void)state;
	make_space(4);
	assert_int_equal(vector_available(&space), 0);
	assert_int_equal(vector_claim(&space, 1, 8, NULL, places), -ENOSPC);
	assert_int_equal(vector_claim_block(&space, 1, VECTOR_NO_HART, &place), -ENOSPC);
	assert_int_equal(vector_claim_block(&space, 4, VECTOR_NO_HART, &place), -ENOSPC);
	/* One hart in the middle comes up: all comes from it. */
	vector_file_open(&space, 2, 1, 63);
	assert_int_equal(vector_claim(&space, 1, 8, NULL, places), 8);
	assert_int_equal(count_on(places, 8, 2), 8);
	check_balance();
}

static void spread_is_even(void **state)
{
	(void)state;
	for (unsigned nr = 1; nr <= MAX_FILES; nr++)
		for (unsigned n = 1; n <= 130; n += 3) {
			open_files(nr, 1, 255);
			assert_int_equal(vector_claim(&space, n, n, NULL, places), n);
			hold(places, n, 1, 255);
			for (unsigned i = 0; i < nr; i++)
				assert_in_range(count_on(places, n, i), n / nr,
						DIV_ROUND_UP(n, nr));
			/* Neighbours come from different harts, as in dealing. */
			for (unsigned i = 0; i < n; i++)
				assert_int_equal(places[i].hart, i % nr);
			check_balance();
		}
}

static void least_loaded_first(void **state)
{
	(void)state;
	open_files(3, 1, 100);
	/* 100, 100, 100 -> 40, 90, 100 */
	assert_int_equal(vector_claim(&space, 60, 60, (uint16_t[60]){ 0 }, places), 60);
	assert_int_equal(count_on(places, 60, 0), 60);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(vector_claim(&space, 1, 1, &(uint16_t){ 1 }, places), 1);
	assert_int_equal(files[1].credit, 90);
	/* 4: all from hart 2; then level until 90; then both; never hart 0 above 40. */
	assert_int_equal(vector_claim(&space, 4, 4, NULL, places), 4);
	assert_int_equal(count_on(places, 4, 2), 4);
	assert_int_equal(vector_claim(&space, 6, 6, NULL, places), 6);
	assert_int_equal(count_on(places, 6, 2), 6);
	assert_int_equal(vector_claim(&space, 50, 50, NULL, places), 50);
	assert_int_equal(count_on(places, 50, 1), 25);
	assert_int_equal(count_on(places, 50, 2), 25);
	assert_int_equal(vector_claim(&space, 50, 50, NULL, places), 50);
	assert_int_equal(files[0].credit, 40);
	/* 40, 40, 40 -> 1 less each */
	assert_int_equal(vector_claim(&space, 3, 3, NULL, places), 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(files[i].credit, 39);
	check_balance();
}

static void single_claims_go_round(void **state)
{
	(void)state;
	open_files(4, 1, 63);
	for (unsigned i = 0; i < 40; i++)
		assert_int_equal(vector_claim(&space, 1, 1, NULL, &places[i]), 1);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(files[i].credit, 53);
}

static void wishes(void **state)
{
	uint16_t wish[12];

	(void)state;
	open_files(4, 1, 63);
	for (unsigned i = 0; i < 12; i++)
		wish[i] = i % 3 == 2 ? VECTOR_NO_HART : (uint16_t)(3 - i % 3);
	assert_int_equal(vector_claim(&space, 12, 12, wish, places), 12);
	hold(places, 12, 1, 63);
	for (unsigned i = 0; i < 12; i++)
		if (wish[i] != VECTOR_NO_HART)
			assert_int_equal(places[i].hart, wish[i]);
	/* What had no wish went to the two harts that had nothing yet. */
	assert_int_equal(count_on(places, 12, 0) + count_on(places, 12, 1), 4);
	assert_int_equal(count_on(places, 12, 0), 2);
	check_balance();
}

static void wishes_that_cannot_be(void **state)
{
	uint16_t wish[8] = { 1, 1, 1, 1, 7, 1, 0, 4 };

	(void)state;
	/* Hart 1 has three; harts 4 and 7 do not exist; hart 3 never came up. */
	make_space(4);
	vector_file_open(&space, 0, 1, 63);
	vector_file_open(&space, 1, 1, 3);
	vector_file_open(&space, 2, 1, 63);
	assert_int_equal(vector_claim(&space, 8, 8, wish, places), 8);
	hold(places, 8, 1, 63);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(places[i].hart, 1);
	assert_int_equal(places[6].hart, 0);
	assert_int_equal(count_on(places, 8, 1), 3);
	check_balance();
	/* Fewer than wished: the first ones. */
	open_files(2, 1, 2);
	assert_int_equal(
		vector_claim(&space, 1, 8, (uint16_t[8]){ 1, 0, 1, 0, 1, 1, 1, 1 }, places), 4);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(places[i].hart, 1 - i % 2);
	check_balance();
}

static void blocks(void **state)
{
	struct vector_place block;

	(void)state;
	for (unsigned n = 1; n <= 32; n *= 2) {
		unsigned count = 0;

		open_files(1, 1, 127);
		while (vector_claim_block(&space, n, 0, &block) == (int)n) {
			assert_int_equal(block.identity % n, 0);
			for (unsigned i = 0; i < n; i++)
				hold(&(struct vector_place){ 0, (uint16_t)(block.identity + i) }, 1,
				     1, 127);
			check_balance();
			count++;
		}
		/* Identity 0 does not exist: its block can't be had. */
		assert_int_equal(count, 128 / n - 1);
		assert_int_equal(vector_claim_block(&space, n, 0, &block), -ENOSPC);
		check_balance();
	}
}

static void blocks_at_the_end(void **state)
{
	struct vector_place block;

	(void)state;
	open_files(1, 1, 62);
	for (unsigned i = 0; i < 62; i++)
		if (i / 32 == 0)
			files[0].free[0] &= ~BIT64(i);
	files[0].credit = 31;
	space.credit = 31;
	/* 32 .. 62: no 32, one 16 at 32, then 8 at 48, 4 at 56, 2 at 60, 1 at 62 */
	assert_int_equal(vector_claim_block(&space, 32, VECTOR_NO_HART, &block), -ENOSPC);
	for (unsigned n = 16, at = 32; n; at += n, n /= 2) {
		assert_int_equal(vector_claim_block(&space, n, VECTOR_NO_HART, &block), n);
		assert_int_equal(block.identity, at);
	}
	check_balance();
	assert_int_equal(vector_available(&space), 0);
	open_files(1, 2047, 2047);
	assert_int_equal(vector_claim_block(&space, 2, 0, &block), -ENOSPC);
	assert_int_equal(vector_claim_block(&space, 1, 0, &block), 1);
	assert_int_equal(block.identity, 2047);
	open_files(1, 2016, 2047);
	assert_int_equal(vector_claim_block(&space, 32, 0, &block), 32);
	assert_int_equal(block.identity, 2016);
}

/* Room enough, but not in one piece: -ENOSPC, and nothing is held. */
static void blocks_in_a_fragmented_file(void **state)
{
	struct vector_place block;

	(void)state;
	open_files(2, 1, 255);
	assert_int_equal(vector_claim(&space, 510, 510, NULL, places), 510);
	for (unsigned i = 0; i < 510; i++)
		if (places[i].identity % 2)
			vector_release(&space, &places[i]);
	check_balance();
	assert_int_equal(vector_claim_block(&space, 2, VECTOR_NO_HART, &block), -ENOSPC);
	assert_int_equal(vector_claim_block(&space, 2, 1, &block), -ENOSPC);
	assert_int_equal(vector_available(&space), 256);
	check_balance();
	/* One even identity of hart 1 makes a pair, found from either question. */
	vector_release(&space, &(struct vector_place){ 1, 200 });
	assert_int_equal(vector_claim_block(&space, 2, 0, &block), -ENOSPC);
	assert_int_equal(vector_claim_block(&space, 2, VECTOR_NO_HART, &block), 2);
	assert_int_equal(block.hart, 1);
	assert_int_equal(block.identity, 200);
	check_balance();
}

static void blocks_on_a_hart(void **state)
{
	struct vector_place block;

	(void)state;
	open_files(3, 1, 63);
	assert_int_equal(vector_claim_block(&space, 8, 2, &block), 8);
	assert_int_equal(block.hart, 2);
	assert_int_equal(vector_claim_block(&space, 1, 1, &block), 1);
	assert_int_equal(block.hart, 1);
	assert_int_equal(vector_claim_block(&space, 8, VECTOR_NO_HART, &block), 8);
	assert_int_equal(block.hart, 0); /* the least loaded */
	assert_int_equal(vector_claim_block(&space, 8, 3, &block), -ENOSPC);
	assert_int_equal(vector_claim_block(&space, 1, 3, &block), -ENOSPC);
	check_balance();
}

/* What a plain claim is told while a block claim holds credit that it may give back. */
static void refused_because_of_a_block_in_flight(void **state)
{
	(void)state;
	open_files(1, 1, 10);
	space.credit = ((uint64_t)8 << 32) | 2;
	assert_int_equal(vector_claim(&space, 11, 11, NULL, places), -ENOSPC);
	assert_int_equal(vector_claim(&space, 3, 3, NULL, places), -EAGAIN);
	assert_int_equal(vector_claim(&space, 10, 20, NULL, places), -EAGAIN);
	assert_int_equal(vector_claim(&space, 2, 20, NULL, places), 2);
	assert_int_equal(vector_claim_block(&space, 4, 0, places), -EAGAIN);
	assert_int_equal(vector_available(&space), 0);
}

/* Quarantine: refused, but not for good; then a word at a time, or back in use. */
static void held_places(void **state)
{
	(void)state;
	open_files(1, 60, 69);
	assert_int_equal(vector_claim(&space, 10, 10, NULL, places), 10);
	assert_int_equal(vector_claim(&space, 1, 1, NULL, places), -ENOSPC);
	vector_hold(&space, 7);
	assert_int_equal(vector_claim(&space, 1, 1, NULL, places), -EAGAIN);
	assert_int_equal(vector_claim(&space, 8, 8, NULL, places), -ENOSPC);
	vector_release_held(&space, 0, 0, BIT64(60) | BIT64(63));
	assert_int_equal(vector_available(&space), 2);
	assert_int_equal(vector_claim(&space, 3, 3, NULL, places), -EAGAIN);
	vector_release_held(&space, 0, 1, BIT64(64 - 64) | BIT64(69 - 64));
	vector_unhold(&space, 3);
	assert_int_equal(vector_claim(&space, 5, 5, NULL, places), -ENOSPC);
	assert_int_equal(vector_claim(&space, 4, 4, NULL, places), 4);
	assert_int_equal(places[0].identity, 60);
	assert_int_equal(places[1].identity, 63);
	assert_int_equal(places[2].identity, 64);
	assert_int_equal(places[3].identity, 69);
	vector_hold(&space, 1);
	vector_release_held(&space, 0, 0, BIT64(60));
	vector_hold(&space, 1);
	expect_assert_failure(vector_release_held(&space, 0, 0, BIT64(60)));
}

/* At rest, one of the files closed: what it has free is kept, and nobody's to take. */
static void check_kept(unsigned hart, unsigned kept)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < space.nr_files; i++)
		sum += i == hart ? 0 : files[i].credit;
	assert_int_equal(files[hart].kept, kept);
	assert_int_equal(files[hart].credit, 0);
	assert_int_equal(space.credit, sum);
}

static void closed_file_gives_nothing(void **state)
{
	(void)state;
	open_files(3, 3, 63);
	vector_file_close(&space, 1);
	assert_true(vector_file_closed(&space, 1));
	assert_true(vector_file_empty(&space, 1));
	check_kept(1, 61);
	assert_int_equal(vector_available(&space), 2 * 61);
	assert_int_equal(vector_claim(&space, 2 * 61 + 1, 3 * 61, NULL, places), -ENOSPC);
	assert_int_equal(vector_claim_block(&space, 1, 1, places), -ENOSPC);
	assert_int_equal(vector_claim_block(&space, 8, 1, places), -ENOSPC);
	assert_int_equal(vector_claim(&space, 1, 4, (uint16_t[4]){ 1, 1, 1, 1 }, places), 4);
	assert_int_equal(count_on(places, 4, 1), 0);
	release(places, 4);
	assert_int_equal(vector_claim(&space, 1, 3 * 61, NULL, places), 2 * 61);
	assert_int_equal(count_on(places, 2 * 61, 1), 0);
	release(places, 2 * 61);
	check_kept(1, 61);
	vector_file_reopen(&space, 1);
	assert_false(vector_file_empty(&space, 1));
	check_balance();
	assert_int_equal(vector_claim(&space, 1, 3 * 61, NULL, places), 3 * 61);
	hold(places, 3 * 61, 3, 63);
}

static void closed_file_waits_for_what_is_out(void **state)
{
	unsigned on_1;

	(void)state;
	open_files(2, 1, 63);
	assert_int_equal(vector_claim(&space, 40, 40, NULL, places), 40);
	hold(places, 40, 1, 63);
	on_1 = count_on(places, 40, 1);
	vector_file_close(&space, 1);
	check_kept(1, 63 - on_1);
	for (unsigned i = 0; i < 40; i++) {
		assert_false(vector_file_empty(&space, 1));
		release(&places[i], 1);
		on_1 -= places[i].hart == 1;
		check_kept(1, 63 - on_1);
		if (!on_1)
			break;
	}
	assert_true(vector_file_empty(&space, 1));
}

static void reopened_file_gets_the_rest_later(void **state)
{
	struct vector_place block;

	(void)state;
	open_files(2, 1, 63);
	assert_int_equal(vector_claim_block(&space, 16, 1, &block), 16);
	vector_file_close(&space, 1);
	assert_false(vector_file_empty(&space, 1));
	vector_file_reopen(&space, 1);
	check_balance();
	for (unsigned i = 0; i < 16; i++)
		release(&(struct vector_place){ 1, (uint16_t)(block.identity + i) }, 1);
	check_balance();
	assert_int_equal(vector_available(&space), 2 * 63);
}

/* A set that has its promise already takes what the closer left of it: nothing is refused or lost. */
static void promised_before_the_close(void **state)
{
	(void)state;
	open_files(2, 1, 20);
	/* A set of 35 between promise and file_credit. */
	space.credit -= 35;
	vector_file_close(&space, 1);
	assert_int_equal(files[1].kept, 5);
	assert_int_equal(files[1].credit, 15);
	assert_int_equal(space.credit, 0);
	files[0].credit -= 20;
	files[1].credit -= 15;
	/* Its bits are of no matter here; it gives them back. */
	files[0].credit += 20;
	files[1].credit += 15;
	space.credit += 35;
	vector_file_collect(&space, 1);
	assert_true(vector_file_empty(&space, 1));
	check_kept(1, 20);
	vector_file_reopen(&space, 1);
	check_balance();
}

static void bugs_are_caught(void **state)
{
	struct vector_place p;

	(void)state;
	open_files(2, 1, 63);
	assert_int_equal(vector_claim(&space, 1, 1, NULL, &p), 1);
	vector_release(&space, &p);
	expect_assert_failure(vector_release(&space, &p));
	expect_assert_failure(vector_release(&space, &(struct vector_place){ 0, 0 }));
	expect_assert_failure(vector_release(&space, &(struct vector_place){ 0, 64 }));
	expect_assert_failure(vector_release(&space, &(struct vector_place){ 2, 5 }));
	expect_assert_failure(vector_claim(&space, 0, 4, NULL, &p));
	expect_assert_failure(vector_claim(&space, 2, 1, NULL, &p));
	expect_assert_failure(vector_claim_block(&space, 3, 0, &p));
	expect_assert_failure(vector_claim_block(&space, 64, 0, &p));
	expect_assert_failure(vector_claim_block(&space, 0, 0, &p));
	expect_assert_failure(vector_file_open(&space, 0, 1, 63));
}

/* A long random life: claims, wishes, blocks and releases against a plain bool an identity. */
static void random_life(void **state)
{
	static struct vector_place live[8 * 255];
	unsigned nr_live = 0;

	(void)state;
	srand(1);
	open_files(8, 1, 255);
	for (unsigned round = 0; round < 20000; round++) {
		unsigned max = 1 + (unsigned)rand() % 40, min = 1 + (unsigned)rand() % max;
		unsigned free = 8 * 255 - nr_live, kind = (unsigned)rand() % 5;
		struct vector_place got[40];
		uint16_t wish[40];
		int rc;

		if (kind == 0) {
			unsigned n = 1u << rand() % 6;

			rc = vector_claim_block(&space, n, VECTOR_NO_HART, &got[0]);
			assert_true(rc == (int)n || rc == -ENOSPC);
			for (int i = 1; i < rc; i++)
				got[i] = (struct vector_place){ got[0].hart,
								(uint16_t)(got[0].identity + i) };
		} else if (kind <= 2) {
			for (unsigned i = 0; i < max; i++)
				wish[i] = (uint16_t)(rand() % 9);
			rc = vector_claim(&space, min, max, kind == 1 ? wish : NULL, got);
			assert_int_equal(rc, free < min ? -ENOSPC : (int)MIN(max, free));
		} else {
			for (unsigned n = MIN((unsigned)rand() % 30, nr_live); n; n--) {
				unsigned at = (unsigned)rand() % nr_live;

				release(&live[at], 1);
				live[at] = live[--nr_live];
			}
			continue;
		}
		for (int i = 0; i < rc; i++) {
			hold(&got[i], 1, 1, 255);
			live[nr_live++] = got[i];
		}
		if (round % 16 == 0)
			check_balance();
	}
	release(live, nr_live);
	check_balance();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_identity_once),
		cmocka_unit_test(first_identity_is_kept),
		cmocka_unit_test(min_and_max),
		cmocka_unit_test(nothing_open),
		cmocka_unit_test(spread_is_even),
		cmocka_unit_test(least_loaded_first),
		cmocka_unit_test(single_claims_go_round),
		cmocka_unit_test(wishes),
		cmocka_unit_test(wishes_that_cannot_be),
		cmocka_unit_test(blocks),
		cmocka_unit_test(blocks_at_the_end),
		cmocka_unit_test(blocks_in_a_fragmented_file),
		cmocka_unit_test(blocks_on_a_hart),
		cmocka_unit_test(refused_because_of_a_block_in_flight),
		cmocka_unit_test(held_places),
		cmocka_unit_test(closed_file_gives_nothing),
		cmocka_unit_test(closed_file_waits_for_what_is_out),
		cmocka_unit_test(reopened_file_gets_the_rest_later),
		cmocka_unit_test(promised_before_the_close),
		cmocka_unit_test(bugs_are_caught),
		cmocka_unit_test(random_life),
	};

	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	free(files);
	return failed;
}

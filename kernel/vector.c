// SPDX-License-Identifier: Apache-2.0
/*
 * The steps have the names that they have in tests/model/claim.pml: promise,
 * file_credit, take_bits; give_bit, give_file, give_space.
 *
 * Memory order. What gives (a bit, then a file's credit, then the space's) is a release,
 * what takes (in the opposite order) an acquire of the same word: who gets a credit sees
 * the bit that stands for it, and who gets a bit sees all that its last holder did.
 * Loads that only choose where to try are relaxed; the read-modify-write decides.
 */
#include "kernel/vector.h"

#include <errno.h>

#include "kernel/lib/bits.h"
#include "kernel/lib/panic.h"
#include "kernel/vector_steps.h"

void vector_space_init(struct vector_space *space, struct vector_file *files, unsigned nr_files)
{
	assert(nr_files < VECTOR_NO_HART);
	atomic_init(&space->credit, 0);
	space->nr_files = nr_files;
	space->files = files;
}

void vector_file_open(struct vector_space *space, unsigned hart, unsigned first, unsigned max_id)
{
	struct vector_file *file = &space->files[hart];

	assert(hart < space->nr_files && !file->max_id);
	assert(first >= 1 && first <= max_id && max_id <= VECTOR_MAX_ID);
	file->max_id = max_id;
	file->total = max_id - first + 1;
	for (unsigned id = first; id <= max_id; id++)
		atomic_fetch_or_explicit(&file->free[id / 64], BIT64(id % 64),
					 memory_order_relaxed);
	/* release: as in vector_release(), and for max_id */
	atomic_fetch_add_explicit(&file->credit, max_id - first + 1, memory_order_release);
	atomic_fetch_add_explicit(&space->credit, max_id - first + 1, memory_order_release);
}

/* --- giving --- */

static void give_space(struct vector_space *space, unsigned n)
{
	/* release: pairs with the acquire in promise(); the file's credit is there before */
	atomic_fetch_add_explicit(&space->credit, n, memory_order_release);
}

void vector_release(struct vector_space *space, const struct vector_place *place)
{
	struct vector_file *file = &space->files[place->hart];
	uint64_t bit = BIT64(place->identity % 64);
	uint64_t old;

	assert(place->hart < space->nr_files && place->identity && place->identity <= file->max_id);
	/* give_bit; release: pairs with the acquire in take_mask(), for what the holder did */
	old = atomic_fetch_or_explicit(&file->free[place->identity / 64], bit,
				       memory_order_release);
	assert(!(old & bit));
	give_file(file, 1);
	give_space(space, 1);
	if (vector_file_closed(space, place->hart))
		vector_file_collect(space, place->hart);
}

void vector_release_held(struct vector_space *space, unsigned hart, unsigned word, uint64_t bits)
{
	struct vector_file *file = &space->files[hart];
	unsigned n = (unsigned)__builtin_popcountll(bits);
	/* give_bit, as above */
	uint64_t old = atomic_fetch_or_explicit(&file->free[word], bits, memory_order_release);

	assert(!(old & bits));
	give_file(file, n);
	/* release: as give_space() */
	atomic_fetch_sub_explicit(&space->credit, HELD(n) - n, memory_order_release);
	if (vector_file_closed(space, hart))
		vector_file_collect(space, hart);
}

void vector_hold(struct vector_space *space, unsigned n)
{
	/* relaxed: only who is refused looks, and the answer is a snapshot */
	atomic_fetch_add_explicit(&space->credit, HELD(n), memory_order_relaxed);
}

void vector_unhold(struct vector_space *space, unsigned n)
{
	atomic_fetch_sub_explicit(&space->credit, HELD(n), memory_order_relaxed);
}

/*
 * The places of a set, filled file after file: each identity goes to the next place that
 * is not filled, stride further and, at the end, from the next column. As in dealing,
 * neighbours then come from different files.
 */
struct deal {
	struct vector_place *next, *column, *end;
	size_t stride;
};

/* The number of bits dealt out. */
static size_t deal_bits(struct deal *deal, unsigned hart, unsigned base, uint64_t bits)
{
	struct vector_place *place = deal->next, *end = deal->end;
	size_t stride = deal->stride;
	unsigned identity = base;
	size_t n = 0;

	for (; bits; bits >>= 1, identity++, n++) {
		/* Free identities mostly stand side by side: then there is nothing to skip. */
		if (!(bits & 1)) {
			unsigned skip = lowest_bit(bits);

			bits >>= skip;
			identity += skip;
		}
		/* Ends: a set never has more identities than places. */
		while (place->hart != VECTOR_NO_HART)
			place = (size_t)(end - place) > stride ? place + stride : ++deal->column;
		place->hart = (uint16_t)hart;
		place->identity = (uint16_t)identity;
	}
	deal->next = place;
	return n;
}

/* bits: not 0 */
static uint64_t lowest_bits(uint64_t bits, size_t n)
{
	uint64_t rest = bits, run;

	if (n >= 64)
		return bits;
	/* Free identities mostly stand side by side. A run that leaves the word takes what is there. */
	run = (BIT64(n) - 1) << lowest_bit(bits);
	if ((bits & run) == run)
		return run;
	for (; rest && n; n--)
		rest &= rest - 1;
	return bits & ~rest;
}

/* n identities of the file, whose credit for them is held. */
static void take_bits(struct vector_space *space, unsigned hart, size_t n, struct deal *deal)
{
	struct vector_file *file = &space->files[hart];

	/*
	 * The credit guarantees n bits at every moment: a pass over the words that does not
	 * find them all was overtaken by bits that others gave and took.
	 */
	for (unsigned w = 0; n; w = w < file->max_id / 64 ? w + 1 : 0) {
		uint64_t bits = atomic_load_explicit(&file->free[w], memory_order_relaxed);

		if (bits)
			n -= deal_bits(deal, hart, 64 * w,
				       take_mask(&file->free[w], lowest_bits(bits, n)));
	}
}

static unsigned take_from(struct vector_space *space, unsigned hart, unsigned max,
			  struct deal *deal)
{
	unsigned n = file_credit(&space->files[hart], 1, max);

	if (n)
		take_bits(space, hart, n, deal);
	return n;
}

static unsigned take_wishes(struct vector_space *space, unsigned n, const uint16_t *wish,
			    struct vector_place *places)
{
	unsigned taken = 0;

	for (unsigned i = 0; i < n; i++) {
		struct deal one = { .next = &places[i] };

		if (wish[i] < space->nr_files)
			taken += take_from(space, wish[i], 1, &one);
	}
	return taken;
}

/* Files with more credit than the level give what is above it, the last `surplus` of them one less. */
struct level {
	unsigned level, files, surplus;
};

/* The highest level above which there are n. A hint: credits change while they are read. */
static struct level find_level(const struct vector_space *space, unsigned n)
{
	struct level at = { 0, 0, 0 };

	/* Each round raises the level, which ends at the largest credit; mostly there are two. */
	for (unsigned level = 0;;) {
		unsigned sum = 0;

		at = (struct level){ .level = level };
		for (unsigned i = 0; i < space->nr_files; i++) {
			unsigned credit = credit_of(&space->files[i]);

			if (credit > level) {
				sum += credit - level;
				at.files++;
			}
		}
		if (sum <= n)
			return at;
		at.surplus = sum - n;
		if (at.surplus < at.files)
			return at;
		level += at.surplus / at.files;
	}
}

/* One round of dealing: n or fewer, when others took credit since it was looked at. */
static unsigned spread(struct vector_space *space, unsigned n, struct deal *deal)
{
	struct level at = find_level(space, n);
	unsigned giving = 0, taken = 0;

	deal->stride = MIN(MAX(at.files, 1), n);
	for (unsigned i = 0; i < space->nr_files && taken < n; i++) {
		unsigned credit = credit_of(&space->files[i]);
		unsigned share;

		if (credit <= at.level)
			continue;
		share = credit - at.level - (giving + at.surplus >= at.files);
		giving++;
		if (share)
			taken += take_from(space, i, MIN(share, n - taken), deal);
	}
	return taken;
}

int vector_claim(struct vector_space *space, unsigned min, unsigned max, const uint16_t *wish,
		 struct vector_place *places)
{
	unsigned taken = 0;
	int n;

	assert(min >= 1 && min <= max);
	n = promise(space, min, max, false);
	if (n < 0)
		return n;
	for (int i = 0; i < n; i++)
		places[i].hart = VECTOR_NO_HART;
	if (wish)
		taken = take_wishes(space, (unsigned)n, wish, places);
	/*
	 * The promise guarantees credit in the files at every moment: a round that does not
	 * find it all was overtaken by credit that others gave and took.
	 */
	while (taken < (unsigned)n) {
		struct deal deal = { .next = places, .column = places, .end = places + n };

		taken += spread(space, (unsigned)n - taken, &deal);
	}
	return n;
}

/* --- blocks --- */

/* The first free block's first identity; 0: none (identity 0 does not exist). */
static unsigned find_block(const struct vector_file *file, unsigned n)
{
	for (unsigned w = 0; w <= file->max_id / 64; w++) {
		uint64_t bits = atomic_load_explicit(&file->free[w], memory_order_relaxed);
		uint64_t blocks = free_blocks(bits, n);

		if (blocks)
			return 64 * w + lowest_bit(blocks);
	}
	return 0;
}

/*
 * The file's credit for the block is held: all of a block or, where another claim took
 * some of it, what was got goes back, within the credit. 0: lost, never for n = 1.
 */
static unsigned take_block(struct vector_file *file, unsigned n)
{
	/*
	 * Goes round only if another claim got a bit that was free a moment ago; n = 1 also
	 * where find_block() was overtaken by bits that others gave and took, see take_bits().
	 */
	for (;;) {
		unsigned first = find_block(file, n);
		_Atomic uint64_t *word = &file->free[first / 64];
		uint64_t mask = (BIT64(n) - 1) << (first % 64), got;

		if (!first && n > 1)
			return 0;
		if (!first)
			continue;
		got = take_mask(word, mask);
		if (got == mask)
			return first;
		/* release: hands on what the last holder's release showed us */
		atomic_fetch_or_explicit(word, got, memory_order_release);
	}
}

/* Who can't get a block must not hold credit that another set would miss. */
static bool has_block(const struct vector_file *file, unsigned n)
{
	/* acquire: pairs with the release in vector_file_open(), for max_id */
	if (atomic_load_explicit(&file->credit, memory_order_acquire) < n)
		return false;
	return n == 1 || find_block(file, n);
}

/* n, -ENOSPC or -EAGAIN as vector_claim_block(). */
static int claim_block_of(struct vector_space *space, unsigned hart, unsigned n,
			  struct vector_place *place)
{
	struct vector_file *file = &space->files[hart];
	unsigned first = 0;
	int rc;

	if (!has_block(file, n))
		return -ENOSPC;
	rc = promise(space, n, n, true);
	if (rc < 0)
		return rc;
	if (file_credit(file, n, n)) {
		first = take_block(file, n);
		if (!first)
			give_file(file, n);
	}
	/* Settles what was held: taken, or given back (release, as give_space()). */
	atomic_fetch_sub_explicit(&space->credit, HELD(n) - (first ? 0 : n), memory_order_release);
	if (!first)
		return -EAGAIN;
	*place = (struct vector_place){ .hart = (uint16_t)hart, .identity = (uint16_t)first };
	return (int)n;
}

static unsigned least_loaded(const struct vector_space *space)
{
	unsigned best = 0;

	for (unsigned i = 1; i < space->nr_files; i++)
		if (credit_of(&space->files[i]) > credit_of(&space->files[best]))
			best = i;
	return best;
}

int vector_claim_block(struct vector_space *space, unsigned n, unsigned hart,
		       struct vector_place *place)
{
	unsigned from = hart == VECTOR_NO_HART ? least_loaded(space) : hart;
	unsigned files = hart == VECTOR_NO_HART ? space->nr_files : 1;
	int result = -ENOSPC;

	assert(is_power_of_two(n) && n <= 32);
	if (n == 1 && hart == VECTOR_NO_HART)
		return vector_claim(space, 1, 1, NULL, place);
	if (from >= space->nr_files)
		return -ENOSPC;
	for (unsigned i = 0; i < files; i++) {
		int rc = claim_block_of(space, (from + i) % space->nr_files, n, place);

		if (rc > 0)
			return rc;
		if (rc == -EAGAIN)
			result = rc;
	}
	return result;
}

unsigned vector_available(const struct vector_space *space)
{
	return (uint32_t)atomic_load_explicit(&space->credit, memory_order_relaxed);
}

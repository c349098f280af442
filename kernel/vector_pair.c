// SPDX-License-Identifier: Apache-2.0
/*
 * Places with the same number on two harts, for a message of which one register can be changed
 * at a time (docs/msi.md M8, step reserve_pair). Credits of both files before bits, as for any
 * set.
 *
 * Bits are taken in the order of the harts. Who misses one that was free a moment ago misses it
 * to a claim that has it for good or, holding it, looks at a file of a higher number: of those
 * that hold something, the one at the highest file gets what it wants. So a loop goes round only
 * because another claim gets something.
 */
#include <errno.h>

#include "kernel/lib/panic.h"
#include "kernel/vector_steps.h"

static bool is_free(const struct vector_file *file, unsigned first, uint64_t mask)
{
	uint64_t bits = atomic_load_explicit(&file->free[first / 64], memory_order_relaxed);

	return !(~bits & mask << first % 64);
}

/* As find_block(), free in both files. 0: none. */
static unsigned find_common(const struct vector_file *low, const struct vector_file *high,
			    unsigned n)
{
	for (unsigned w = 0; w <= MIN(low->max_id, high->max_id) / 64; w++) {
		uint64_t bits = atomic_load_explicit(&low->free[w], memory_order_relaxed) &
				atomic_load_explicit(&high->free[w], memory_order_relaxed);
		uint64_t blocks = free_blocks(bits, n);

		if (blocks)
			return 64 * w + lowest_bit(blocks);
	}
	return 0;
}

static void give_run(struct vector_file *file, unsigned first, uint64_t bits)
{
	/* release: hands on what the last holder's release showed us */
	atomic_fetch_or_explicit(&file->free[first / 64], bits << first % 64, memory_order_release);
}

/* All bits of the mask, counted from the first, or none. */
static inline bool take_run(struct vector_file *file, unsigned first, uint64_t mask)
{
	uint64_t got = take_mask(&file->free[first / 64], mask << first % 64) >> first % 64;

	if (__builtin_expect(got == mask, 1))
		return true;
	give_run(file, first, got);
	return false;
}

/* Settles what promise() held of the space: taken, or given back. */
static void settle(struct vector_space *space, unsigned n, bool taken)
{
	/* release: as give_space() */
	atomic_fetch_sub_explicit(&space->credit, HELD(n) - (taken ? 0 : n), memory_order_release);
}

/* These numbers of one file. */
static inline bool claim_exact(struct vector_space *space, struct vector_file *file, unsigned n,
			       unsigned first, uint64_t mask)
{
	bool taken = false;

	if (promise(space, n, n, true) < 0)
		return false;
	if (file_credit(file, n, n)) {
		taken = take_run(file, first, mask);
		if (!taken)
			give_file(file, n);
	}
	settle(space, n, taken);
	return taken;
}

/* The first of a run of both files; 0: what was there is lost. The credits are held. */
static unsigned take_common(struct vector_file *low, struct vector_file *high, unsigned n,
			    uint64_t mask)
{
	unsigned first;

	while ((first = find_common(low, high, n))) {
		if (!take_run(low, first, mask))
			continue;
		if (take_run(high, first, mask))
			break;
		give_run(low, first, mask);
	}
	return first;
}

/* The hart of a file that is closed gives up what it has: a vector that has to go needs it to go. */
static bool take_credit(struct vector_file *file, unsigned n, bool closed)
{
	return closed ? vector_file_take_kept(file, n) : file_credit(file, n, n);
}

static void give_credit(struct vector_space *space, unsigned hart, unsigned n, bool closed)
{
	give_file(&space->files[hart], n);
	if (!closed)
		return;
	/* release: as give_space() */
	atomic_fetch_add_explicit(&space->credit, n, memory_order_release);
	if (vector_file_closed(space, hart))
		vector_file_collect(space, hart);
}

/* Not inline: mostly there is no need. */
static __attribute__((noinline)) int claim_common(struct vector_space *space, unsigned n,
						  unsigned from, unsigned to, unsigned *identity)
{
	struct vector_file *low = &space->files[MIN(from, to)];
	struct vector_file *high = &space->files[MAX(from, to)];
	bool closed = vector_file_closed(space, from);
	/* What a closed file has is nobody's to promise. */
	unsigned promised = closed ? n : 2 * n;
	int rc;

	if (!find_common(low, high, n) || (!closed && credit_of(&space->files[from]) < n))
		return -ENOSPC;
	rc = promise(space, promised, promised, true);
	if (rc < 0)
		return rc;
	*identity = 0;
	if (take_credit(&space->files[from], n, closed)) {
		if (file_credit(&space->files[to], n, n)) {
			*identity = take_common(low, high, n, BIT64(n) - 1);
			if (!*identity)
				give_file(&space->files[to], n);
		}
		if (!*identity)
			give_credit(space, from, n, closed);
	}
	settle(space, promised, *identity);
	return *identity ? (int)n : -EAGAIN;
}

int vector_claim_pair(struct vector_space *space, unsigned n, unsigned from, unsigned to,
		      unsigned *identity)
{
	struct vector_file *file = &space->files[to];
	uint64_t mask = BIT64(n) - 1;

	assert(is_power_of_two(n) && n <= 32 && from != to && to < space->nr_files);
	/* acquire: pairs with the release in vector_file_open(), for max_id */
	if (atomic_load_explicit(&file->credit, memory_order_acquire) < n)
		return -ENOSPC;
	if (is_free(file, *identity, mask) && claim_exact(space, file, n, *identity, mask))
		return (int)n;
	return claim_common(space, n, from, to, identity);
}

// SPDX-License-Identifier: Apache-2.0
/*
 * A hart goes away (docs/msi.md M12): its file is closed. What it has free is held, credit
 * by credit, as by a set that looks for its bits and never takes them; so all that
 * vector.c says of credits stays true, and no claim needs to know. What is given back to
 * a closed file is collected at once by who gives it. All is lock-free.
 */
#include <stddef.h>

#include "kernel/lib/bits.h"
#include "kernel/lib/panic.h"
#include "kernel/vector.h"

#define HELD(n) ((uint64_t)(n) << 32)

/* Up to max of the space's credit, said to be given back perhaps; as promise() in vector.c. */
static unsigned hold_space(struct vector_space *space, unsigned max)
{
	uint64_t credit = atomic_load_explicit(&space->credit, memory_order_relaxed);
	unsigned n;

	/* Goes round only if another hart changed the word, which got or gave something. */
	do {
		n = MIN(max, (uint32_t)credit);
		/* acquire: pairs with the release of who gave */
	} while (n && !atomic_compare_exchange_weak_explicit(
			      &space->credit, &credit, credit - n + HELD(n), memory_order_acquire,
			      memory_order_relaxed));
	return n;
}

static unsigned take_file(struct vector_file *file, unsigned max)
{
	uint32_t credit = atomic_load_explicit(&file->credit, memory_order_relaxed);
	unsigned n;

	/* As above. */
	do {
		n = MIN(max, credit);
	} while (n && !atomic_compare_exchange_weak_explicit(&file->credit, &credit, credit - n,
							     memory_order_acquire,
							     memory_order_relaxed));
	return n;
}

/* From the bit up, as all that gives: the file's credit, then the space's. */
static void give_back(struct vector_space *space, struct vector_file *file)
{
	/* acq_rel: hands on what those who gave the bits showed us */
	uint32_t n = atomic_exchange_explicit(&file->kept, 0, memory_order_acq_rel);

	atomic_fetch_add_explicit(&file->credit, n, memory_order_release);
	atomic_fetch_add_explicit(&space->credit, n, memory_order_release);
}

void vector_file_collect(struct vector_space *space, unsigned hart)
{
	struct vector_file *file = &space->files[hart];
	unsigned held, n;

	held = hold_space(space, atomic_load_explicit(&file->credit, memory_order_relaxed));
	if (!held)
		return;
	n = take_file(file, held);
	/* seq_cst, with vector_file_reopen(): either it gives back these too, or we see it open. */
	atomic_fetch_add_explicit(&file->kept, n, memory_order_seq_cst);
	/* What was held is kept, or given back: a set took it from the file meanwhile. */
	atomic_fetch_sub_explicit(&space->credit, HELD(held) - (held - n), memory_order_release);
	if (!vector_file_closed(space, hart))
		give_back(space, file);
}

bool vector_file_take_kept(struct vector_file *file, unsigned n)
{
	uint32_t kept = atomic_load_explicit(&file->kept, memory_order_relaxed);

	/* Goes round only if somebody gave or took. */
	do {
		if (kept < n)
			return false;
		/* acquire: as file_credit() */
	} while (!atomic_compare_exchange_weak_explicit(
		&file->kept, &kept, kept - n, memory_order_acquire, memory_order_relaxed));
	return true;
}

unsigned vector_file_take(struct vector_space *space, unsigned hart)
{
	struct vector_file *file = &space->files[hart];

	if (!vector_file_take_kept(file, 1))
		return 0;
	/* The credit guarantees a bit at every moment: as take_bits() in vector.c. */
	for (unsigned w = 0;; w = w < file->max_id / 64 ? w + 1 : 0) {
		uint64_t bits = atomic_load_explicit(&file->free[w], memory_order_relaxed);
		uint64_t bit = bits & -bits;

		/* acquire: pairs with the release of the bit */
		if (bit &&
		    atomic_fetch_and_explicit(&file->free[w], ~bit, memory_order_acquire) & bit)
			return 64 * w + lowest_bit(bit);
	}
}

void vector_file_close(struct vector_space *space, unsigned hart)
{
	struct vector_file *file = &space->files[hart];

	assert(hart < space->nr_files);
	/* seq_cst, with vector_release(): either it collects, or we see its credit. */
	atomic_store_explicit(&file->closed, 1, memory_order_seq_cst);
	vector_file_collect(space, hart);
}

void vector_file_reopen(struct vector_space *space, unsigned hart)
{
	struct vector_file *file = &space->files[hart];

	assert(hart < space->nr_files);
	/* seq_cst: see vector_file_collect() */
	atomic_store_explicit(&file->closed, 0, memory_order_seq_cst);
	give_back(space, file);
}

bool vector_file_empty(const struct vector_space *space, unsigned hart)
{
	const struct vector_file *file = &space->files[hart];

	/* acquire: what the last holders did is over */
	return atomic_load_explicit(&file->kept, memory_order_acquire) == file->total;
}

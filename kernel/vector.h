/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * The vector space: which identities of which hart's interrupt file are free.
 * Lock-free: a loop goes round again only because another hart's operation got
 * something meanwhile, never to wait for one to be finished. No MMIO, no allocation;
 * host-tested under ThreadSanitizer and modelled in tests/model/claim.pml.
 *
 * Credits before bits (docs/msi.md M1): a set takes its number from the space's
 * free count by one compare-and-swap; that many identities are then certain to be
 * found, so two sets in flight cannot make each other fail when either fits. Each
 * file's own count leads to the harts that have them.
 *
 *	Always: bits set in a file >= its credit + what sets have taken of that credit
 *		sum of file credits >= space credit + what sets still look for
 *	with equality at rest. So release goes from the bit up and claim from the top down.
 */
#define VECTOR_MAX_ID  2047 /* AIA specification, section 3.1: at most 2,047 identities */
#define VECTOR_WORDS   ((VECTOR_MAX_ID + 1) / 64)
#define VECTOR_NO_HART UINT16_MAX

/* One interrupt file. */
struct vector_file {
	_Atomic uint32_t credit; /* free identities not yet promised to a set */
	uint32_t max_id;
	uint32_t total;                      /* identities that it was opened with */
	_Atomic uint32_t closed;             /* its hart goes away, or is away */
	_Atomic uint32_t kept;               /* closed: credit that was collected */
	_Atomic uint64_t free[VECTOR_WORDS]; /* bit i of word w: identity 64 w + i is free */
};

struct vector_space {
	/*
	 * Low half: free identities not yet promised, all files. High half: those that may come
	 * back: held by block claims while they look, or in quarantine.
	 */
	_Atomic uint64_t credit;
	uint32_t nr_files;
	struct vector_file *files; /* by hart index */
};

struct vector_place {
	uint16_t hart;
	uint16_t identity;
};

/* Storage for nr_files files is the caller's, zeroed. All files start without identities. */
void vector_space_init(struct vector_space *space, struct vector_file *files, unsigned nr_files);
/*
 * Opens hart's file with identities first .. max_id free; 1 <= first. Once a file; others
 * may use the space meanwhile.
 */
void vector_file_open(struct vector_space *space, unsigned hart, unsigned first, unsigned max_id);

/*
 * Takes between min and max places, 1 <= min; wish[i] is the preferred hart of place i,
 * or VECTOR_NO_HART, or wish NULL: the least loaded first, spread evenly, neighbours on
 * different harts. A wish is a preference: where that hart is full or unknown the place
 * goes elsewhere. The number taken, or -ENOSPC with nothing held; -EAGAIN with nothing
 * held: it fits only if a block claim in flight fails and gives back. places has room
 * for max. Any context, any hart.
 */
int vector_claim(struct vector_space *space, unsigned min, unsigned max, const uint16_t *wish,
		 struct vector_place *places);

/*
 * A naturally aligned block of n (a power of two, at most 32) identities of one hart
 * (VECTOR_NO_HART: any, the least loaded first). n with *place the first; -ENOSPC: no such
 * block; -EAGAIN: one was there and was lost to a concurrent claim (not for n = 1, unless
 * another block claim in flight holds the last places). Any context, any hart.
 */
int vector_claim_block(struct vector_space *space, unsigned n, unsigned hart,
		       struct vector_place *place);

/*
 * For who holds n identities (a power of two, at most 32, naturally aligned) of the hart `from`
 * from *identity on, the same numbers of another hart: n, and only those are taken; or, if they
 * are not free there, others that are free on both, taken on both, and *identity is the first.
 * -ENOSPC: none are; -EAGAIN: some were and were lost to a concurrent claim. Any context, any hart.
 */
int vector_claim_pair(struct vector_space *space, unsigned n, unsigned from, unsigned to,
		      unsigned *identity);

/* Makes a place free again: only when nothing can arrive there any more. Any context. */
void vector_release(struct vector_space *space, const struct vector_place *place);

/*
 * Quarantine: places that a vector has left and that will be free once nothing can arrive
 * there any more. Who is refused meanwhile, and would not be without it, is told -EAGAIN.
 * Every hold ends with one unhold (the vector came back) or release. Any context.
 */
void vector_hold(struct vector_space *space, unsigned n);
void vector_unhold(struct vector_space *space, unsigned n);
/* Held places of a hart: bit i of bits is identity 64 word + i. */
void vector_release_held(struct vector_space *space, unsigned hart, unsigned word, uint64_t bits);

/* Free and unpromised now: a hint. */
unsigned vector_available(const struct vector_space *space);

/*
 * The file's hart goes away (kernel/vector_file.c): what is free there is on offer no more,
 * nor what comes back from now on. A set that has its promise already may still get some of
 * it: the closer collects and looks for vectors until the file is empty. Thread context.
 */
void vector_file_close(struct vector_space *space, unsigned hart);
/* Takes what of a closed file is on offer still. Any context. */
void vector_file_collect(struct vector_space *space, unsigned hart);
/* Credit of a closed file, for n identities; false: not so many now. Any context. */
bool vector_file_take_kept(struct vector_file *file, unsigned n);
/* An identity of a closed file that is free, for who closes it; 0: none now. vector_release() gives it back. */
unsigned vector_file_take(struct vector_space *space, unsigned hart);
/* Closed, and no identity is anybody's. */
bool vector_file_empty(const struct vector_space *space, unsigned hart);
/* On offer again, what was not free then as soon as it is. */
void vector_file_reopen(struct vector_space *space, unsigned hart);

static inline bool vector_file_closed(const struct vector_space *space, unsigned hart)
{
	/* seq_cst: pairs with vector_file_close() and vector_file_reopen() */
	return atomic_load_explicit(&space->files[hart].closed, memory_order_seq_cst);
}

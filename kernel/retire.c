// SPDX-License-Identifier: Apache-2.0
/*
 * The steps have the names that they have in tests/model/retire.pml: flush, set_retired,
 * kick; take_batch, store_drain, claim_drain, free_place, mark_seen, late_again; take_back.
 *
 * The bits only say where to look; the tag decides. It is set after the flush, and
 * changes by compare-and-swap from then on: to the batch by the hart, before it stores
 * DRAIN, and back to the vector by its owner. What a batch frees was therefore left
 * before its DRAIN was stored and not taken back since, however often the vector came and
 * went before.
 */
#include "kernel/retire.h"

#include <errno.h>

#include "arch/barrier.h"
#include "flavour/contention.h"
#include "kernel/mem.h"
#include "kernel/retire_steps.h"
#include "kernel/slot.h"
#include "kernel/smp.h"
#include "kernel/storm.h"

static struct vector_space *space;

int retire_hart_init(unsigned hart)
{
	struct retire *retire = page_alloc(sizeof(*retire), 0);

	if (!retire)
		return -ENOMEM;
	smp_hart(hart)->retire = retire;
	return 0;
}

void retire_init(struct vector_space *of)
{
	space = of;
}

/* Fails if another changed the tag: then the place is no longer what it was thought to be. */
static bool change_tag(struct hart *at, unsigned identity, uintptr_t from, enum retire_tag to)
{
	/* acq_rel: hands on what the one who left it had read back */
	return atomic_compare_exchange_strong_explicit(&at->parked[identity], &from,
						       from - tag_of(from) + to,
						       memory_order_acq_rel,
						       memory_order_relaxed) ||
	       !contention_lost();
}

/* --- leaving --- */

void retire_place(struct irq_desc *desc, unsigned hart, unsigned identity)
{
	vector_hold(space, 1);
	retire_held(desc, smp_hart(hart), hart, identity);
}

void retire_keep(struct irq_desc *desc, unsigned hart, unsigned identity)
{
	note_left(desc, hart, identity);
	park(smp_hart(hart), identity, desc, RETIRE_KEPT);
}

void retire_block(struct irq_desc *const *descs, unsigned n, unsigned hart, unsigned first)
{
	struct hart *at = smp_hart(hart);

	barrier_read_before_write();
	vector_hold(space, n);
	for (unsigned i = 0; i < n; i++)
		park(at, first + i, descs[i], RETIRE_LEFT);
	set_retired(at, first, BIT64(n) - 1);
	smp_kick(hart);
}

/* Harts that a set of bits has room for are kicked once, those beyond it for each place. */
#define TOUCHED 64

static void kick_one(struct hart *at, uint32_t words)
{
	/* release: pairs with take_batch() */
	atomic_fetch_or_explicit(&at->retire->summary, words, memory_order_release);
	smp_kick(at->index);
}

void retire_set(struct irq_desc *const *descs, unsigned n)
{
	struct hart *const *harts = smp_harts;
	uint64_t touched = 0;
	unsigned up_to = 0;
	/* A bit of the summary too many costs the hart a look. */
	uint32_t words;

	barrier_read_before_write();
	vector_hold(space, n);
	for (struct irq_desc *const *end = descs + n; descs < end; descs++) {
		struct irq_desc *desc = *descs;
		unsigned identity = desc->identity, hart = desc->hart;
		struct hart *at = harts[hart];

		park(at, identity, desc, RETIRE_LEFT);
		/* From here on the descriptor may be another's. */
		retire_set_bit(at, identity, 1);
		up_to |= identity;
		if (hart < TOUCHED)
			touched |= BIT64(hart);
		else
			kick_one(at, BIT(identity / 64));
	}
	words = GENMASK(up_to / 64, 0);
	for (; touched; touched &= touched - 1)
		kick_one(harts[lowest_bit(touched)], words);
}

/* Places that were kept until now: a bit an identity. */
struct kept {
	uint64_t bits[VECTOR_WORDS];
	unsigned n;
};

/* First the tag: what is taken back and kept once more is not what the sender is asked for. */
static void take_kept(struct hart *hart, struct kept *kept)
{
	for (unsigned id = 1; id <= hart->max_id; id++) {
		/* acquire: pairs with park(); the source sends elsewhere since */
		uintptr_t parked = atomic_load_explicit(&hart->parked[id], memory_order_acquire);

		if (tag_of(parked) != RETIRE_KEPT)
			continue;
		/* Before it can be taken back. */
		vector_hold(space, 1);
		if (change_tag(hart, id, parked, RETIRE_LEFT)) {
			kept->bits[id / 64] |= BIT64(id % 64);
			kept->n++;
		} else {
			vector_unhold(space, 1);
		}
	}
}

static void give_kept(struct hart *hart, const struct kept *kept, bool drained)
{
	for (unsigned id = 1; id <= hart->max_id; id++) {
		uintptr_t parked = atomic_load_explicit(&hart->parked[id], memory_order_relaxed);

		if (!(kept->bits[id / 64] >> id % 64 & 1))
			continue;
		if (drained)
			set_retired(hart, id, 1);
		else if (tag_of(parked) == RETIRE_LEFT && change_tag(hart, id, parked, RETIRE_KEPT))
			vector_unhold(space, 1);
	}
}

void retire_kept(bool (*sync)(void))
{
	struct hart *hart = this_hart();
	struct kept kept = { .n = 0 };

	take_kept(hart, &kept);
	if (!kept.n)
		return;
	give_kept(hart, &kept, sync());
	smp_kick(hart->index);
}

/* --- coming back --- */

/*
 * What is not the place that it has left last is looked for in all of them: it has been at three harts or more,
 * faster than the first one drains.
 */
unsigned retire_find_left(const struct irq_desc *desc, const struct hart *at)
{
	unsigned identity;

	/* relaxed: only the owner, who asks, makes them more */
	if (atomic_load_explicit(&desc->places, memory_order_relaxed) == 1)
		return 0;
	if (desc->left_hart == at->index)
		return desc->left_identity;
	for (identity = at->max_id; identity; identity--) {
		uintptr_t parked =
			atomic_load_explicit(&at->parked[identity], memory_order_relaxed);

		if (desc_of(parked) == desc && tag_of(parked) != RETIRE_HERE)
			break;
	}
	return identity;
}

bool retire_take_back_at(struct irq_desc *desc, unsigned hart, unsigned identity)
{
	struct hart *at = smp_hart(hart);
	enum retire_tag tag = untag(desc, at, identity);

	if (tag == RETIRE_HERE)
		return false;
	if (tag != RETIRE_KEPT)
		vector_unhold(space, 1);
	irq_slot_publish_at(at, identity, desc);
	return true;
}

unsigned retire_take_back(struct irq_desc *desc, unsigned hart)
{
	unsigned identity = retire_find_left(desc, smp_hart(hart));

	return retire_take_back_at(desc, hart, identity) ? identity : 0;
}

/* --- the hart itself, in its interrupt context --- */

struct irq_desc *retire_late(unsigned identity)
{
	struct hart *hart = this_hart();
	/* acquire: pairs with park(). Never NULL: only this hart frees, and not meanwhile. */
	uintptr_t parked = atomic_load_explicit(&hart->parked[identity], memory_order_acquire);

	/*
	 * late_again. The completion of this claim may send the identity again, after the DRAIN
	 * that its batch waits for. KICK is claimed only when that is done, and so the next
	 * DRAIN is stored after it.
	 */
	if ((tag_of(parked) == RETIRE_BATCH || tag_of(parked) == RETIRE_SEEN) &&
	    change_tag(hart, identity, parked, RETIRE_LEFT)) {
		set_retired(hart, identity, 1);
		smp_kick(hart->index);
	}
	return desc_of(parked);
}

/* The places of a word that are left now go to the batch; what was taken back does not. */
static uint64_t take_word(struct hart *hart, unsigned word)
{
	/* acquire: pairs with set_retired() */
	uint64_t bits =
		atomic_exchange_explicit(&hart->retire->retired[word], 0, memory_order_acquire);
	uint64_t taken = 0;

	for (; bits; bits &= bits - 1) {
		unsigned identity = 64 * word + lowest_bit(bits);
		uintptr_t parked =
			atomic_load_explicit(&hart->parked[identity], memory_order_relaxed);

		if (tag_of(parked) == RETIRE_LEFT &&
		    change_tag(hart, identity, parked, RETIRE_BATCH))
			taken |= bits & -bits;
	}
	return taken;
}

static void take_batch(struct hart *hart)
{
	struct retire *retire = hart->retire;
	/* acquire: pairs with set_retired() */
	uint32_t words = atomic_exchange_explicit(&retire->summary, 0, memory_order_acquire);

	for (; words; words &= words - 1) {
		unsigned word = lowest_bit(words);

		retire->batch[word] = take_word(hart, word);
		if (retire->batch[word])
			retire->batch_words |= BIT(word);
	}
	if (!retire->batch_words)
		return;
	/* store_drain: after the tags were seen, and with them the flushes (M16) */
	barrier_release_to_device();
	irq_file->drain();
}

void retire_kicked(void)
{
	struct hart *hart = this_hart();

	if (!hart->retire->batch_words &&
	    atomic_load_explicit(&hart->retire->summary, memory_order_relaxed))
		take_batch(hart);
}

/* false: taken back */
static bool free_place(struct hart *hart, unsigned identity, uintptr_t parked)
{
	struct irq_desc *desc = desc_of(parked);
	uintptr_t from = parked;

	/* acq_rel: what the vector did here comes before what the next one does */
	if (!atomic_compare_exchange_strong_explicit(&hart->parked[identity], &from, 0,
						     memory_order_acq_rel, memory_order_relaxed))
		return false;
	storm_forget(identity);
	/* Handed on by the release to the space. */
	atomic_store_explicit(&hart->slots[identity], &irq_unowned, memory_order_relaxed);
	if (desc->chip->drained)
		desc->chip->drained(desc, hart->index);
	irq_desc_put(desc);
	return true;
}

static void free_word(struct hart *hart, unsigned word)
{
	uint64_t bits = hart->retire->batch[word], pending = irq_file->pending(word), freed = 0;

	for (; bits; bits &= bits - 1) {
		uint64_t bit = bits & -bits;
		unsigned identity = 64 * word + lowest_bit(bits);
		uintptr_t parked =
			atomic_load_explicit(&hart->parked[identity], memory_order_relaxed);

		if (tag_of(parked) != RETIRE_BATCH)
			continue;
		if (pending & bit)
			change_tag(hart, identity, parked, RETIRE_SEEN); /* mark_seen */
		else if (free_place(hart, identity, parked))
			freed |= bit;
	}
	if (freed)
		vector_release_held(space, hart->index, word, freed);
}

/* claim_drain */
void retire_drained(void)
{
	struct hart *hart = this_hart();
	uint32_t words = hart->retire->batch_words;

	hart->retire->batch_words = 0;
	for (; words; words &= words - 1)
		free_word(hart, lowest_bit(words));
	take_batch(hart);
}

/* --- */

static bool is_free_or_left(const struct hart *at, unsigned identity)
{
	const struct irq_desc *slot =
		atomic_load_explicit(&at->slots[identity], memory_order_relaxed);

	return slot == &irq_unowned || slot == &irq_parked;
}

bool retire_would_fit(unsigned hart, unsigned other, unsigned n)
{
	const struct hart *at = smp_hart(hart), *too = smp_hart(other);

	/* Identity 0 does not exist. */
	for (unsigned first = n; at->slots && first + n - 1 <= MIN(at->max_id, too->max_id);
	     first += n) {
		unsigned i = 0;

		while (i < n && is_free_or_left(at, first + i) && is_free_or_left(too, first + i))
			i++;
		if (i == n)
			return true;
	}
	return false;
}

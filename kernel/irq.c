// SPDX-License-Identifier: Apache-2.0
/*
 * The ownership word and the in-progress latch (docs/msi.md M5; model:
 * tests/model/latch.pml). No function here waits, but irq_kill().
 */
#include "kernel/irq.h"

#include <errno.h>

#include "arch/atomic.h"
#include "arch/barrier.h"
#include "flavour/contention.h"
#include "kernel/irq_block.h"
#include "kernel/mem.h"
#include "kernel/retire.h"
#include "kernel/smp.h"
#include "kernel/storm.h"

struct irq_desc irq_unowned = { .state = IRQ_OFF, .kind = IRQ_KIND_SPECIAL, .name = "unowned" };
struct irq_desc irq_parked = { .state = IRQ_OFF, .kind = IRQ_KIND_SPECIAL, .name = "parked" };
_Atomic uint64_t irq_spurious_total;
const struct irq_file_ops *irq_file;

uint64_t irq_handled(const struct irq_desc *desc)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < smp_count(); i++)
		sum += __atomic_load_n(&desc->handled[i], __ATOMIC_RELAXED);
	return sum;
}

int irq_hart_init(unsigned index, unsigned max_id)
{
	struct hart *hart = smp_hart(index);
	size_t bytes = (max_id + 1) * sizeof(*hart->slots);

	hart->slots = page_alloc(bytes, PAGE_SIZE);
	hart->parked = page_alloc((max_id + 1) * sizeof(*hart->parked), PAGE_SIZE);
	if (!hart->slots || !hart->parked || storm_hart_init(index, max_id) ||
	    retire_hart_init(index))
		return -ENOMEM;
	for (unsigned id = 0; id <= max_id; id++)
		atomic_store_explicit(&hart->slots[id], &irq_unowned, memory_order_relaxed);
	hart->max_id = max_id;
	return 0;
}

void irq_set_file_ops(const struct irq_file_ops *ops)
{
	irq_file = ops;
}

/* --- the owner --- */

/* Any of these: a latched event is for whoever clears it to take, or for nobody. */
#define IRQ_LATCHED (IRQ_SHUT | IRQ_RUN)

/* Takes the latched event, if it is nobody else's to take: not OFF, no handler running. */
static bool take_pend(struct irq_desc *desc)
{
	uint32_t s = atomic_load_explicit(&desc->state, memory_order_relaxed);

	/* Fails only if another hart changed the word: lock-free. */
	do {
		if ((s & (IRQ_PEND | IRQ_LATCHED)) != IRQ_PEND)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(&desc->state, &s, s & ~IRQ_PEND,
							memory_order_acq_rel,
							memory_order_relaxed) &&
		 contention_lost());
	return true;
}

/* A move that could not be made is no longer wished, unless another place was wished meanwhile. */
static void drop_target(struct irq_desc *desc, uint32_t failed)
{
	uint32_t here = FIELD_PREP(IRQ_TARGET_MASK, (uint32_t)desc->hart);
	uint32_t s = atomic_load_explicit(&desc->state, memory_order_relaxed);

	while (FIELD_GET(IRQ_TARGET_MASK, s) == failed &&
	       !atomic_compare_exchange_weak_explicit(&desc->state, &s,
						      (s & ~IRQ_TARGET_MASK) | here,
						      memory_order_relaxed, memory_order_relaxed))
		;
}

int irq_apply_move(struct irq_desc *desc, uint32_t target)
{
	int rc = -EOPNOTSUPP;

	/* The registers as the owner before left them. */
	barrier_acquire_to_device();
	if (desc->chip->set_affinity)
		rc = desc->chip->set_affinity(desc, target);
	if (rc)
		drop_target(desc, target);
	else
		irq_has_moved(desc, target);
	return rc;
}

/* What the shadow is when the source does what the word says. */
static uint8_t shadow_for(uint32_t word)
{
	uint8_t shadow = word & (IRQ_INACTIVE | IRQ_SUSPENDED) ? 0 : IRQ_SHADOW_WRITTEN;

	return word & IRQ_SHUT ? shadow | IRQ_SHADOW_MASKED : shadow;
}

static inline __attribute__((always_inline)) int apply_registers(struct irq_desc *desc,
								 uint8_t want)
{
	const struct irq_chip *chip = desc->chip;
	uint8_t change = desc->shadow ^ want;

	/* The registers as the owner before left them. */
	barrier_acquire_to_device();
	if (change & want & IRQ_SHADOW_WRITTEN)
		return chip->activate(desc, want);
	if (!(want & IRQ_SHADOW_WRITTEN))
		atomic_store_explicit(&desc->steady, IRQ_NEVER_STEADY, memory_order_relaxed);
	/* First the note: the source may send, and its handler look, before unmask() is back. */
	desc->shadow = want;
	if (change & IRQ_SHADOW_MASKED) {
		if (want & IRQ_SHADOW_MASKED)
			chip->mask(desc);
		else
			chip->unmask(desc);
	}
	return 0;
}

int irq_apply_word(struct irq_desc *desc, uint32_t word)
{
	uint8_t want = shadow_for(word);
	int rc = desc->shadow == want ? 0 : apply_registers(desc, want);

	if (__builtin_expect(word & IRQ_PEND, 0) && take_pend(desc)) {
		desc->chip->retrigger(desc);
		/* The next owner may leave the place: what is stored there comes before its kick (M11). */
		barrier_write_before_release();
	}
	return rc;
}

/*
 * Lets go of the word if nothing was wished since `applied` was read. RUN may flip at
 * any time. A new wish sends the owner round again; so does an event that is nobody's:
 * masked and unmasked meanwhile, the wish looks the same.
 */
static bool disown(struct irq_desc *desc, uint32_t applied)
{
	uint32_t s = applied;

	do {
		if (((s ^ applied) & IRQ_WISH_MASK) || (s & (IRQ_PEND | IRQ_LATCHED)) == IRQ_PEND)
			return false;
		/* release: the next owner sees shadow, hart and identity */
	} while (!atomic_compare_exchange_weak_explicit(&desc->state, &s, s & ~IRQ_OWNED,
							memory_order_release,
							memory_order_relaxed) &&
		 contention_lost());
	return true;
}

/* One round: the word as it is now is applied. The result of the move, or of the registers. */
static int apply(struct irq_desc *desc, uint32_t *applied)
{
	uint32_t word = atomic_load_explicit(&desc->state, memory_order_acquire);
	uint32_t target = FIELD_GET(IRQ_TARGET_MASK, word);
	int rc = 0, error;

	if (__builtin_expect(target != desc->hart && !(word & IRQ_DEAD), 0)) {
		rc = irq_apply_move(desc, target);
		/* What is wished instead now, the registers follow. */
		if (rc)
			word = atomic_load_explicit(&desc->state, memory_order_acquire);
	}
	*applied = word;
	error = irq_apply_word(desc, word);
	rc = rc ? rc : error;
	/* A target that was wished while the last one failed is still to be tried. */
	if (__builtin_expect(FIELD_GET(IRQ_TARGET_MASK, word) != desc->hart, 0) &&
	    !(word & IRQ_DEAD))
		*applied = ~word;
	return rc;
}

__attribute__((noinline)) int irq_own_until_no_wish_is_new(struct irq_desc *desc)
{
	uint32_t applied;
	int rc;

	do {
		rc = apply(desc, &applied);
	} while (!disown(desc, applied));
	return rc;
}

/*
 * Holder of OWNED, which read or wrote `word`: brings the source to the wishes until none is new. The common round
 * stands here by itself: no move, no latched event, nobody else at the word.
 */
static __attribute__((noinline)) int own(struct irq_desc *desc, uint32_t word)
{
	uint8_t want = shadow_for(word);
	int rc;

	if ((word & IRQ_PEND) || FIELD_GET(IRQ_TARGET_MASK, word) != desc->hart)
		return irq_own_until_no_wish_is_new(desc);
	rc = desc->shadow == want ? 0 : apply_registers(desc, want);
	/* The next owner sees shadow, hart and identity, and finds the registers as they are now. */
	if (arch_cas(&desc->state, word, word & ~IRQ_OWNED))
		return rc;
	contention_lost();
	return irq_own_until_no_wish_is_new(desc);
}

/* OWNED was set: its holder will see the wish. A block holds it of its messages for good. */
static __attribute__((noinline)) int leave(struct irq_desc *desc)
{
	contention_helped();
	return desc->block ? irq_block_wished(desc->block) : 0;
}

/*
 * The wish is written; now OWNED: who finds it clear applies the wish, else its holder
 * will see it, as it lets go only when no wish is new. acquire pairs with disown().
 */
static int own_or_leave(struct irq_desc *desc)
{
	/* acquire: pairs with disown(); the wish before it was a release */
	uint32_t s = atomic_fetch_or_explicit(&desc->state, IRQ_OWNED, memory_order_acquire);

	return s & IRQ_OWNED ? leave(desc) : own(desc, s | IRQ_OWNED);
}

static int wish_set(struct irq_desc *desc, uint32_t bits)
{
	uint32_t s = atomic_fetch_or_explicit(&desc->state, bits | IRQ_OWNED, memory_order_acq_rel);

	return s & IRQ_OWNED ? leave(desc) : own(desc, s | bits | IRQ_OWNED);
}

static void wait_clear(struct irq_desc *desc, uint32_t bits)
{
	while (atomic_load_explicit(&desc->state, memory_order_acquire) & bits)
		cpu_relax();
}

void irq_wait_dead(struct irq_desc *desc)
{
	/* A block holds OWNED for good; who owns the block shows in its lead. */
	wait_clear(desc, IRQ_RUN | (desc->block ? IRQ_LEAD_OWNED : IRQ_OWNED));
}

/*
 * As own_or_leave(), but done when it is back: another owner may be writing the message, of
 * which the function must not send half. If that fails, it is found not written here.
 */
static int own_or_wait(struct irq_desc *desc)
{
	int rc;

	if (desc->block) {
		rc = own_or_leave(desc);
		while (!irq_settled(desc))
			cpu_relax();
		return rc;
	}
	for (;;) {
		/* acquire: pairs with disown(); the wish before it was a release */
		uint32_t s =
			atomic_fetch_or_explicit(&desc->state, IRQ_OWNED, memory_order_acquire);

		if (!(s & IRQ_OWNED))
			return own(desc, s | IRQ_OWNED);
		wait_clear(desc, IRQ_OWNED);
	}
}

int irq_activate(struct irq_desc *desc)
{
	/* release: pairs with the owner's acquire; handler and arg come first */
	atomic_fetch_and_explicit(&desc->state, ~IRQ_INACTIVE, memory_order_release);
	return own_or_wait(desc);
}

void irq_deactivate(struct irq_desc *desc)
{
	wish_set(desc, IRQ_INACTIVE);
}

void irq_suspend(struct irq_desc *desc)
{
	wish_set(desc, IRQ_SUSPENDED);
}

void irq_latch(struct irq_desc *desc)
{
	/* release: pairs with the acquire of who takes it; what the event tells of comes first */
	atomic_fetch_or_explicit(&desc->state, IRQ_PEND, memory_order_release);
}

int irq_resume(struct irq_desc *desc)
{
	/* release: pairs with the owner's acquire */
	atomic_fetch_and_explicit(&desc->state, ~IRQ_SUSPENDED, memory_order_release);
	return own_or_wait(desc);
}

/* Out of line and called last: the common case then saves no register. `s`, of it these bits, came with OWNED. */
#define OWN_SLOW (IRQ_OWNED | IRQ_STORMED)
static __attribute__((noinline)) int own_slow(struct irq_desc *desc, uint32_t s)
{
	if (s & IRQ_OWNED)
		leave(desc);
	else
		own(desc, atomic_load_explicit(&desc->state, memory_order_acquire));
	return s & IRQ_STORMED ? -EAGAIN : 0;
}

void irq_own(struct irq_desc *desc)
{
	struct irq_desc *lead = desc->block ? desc->block->descs[0] : desc;
	uint32_t owned = desc->block ? IRQ_LEAD_OWNED : IRQ_OWNED;

	/* acquire: pairs with disown() and disown_lead() */
	while (atomic_fetch_or_explicit(&lead->state, owned, memory_order_acquire) & owned)
		cpu_relax();
}

__attribute__((noinline)) int irq_disown(struct irq_desc *desc)
{
	if (desc->block)
		irq_block_disown(desc->block);
	else
		irq_own_until_no_wish_is_new(desc);
	return 0;
}

void irq_mask(struct irq_desc *desc)
{
	/* acquire: pairs with disown(); with the wish goes nothing that its owner must see */
	uint32_t s =
		atomic_fetch_or_explicit(&desc->state, IRQ_OFF | IRQ_OWNED, memory_order_acquire);

	if (__builtin_expect(!irq_is_steady(desc, s), 0)) {
		own_slow(desc, s & OWN_SLOW);
		return;
	}
	barrier_acquire_to_device();
	irq_write_mask(desc, IRQ_OFF);
	if (!arch_cas(&desc->state, s | IRQ_OFF | IRQ_OWNED, s | IRQ_OFF))
		irq_disown(desc);
}

int irq_unmask(struct irq_desc *desc)
{
	uint32_t s;

	/* release: pairs with the owner's acquire */
	atomic_fetch_and_explicit(&desc->state, ~IRQ_OFF, memory_order_release);
	s = atomic_fetch_or_explicit(&desc->state, IRQ_OWNED, memory_order_acquire);
	if (__builtin_expect(!irq_is_steady(desc, s), 0))
		return own_slow(desc, s & OWN_SLOW);
	barrier_acquire_to_device();
	irq_write_mask(desc, 0);
	if (!arch_cas(&desc->state, s | IRQ_OWNED, s))
		return irq_disown(desc);
	return 0;
}

__attribute__((noinline)) int irq_post_move(struct irq_desc *desc, unsigned hart)
{
	uint32_t s, next;

	/* The lead's target is the block's. */
	if (desc->block)
		desc = desc->block->descs[0];
	s = atomic_load_explicit(&desc->state, memory_order_relaxed);
	/* Fails only if another hart changed the word: lock-free. */
	do {
		if (s & IRQ_DEAD)
			return -EINVAL;
		next = (s & ~IRQ_TARGET_MASK) | FIELD_PREP(IRQ_TARGET_MASK, (uint32_t)hart) |
		       IRQ_OWNED;
		/* seq_cst: who lets the hart go sees the target, or its owner that the hart goes */
	} while (!atomic_compare_exchange_weak_explicit(
			 &desc->state, &s, next, memory_order_seq_cst, memory_order_relaxed) &&
		 contention_lost());
	if (!(s & IRQ_OWNED))
		return own(desc, next);
	return desc->block ? irq_block_move(desc->block) : 0;
}

bool irq_settled(const struct irq_desc *desc)
{
	const struct irq_desc *lead = desc->block ? desc->block->descs[0] : desc;

	/* acquire: pairs with the release in disown() and disown_lead() */
	return !(atomic_load_explicit(&lead->state, memory_order_acquire) &
		 (desc->block ? IRQ_LEAD_OWNED : IRQ_OWNED));
}

int irq_move_failed(struct irq_desc *desc, unsigned hart, int rc)
{
	drop_target(desc, hart);
	irq_own_until_no_wish_is_new(desc);
	return rc;
}

int irq_set_affinity(struct irq_desc *desc, unsigned hart)
{
	uint32_t s;

	if (!smp_online(hart))
		return -ENODEV;
	/* relaxed: the compare-and-swap decides */
	s = atomic_load_explicit(&desc->state, memory_order_relaxed);
	if (!irq_is_steady(desc, s) || FIELD_GET(IRQ_TARGET_MASK, s) == hart)
		return irq_post_move(desc, hart);
	return desc->chip->move_steady(desc, hart, s);
}

/* --- the latch --- */

static void count(_Atomic uint32_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static struct irq_desc *claim_nobody(uint32_t identity)
{
	atomic_fetch_add_explicit(&irq_spurious_total, 1, memory_order_relaxed);
	if (identity) {
		count(&irq_unowned.spurious);
		storm_note(identity, NULL);
	}
	return NULL;
}

/*
 * In place of an identity: the controller holds the source back until its event is taken. So
 * each refused event is latched, and there is no storm.
 */
#define HELD_BACK 0

/* RUN or IRQ_SHUT was set: leave the event latched, unless that has just ended. */
static struct irq_desc *latch(struct irq_desc *desc, uint32_t old, uint32_t identity)
{
	bool mine = !(old & IRQ_RUN);
	uint32_t s = atomic_load_explicit(&desc->state, memory_order_relaxed), next;

	/* Fails only if another hart changed the word: lock-free. */
	do {
		if (!mine && (s & IRQ_RUN))
			next = s | IRQ_PEND;
		else if ((s & (IRQ_DEAD | IRQ_INACTIVE)) && identity != HELD_BACK)
			next = s & ~IRQ_RUN;
		else if (s & IRQ_SHUT)
			next = (s | IRQ_PEND) & ~IRQ_RUN;
		else
			next = s | IRQ_RUN;
		/* acquire: a handler that starts sees what the one before did */
	} while (!atomic_compare_exchange_weak_explicit(
			 &desc->state, &s, next, memory_order_acq_rel, memory_order_relaxed) &&
		 contention_lost());
	if ((next & IRQ_RUN) && (mine || !(s & IRQ_RUN)))
		return desc;
	if (s & IRQ_DEAD)
		count(&desc->dead);
	else if (s & IRQ_INACTIVE)
		count(&desc->spurious);
	if ((s & IRQ_SHUT) && identity != HELD_BACK)
		storm_note(identity, desc);
	return NULL;
}

struct irq_desc *irq_claim_slow(struct irq_desc *desc, uint32_t old, uint32_t identity)
{
	if (desc == &irq_unowned)
		return claim_nobody(identity);
	if (desc == &irq_parked) {
		desc = retire_late(identity);
		old = atomic_fetch_or_explicit(&desc->state, IRQ_RUN, memory_order_acquire);
		if (!(old & IRQ_DEAD))
			count(&desc->late);
		if (!(old & IRQ_LATCHED))
			return desc;
	}
	return latch(desc, old, identity);
}

void irq_complete_slow(struct irq_desc *desc, uint32_t identity)
{
	if (take_pend(desc))
		irq_file->resend(identity);
}

static void run_handler(struct irq_desc *desc)
{
	struct hart *hart = this_hart();
	/* A timer's, where a controller sends again by one. */
	struct irq_desc *outer = hart->current;

	hart->current = desc;
	desc->handler(desc->arg);
	hart->current = outer;
	/* relaxed: this hart's own counter */
	__atomic_store_n(&desc->handled[hart->index], desc->handled[hart->index] + 1,
			 __ATOMIC_RELAXED);
}

void irq_dispatch(struct irq_desc *desc)
{
	uint32_t old;

	if (!desc) {
		claim_nobody(HELD_BACK);
		return;
	}
	/* acquire: pairs with the release below, on whichever hart ran last */
	old = atomic_fetch_or_explicit(&desc->state, IRQ_RUN, memory_order_acquire);
	if ((old & IRQ_LATCHED) && !latch(desc, old, HELD_BACK))
		return;
	run_handler(desc);
	old = atomic_fetch_and_explicit(&desc->state, ~IRQ_RUN, memory_order_release);
	if ((old & IRQ_PEND) && take_pend(desc))
		desc->chip->retrigger(desc);
	else
		desc->chip->eoi(desc);
}

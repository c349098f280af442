// SPDX-License-Identifier: Apache-2.0
/*
 * The steps, with the names that they have in docs/msi.md M12: close, reserve, move,
 * drain, stop. The closer, in another hart's thread, looks again at what sits on the hart
 * until its file is empty: what a claim under way still put there while it was being
 * closed is found by the next look, as its identity is not free until it has left again.
 */
#include "kernel/hart_off.h"

#include <errno.h>
#include <stdlib.h>

#include "arch/irqflags.h"
#include "arch/start.h"
#include "kernel/irq_block.h"
#include "kernel/lib/log.h"
#include "kernel/time.h"

/* More than the longest pause of a storm, whose timer is waited for. */
#define OFF_TIMEOUT_MS 5000

static _Atomic uint32_t in_flight; /* one goes or comes at a time */

static bool change_state(struct hart *hart, uint32_t from, uint32_t to)
{
	/* seq_cst: smp_post() and PLIC and APLIC look at it after they have put something there */
	return atomic_compare_exchange_strong_explicit(&hart->state, &from, to,
						       memory_order_seq_cst, memory_order_relaxed);
}

static uint32_t state_of(const struct hart *hart)
{
	return atomic_load_explicit(&hart->state, memory_order_acquire);
}

/* --- what sits on the hart --- */

/* Machines without interrupt files: sources are where their word or they say. */
static bool sits_on(const struct irq_desc *desc, unsigned hart)
{
	/* seq_cst, with who moves it here: either we see it, or it sees that the hart leaves */
	uint32_t state = atomic_load_explicit(&desc->state, memory_order_seq_cst);

	return FIELD_GET(IRQ_TARGET_MASK, state) == hart || desc->hart == hart;
}

static unsigned nr_seats(const struct hart *hart)
{
	return hart->slots ? hart->max_id + 1 : irq_desc_count();
}

static bool moves(const struct irq_desc *desc)
{
	return desc->kind == IRQ_KIND_WIRED || desc->kind == IRQ_KIND_MSI;
}

/* What sits at the n-th identity of the file or, without one, the n-th descriptor; NULL: nothing that moves. */
static struct irq_desc *vector_at(const struct hart *hart, unsigned n)
{
	struct irq_desc *desc;

	if (!hart->slots) {
		desc = irq_desc_at(n);
		return moves(desc) && sits_on(desc, hart->index) ? desc : NULL;
	}
	/* acquire: pairs with irq_slot_publish() */
	desc = atomic_load_explicit(&hart->slots[n], memory_order_acquire);
	if (!moves(desc))
		return NULL;
	/* A block moves with its lead. */
	return !desc->block || desc->block->descs[0] == desc ? desc : NULL;
}

/* How many places the n-th needs elsewhere. */
static unsigned messages_at(const struct hart *hart, unsigned n)
{
	const struct irq_desc *desc = vector_at(hart, n);

	if (!desc)
		return 0;
	return desc->block ? desc->block->n : 1;
}

/* --- reserve --- */

static _Atomic uint32_t *exits_of(const struct hart *hart)
{
	return atomic_load_explicit(&hart->exits, memory_order_acquire);
}

/* What nobody took goes back. */
static void drop_exits(struct hart *hart)
{
	_Atomic uint32_t *exits = exits_of(hart);

	for (unsigned id = 1; exits && id <= hart->max_id; id++) {
		uint32_t exit = atomic_load_explicit(&exits[id], memory_order_relaxed);
		struct vector_place place;

		if (!hart_take_exit(&exits[id], exit, &place))
			continue;
		for (unsigned n = EXIT_COUNT(exit); n; n--, place.identity++)
			smp_hart_ops->unreserve(&place);
	}
}

/* Once a hart; stay with it. */
static bool has_exits(struct hart *hart)
{
	_Atomic uint32_t *exits = exits_of(hart);

	if (!exits)
		exits = calloc(hart->max_id + 1, sizeof(*exits));
	/* release: pairs with hart_has_exit() */
	atomic_store_explicit(&hart->exits, exits, memory_order_release);
	return exits != NULL;
}

/* The places of the set to the vectors that sit there; n: at most, some may have gone. */
static void deal_exits(struct hart *hart, const struct vector_place *places, unsigned n)
{
	_Atomic uint32_t *exits = exits_of(hart);

	for (unsigned id = 1; id <= hart->max_id && n; id++) {
		if (messages_at(hart, id) != 1)
			continue;
		atomic_store_explicit(&exits[id], EXIT(places, 1), memory_order_release);
		places++;
		n--;
	}
	for (; n; n--)
		smp_hart_ops->unreserve(places++);
}

static int reserve_singles(struct hart *hart)
{
	struct vector_place *places;
	unsigned n = 0;
	int rc;

	for (unsigned id = 1; id <= hart->max_id; id++)
		n += messages_at(hart, id) == 1;
	if (!n)
		return 0;
	places = malloc(n * sizeof(*places));
	if (!places)
		return -ENOMEM;
	rc = smp_hart_ops->reserve(n, false, places);
	if (!rc)
		deal_exits(hart, places, n);
	free(places);
	return rc;
}

static int reserve_blocks(struct hart *hart)
{
	_Atomic uint32_t *exits = exits_of(hart);
	int rc = 0;

	for (unsigned id = 1; id <= hart->max_id && !rc; id++) {
		unsigned n = messages_at(hart, id);
		struct vector_place place;

		if (n < 2)
			continue;
		rc = smp_hart_ops->reserve(n, true, &place);
		if (!rc)
			atomic_store_explicit(&exits[id], EXIT(&place, n), memory_order_release);
	}
	return rc;
}

/* A place elsewhere for each vector of the hart, as one set: blocks first, as they are the harder ones. */
static int reserve(struct hart *hart)
{
	int rc;

	if (!smp_hart_ops->reserve)
		return 0;
	if (!has_exits(hart))
		return -ENOMEM;
	rc = reserve_blocks(hart);
	if (!rc)
		rc = reserve_singles(hart);
	if (rc)
		drop_exits(hart);
	return rc;
}

/* --- move --- */

/* What sits at n: to its reserved place, or wherever it can be. */
static int move(const struct hart *hart, unsigned n, struct irq_desc *desc)
{
	_Atomic uint32_t *exits = exits_of(hart);
	uint32_t exit = exits ? exits[n] : 0;
	int rc = exit ? irq_set_affinity(desc, EXIT_HART(exit)) : -ENOSPC;

	for (unsigned i = 0; i < smp_count() && (rc == -ENOSPC || rc == -EOPNOTSUPP); i++) {
		unsigned to = (hart->index + 1 + i) % smp_count();

		if (smp_online(to))
			rc = irq_set_affinity(desc, to);
	}
	return rc;
}

/* Posts the move of all that is there. How many, or what one answers that will not go. */
static int move_all(const struct hart *hart)
{
	int left = 0;

	for (unsigned n = 0; n < nr_seats(hart); n++) {
		struct irq_desc *desc = vector_at(hart, n);
		int rc = desc ? move(hart, n, desc) : 0;

		left += desc != NULL;
		/* Freed, or lost against another who claims: the next look tells. */
		if (rc >= 0 || rc == -EINVAL || rc == -EAGAIN)
			continue;
		log_warn("hart %u: irq %u (%s) can't leave it: error %d", hart->index,
			 irq_number(desc), desc->name ? desc->name : "?", -rc);
		return rc;
	}
	return left;
}

/* --- drain, stop: the hart's own part --- */

int hart_stop(void)
{
	struct hart *hart = this_hart();
	int rc = arch_stop_hart(hart);

	hart->start_sp = hart->stack_top;
	return rc;
}

/* OFFLINE, for all others. The state to go back to when it stays, or OFFLINE: it was away. */
static uint32_t leave(struct hart *hart)
{
	/* seq_cst, with smp_post(): either it sees that we are off, or we its work */
	if (atomic_load_explicit(&hart->work, memory_order_seq_cst) ||
	    !smp_hart_ops->quiet(hart->index))
		return HART_STOPPING;
	if (!hart_stop())
		return HART_OFFLINE;
	smp_hart_ops->up(hart->index);
	return HART_LEAVING;
}

void hart_stop_if_asked(void)
{
	struct hart *hart = this_hart();
	irqflags_t flags;

	if (atomic_load_explicit(&hart->state, memory_order_relaxed) != HART_STOPPING)
		return;
	flags = irq_save();
	if (!hart->timers && (!smp_hart_ops->empty || smp_hart_ops->empty(hart->index)) &&
	    change_state(hart, HART_STOPPING, HART_OFFLINE)) {
		uint32_t state = leave(hart);

		if (state != HART_OFFLINE)
			change_state(hart, HART_OFFLINE, state);
	}
	irq_restore(flags);
}

/* --- the closer --- */

static bool is_stopped(void *arg)
{
	const struct hart *hart = arg;

	return state_of(hart) == HART_OFFLINE && arch_hart_stopped(hart->hart_id);
}

static bool is_late(uint32_t start)
{
	return time_ms() - start >= OFF_TIMEOUT_MS;
}

/* Places in quarantine may be enough. */
static int reserve_in_time(struct hart *hart)
{
	uint32_t start = time_ms();
	int rc;

	while ((rc = reserve(hart)) == -EAGAIN && !is_late(start))
		time_sleep_ms(1);
	return rc == -EAGAIN ? -ENOSPC : rc;
}

static int move_until_none_is_left(const struct hart *hart)
{
	uint32_t start = time_ms();
	int left;

	while ((left = move_all(hart)) > 0) {
		if (is_late(start))
			return -EBUSY;
		time_sleep_ms(1);
	}
	return left;
}

/* The hart stops by itself once it is empty; what still comes there meanwhile is moved on. */
static int stop(struct hart *hart)
{
	uint32_t start = time_ms();

	change_state(hart, HART_LEAVING, HART_STOPPING);
	smp_kick(hart->index);
	while (!time_wait(is_stopped, hart, 1)) {
		int left = move_all(hart);

		/* Its own word: the firmware refuses. */
		if (state_of(hart) == HART_LEAVING)
			return -EIO;
		if (left >= 0 && !is_late(start))
			continue;
		if (change_state(hart, HART_STOPPING, HART_LEAVING))
			return left < 0 ? left : -EBUSY;
		if (is_late(start + OFF_TIMEOUT_MS) &&
		    change_state(hart, HART_OFFLINE, HART_FAILED)) {
			log_warn("hart %u went, and the firmware does not say so", hart->index);
			return -EIO;
		}
	}
	return 0;
}

static int off(struct hart *hart)
{
	int rc;

	if (!change_state(hart, HART_ONLINE, HART_LEAVING))
		return -ENODEV;
	if (smp_hart_ops->close)
		smp_hart_ops->close(hart->index);
	rc = reserve_in_time(hart);
	if (!rc)
		rc = move_until_none_is_left(hart);
	if (!rc)
		rc = stop(hart);
	drop_exits(hart);
	if (rc && change_state(hart, HART_LEAVING, HART_ONLINE) && smp_hart_ops->reopen)
		smp_hart_ops->reopen(hart->index);
	return rc;
}

static int on(struct hart *hart)
{
	switch (state_of(hart)) {
	case HART_ONLINE:
		return -EALREADY;
	case HART_OFFLINE:
	case HART_FAILED:
		return smp_start(hart->index);
	default:
		return -EBUSY;
	}
}

static int alone(unsigned index, int (*fn)(struct hart *hart))
{
	int rc;

	if (index >= smp_count())
		return -ENODEV;
	/* acquire and release: one after the other */
	if (atomic_exchange_explicit(&in_flight, 1, memory_order_acquire))
		return -EBUSY;
	rc = fn(smp_hart(index));
	atomic_store_explicit(&in_flight, 0, memory_order_release);
	return rc;
}

int hart_off(unsigned index)
{
	return index == smp_index() ? -EBUSY : alone(index, off);
}

int hart_on(unsigned index)
{
	return alone(index, on);
}

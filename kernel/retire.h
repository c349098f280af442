/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "kernel/irq.h"
#include "kernel/vector.h"

/*
 * Retirement (docs/msi.md M11; model: tests/model/retire.pml): a place, an identity of a
 * hart, that a vector has left stays the vector's until the hart has proved that nothing
 * for it is on its way any more. hart->slots[i] is irq_parked meanwhile, and
 * hart->parked[i] the vector's descriptor with a tag in its low bits. Only the hart
 * itself frees a place; nobody waits.
 */
enum retire_tag {
	RETIRE_HERE,  /* the vector sits here; or nobody: the pointer is NULL then */
	RETIRE_LEFT,  /* left: its bit in the hart's retired bitmap is set, or will be */
	RETIRE_BATCH, /* in the hart's batch: free if not pending when DRAIN is claimed */
	RETIRE_SEEN,  /* pending at DRAIN */
		      /* A claim of a place in the batch or seen leaves it once more. */
	RETIRE_KEPT,  /* retire_keep() */
};
#define RETIRE_TAGS 8 /* a descriptor's alignment */

/* Boot, each hart before it takes interrupts, from irq_hart_init(). 0 or -ENOMEM. */
int retire_hart_init(unsigned hart);
/* Boot, once: where drained places go. */
void retire_init(struct vector_space *space);

/*
 * The vector has left the place, or never came to use it, and what sent there has been
 * read back from. With it goes the retrigger rule: who re-sent to the place owned the
 * vector before. Any context, by the owner of the vector.
 */
void retire_place(struct irq_desc *desc, unsigned hart, unsigned identity);
/* The same for the current places of a set, all dead; one kick a hart. */
void retire_set(struct irq_desc *const *descs, unsigned n);
/* The same for an aligned block of n: vector i leaves identity first + i. One kick; not taken back. */
void retire_block(struct irq_desc *const *descs, unsigned n, unsigned hart, unsigned first);
/*
 * Leaves the place without a proof that nothing more can arrive: the vector's for good,
 * unless it comes back. Any context, by the owner of the vector.
 */
void retire_keep(struct irq_desc *desc, unsigned hart, unsigned identity);
/*
 * The vector returns to a hart (index) where it still has a place that it has left: that identity, published
 * again, or 0. Looks through the hart's places if it has others left, and the last one elsewhere. Any
 * context, by the owner of the vector.
 */
unsigned retire_take_back(struct irq_desc *desc, unsigned hart);
/* The first half: which one, as far as it is not drained meanwhile. */
struct hart;
unsigned retire_find_left(const struct irq_desc *desc, const struct hart *at);
/* The second, of this place, up to the hart's max_id. */
bool retire_take_back_at(struct irq_desc *desc, unsigned hart, unsigned identity);

/*
 * Retires what was kept at this hart, once sync() says that all that was sent to those places
 * before it was called has arrived. Own hart, interrupts off.
 */
void retire_kept(bool (*sync)(void));

/* A claim of this hart found irq_parked: whose place it is. Handler context. */
struct irq_desc *retire_late(unsigned identity);
/* This hart claimed KICK, or DRAIN. Handler context. */
void retire_kicked(void);
void retire_drained(void);

/*
 * Would an aligned block of n identities (a power of two) be free at the hart, and with the
 * same numbers at the other one, which may be the same, if nothing was left to be drained?
 * A snapshot; any context.
 */
bool retire_would_fit(unsigned hart, unsigned other, unsigned n);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "kernel/irq.h"
#include "kernel/smp.h"
#include "kernel/vector.h"

/*
 * Harts go away and come back (docs/msi.md M12). A hart that goes gives all its vectors to
 * others, without loss, and keeps what its thread has on the stack: when it comes back, it
 * goes on there.
 */

/*
 * Takes the hart (index) off line. 0; -ENODEV: no such hart, or not on line; -EBUSY: the
 * caller's own, which includes the last one; another goes or comes; or it does not get to
 * stop in time, as its thread is at work, a timer stays armed there or something does not
 * drain; -ENOSPC: its vectors find no room elsewhere; what a vector that can't be moved
 * answers, which is named in the log; -EIO: the firmware refuses. Then it stays on line, and
 * vectors that have moved stay moved. Thread context, interrupts on.
 */
int hart_off(unsigned index);
/*
 * Brings it back, its interrupt file open; vectors do not return by themselves. 0; -ENODEV:
 * no such hart; -EALREADY: on line; -EBUSY: as above, or it is still on its way; -EIO: it
 * did not come, and is named in the log. Thread context, interrupts on.
 */
int hart_on(unsigned index);

/* For kernel/smp.c. Own hart, thread context: stops here if somebody waits for that and nothing is left to do. */
void hart_stop_if_asked(void);
/* Own hart, interrupts off: stops. 0 when it is on line again, or -EIO: refused. */
int hart_stop(void);

/* A reserved place, or the first of an aligned block of n, in hart->exits by the identity of the vector that shall have it; 0: none. */
#define EXIT(place, n)      ((uint32_t)(place)->hart << 16 | log2_floor(n) << 11 | (place)->identity)
#define EXIT_HART(exit)     ((exit) >> 16)
#define EXIT_COUNT(exit)    (1u << ((exit) >> 11 & 7))
#define EXIT_IDENTITY(exit) ((exit)&VECTOR_MAX_ID)

/* Who gets it, and only one does, has the place: the owner of the vector, or the closer again. */
static inline bool hart_take_exit(_Atomic uint32_t *exit, uint32_t was, struct vector_place *place)
{
	/* acquire: pairs with the release in hart_off.c, for what the place's last holder did */
	if (!was || !atomic_compare_exchange_strong_explicit(exit, &was, 0, memory_order_acquire,
							     memory_order_relaxed))
		return false;
	*place = (struct vector_place){ .hart = (uint16_t)EXIT_HART(was),
					.identity = (uint16_t)EXIT_IDENTITY(was) };
	return true;
}

/*
 * For set_affinity, before it claims a place of its own: has its hart to go, and is one on
 * the other hart (index) reserved for it? By the owner, any context.
 */
static inline bool hart_has_exit(const struct irq_desc *desc, unsigned hart,
				 struct vector_place *to)
{
	/* acquire: pairs with the release in hart_off.c; they are there */
	_Atomic uint32_t *exits =
		atomic_load_explicit(&smp_hart(desc->hart)->exits, memory_order_acquire);
	uint32_t exit;

	if (!exits)
		return false;
	exit = atomic_load_explicit(&exits[desc->identity], memory_order_relaxed);
	return EXIT_HART(exit) == hart && hart_take_exit(&exits[desc->identity], exit, to);
}

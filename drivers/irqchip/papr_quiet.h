/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "kernel/smp.h"

/*
 * Waits until each hart has handled what had been presented to it: M11's counterpart, for
 * controllers whose root is a loop that ends when the hart finds nothing any more.
 */

/* Boot. 0 or -ENOMEM. */
int papr_quiet_init(void);

/* Requests, and by hart index up to which of them it has found nothing any more. */
extern _Atomic uint32_t papr_quiet_wanted;
extern _Atomic uint32_t *papr_quiet_reached;

/* Before each look for what is presented. Handler context. */
static inline uint32_t papr_quiet_look(void)
{
	/* seq_cst, with papr_quiesce(): what is found after it was presented after it */
	return atomic_load_explicit(&papr_quiet_wanted, memory_order_seq_cst);
}

/* The look found nothing; all that was found before is handled. wanted: what papr_quiet_look() said before it. */
static inline void papr_quiet_found_nothing(uint32_t wanted)
{
	/* release pairs with the acquire in papr_quiesce(): handlers are done */
	atomic_store_explicit(&papr_quiet_reached[smp_index()], wanted, memory_order_release);
}

/*
 * When it returns, what had been presented to any hart before is handled. Thread context,
 * interrupts on.
 */
void papr_quiesce(void);

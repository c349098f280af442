/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "kernel/irq.h"

/*
 * Storms (docs/msi.md M6): an identity that is claimed again and again while nobody
 * may handle it (unowned, dead or OFF) is shut off at this hart, for twice as long
 * each time. Vectors that are owned and on are never shut off.
 */
#define STORM_CLAIMS    256 /* within a millisecond */
#define STORM_LEVEL_MAX 10  /* pauses of at most 2^10 ms */

/* Room for identities 0 .. max_id of the hart (index), before it takes interrupts. 0 or -ENOMEM. */
int storm_hart_init(unsigned hart, unsigned max_id);
/* A claim of the identity was not granted; desc is its vector, or NULL. Handler context. */
void storm_note(unsigned identity, struct irq_desc *desc);
/* The identity is nobody's from now on: opened again if it was shut off. Handler context. */
void storm_forget(unsigned identity);
/* Identities that this kernel has shut off since boot. */
unsigned storm_total(void);

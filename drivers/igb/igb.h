/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "drivers/pci/pci.h"

/*
 * Intel 82576, as far as raising each of its MSI-X vectors and reading the causes
 * (Intel 82576EB Gigabit Ethernet Controller Datasheet, "Interrupts"); no frames.
 */
struct igb;

/* NULL: not a function that this driver has. */
struct igb *igb_of(const struct pci_function *fn);

/* The same of a virtual function: raise and igb_vectors() work on both. */
struct igb *igb_vf_of(const struct pci_function *fn);

/* Vectors that have a cause bit; the others cannot be raised. */
unsigned igb_vectors(const struct igb *igb);

/*
 * Whether handlers read EICR (Extended Interrupt Cause) before they clear their own cause
 * in it; reading clears it all, so vectors are raised one at a time then. Any context.
 */
void igb_watch_causes(struct igb *igb, bool watched);

/*
 * What EICR held when the vector's handler last ran while watched: bit n is the cause of
 * vector n. Any context.
 */
uint32_t igb_last_causes(const struct igb *igb, unsigned vector);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "drivers/pci/pci.h"

/*
 * xHCI as QEMU models it (qemu-xhci, nec-usb-xhci), as far as raising each interrupter; no
 * USB devices (eXtensible Host Controller Interface for USB, revision 1.2).
 *
 * What raises an interrupter is QEMU's rule, not the specification's: a store to ERDP with
 * EHB set interrupts when the pointer is not where QEMU would write next, that is when it
 * takes events to be left. The rings stay empty. On other hardware the store does nothing.
 */
struct xhci;

/* NULL: not a function that this driver has. */
struct xhci *xhci_of(const struct pci_function *fn);

/*
 * Interrupters that send: with MSI-X interrupter i has vector i, with plain MSI message
 * i modulo the count granted (section 4.17), with INTx 0 alone has it.
 */
unsigned xhci_interrupters(const struct xhci *xhci);

/* Raises an interrupter, does not wait. 0, -EINVAL. Any context, one caller an interrupter. */
int xhci_raise_interrupter(struct xhci *xhci, unsigned i);

/*
 * Gives the vectors back and takes at most max (a power of two) anew: the count, or -errno
 * with none held and nothing that sends. Thread
 * context, nobody raises meanwhile.
 */
int xhci_change_vectors(struct xhci *xhci, unsigned max);

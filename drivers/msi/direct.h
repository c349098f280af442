/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "kernel/msi.h"

/*
 * What backends share whose vectors are places of the function's msi_domain, whoever writes the
 * messages: it is done through fn->ops, write_msg or change_msg, and the vectors' chip is fn->by->chip.
 */

/* msi_ops.alloc: the places are claimed, the vectors published there, and no message is written. */
int direct_alloc(struct msi_function *fn, enum msi_type type, unsigned min, unsigned max,
		 const uint16_t *wish);
/*
 * irq_chip.set_affinity: claims a place or takes one back, publishes, tells the function's message if
 * desc->shadow says that it is written (of a block its lead's), and retires the old place.
 */
int direct_set_affinity(struct irq_desc *desc, unsigned hart);
/* irq_chip.retrigger */
void direct_retrigger(struct irq_desc *desc);

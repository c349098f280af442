// SPDX-License-Identifier: Apache-2.0
/* With the sanitizer. */
#include "drivers/msi/direct_steady.h"

int direct_move_steady(struct irq_desc *desc, unsigned hart, uint32_t word)
{
	return steady_move(desc, hart, word, true);
}

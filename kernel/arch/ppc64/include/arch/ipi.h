/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/*
 * Interrupts between harts, by the firmware; provided by the platform (pseries: H_IPI). They
 * arrive as an external interrupt, whose controller calls ipi_interrupt().
 */

/* Interrupts the hart with this ID; what was written before is visible to it. Any context. */
void arch_ipi_send(uint64_t hart_id);
/* Own hart: takes the pending one. What the sender wrote is visible after. */
void arch_ipi_clear(void);
/* Own hart: lets them come. */
void arch_ipi_enable(void);

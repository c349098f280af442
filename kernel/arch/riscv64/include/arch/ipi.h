/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/*
 * Software interrupts between harts, by the firmware: SBI IPI (SBI 2.0, chapter 7), or
 * the legacy call (section 5.5) where that is absent.
 */

/* Interrupts the hart with this ID; what was written before is visible to it. Any context. */
void arch_ipi_send(uint64_t hart_id);
/* Own hart: takes the pending one. What the sender wrote is visible after. */
void arch_ipi_clear(void);
/* Own hart: lets them come. */
void arch_ipi_enable(void);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The reference copy of the contract: declarations only. */
void arch_timer_init(bool has_sstc);
void arch_timer_set(uint64_t deadline);
void arch_timer_enable(void);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Nothing is to be found out: the decrementer. */
void arch_timer_init(bool has_sstc);
/* The timer interrupt of this hart when cpu_ticks() reaches deadline; UINT64_MAX: never. Any context. */
void arch_timer_set(uint64_t deadline);
/* Lets this hart take its timer interrupt. */
void arch_timer_enable(void);

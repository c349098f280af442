/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

struct hart;

/*
 * Asks the firmware to start a hart in boot/ (SBI HSM hart_start, section 9.1). 0, or
 * -EIO: refused. It may still never come: wait with a timeout.
 */
int arch_start_hart(uint64_t hart_id, struct hart *hart);

/* Leaves the current stack for another one. */
_Noreturn void arch_call_on_stack(uintptr_t stack_top, void (*next)(void));

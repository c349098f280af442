/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct hart;

/*
 * Asks the firmware to start a hart in boot/ (SBI HSM hart_start, section 9.1). 0, or
 * -EIO: refused. It may still never come: wait with a timeout.
 */
int arch_start_hart(uint64_t hart_id, struct hart *hart);
/*
 * Stops this hart (SBI HSM hart_stop): interrupts off. It comes back here with 0, when it was
 * started again and has come to arch_resume_hart(); -EIO at once: refused. Between, boot/ starts it
 * at hart->start_sp, below what its thread has on the stack.
 */
int arch_stop_hart(struct hart *hart);
_Noreturn void arch_resume_hart(struct hart *hart);
/* Does the firmware say that it is stopped? */
bool arch_hart_stopped(uint64_t hart_id);

/* Leaves the current stack for another one. */
_Noreturn void arch_call_on_stack(uintptr_t stack_top, void (*next)(void));

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct hart;

/*
 * Asks the firmware to start a hart in boot/; provided by the platform. 0, or -EIO: refused. It
 * may still never come: wait with a timeout.
 */
int arch_start_hart(uint64_t hart_id, struct hart *hart);

/*
 * Stops this hart: interrupts off. It comes back here with 0, when it was started again and has
 * come to arch_resume_hart(); -EIO at once: refused. Between, boot/ starts it at
 * hart->start_sp, below what its thread has on the stack.
 */
int arch_stop_hart(struct hart *hart);
_Noreturn void arch_resume_hart(struct hart *hart);
/* Does the firmware say that it is stopped? Provided by the platform. */
bool arch_hart_stopped(uint64_t hart_id);
/* The last step of arch_stop_hart(), provided by the platform: comes back when it is refused. */
void arch_stop_self(void);

/* Leaves the current stack for another one. */
_Noreturn void arch_call_on_stack(uintptr_t stack_top, void (*next)(void));

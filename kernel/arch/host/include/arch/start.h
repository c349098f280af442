/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct hart;

/* The reference copy of the contract: declarations only. */
int arch_start_hart(uint64_t hart_id, struct hart *hart);
int arch_stop_hart(struct hart *hart);
_Noreturn void arch_resume_hart(struct hart *hart);
bool arch_hart_stopped(uint64_t hart_id);
_Noreturn void arch_call_on_stack(uintptr_t stack_top, void (*next)(void));

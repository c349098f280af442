/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The reference copy of the contract: declarations only; the frame is the architecture's own. */
struct trap_frame;

void arch_trap_init(uintptr_t emergency_top);
extern char arch_trap_vectors[];
void arch_set_trap_vectors(void *table);
bool arch_trap_fixup(struct trap_frame *frame);
void trap_exception(struct trap_frame *frame);
void trap_interrupt(unsigned long cause);

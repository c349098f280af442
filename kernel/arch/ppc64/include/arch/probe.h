/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/* What they return when the page does not allow it: the vector of the trap. */
#define ARCH_FAULT_LOAD  0x300
#define ARCH_FAULT_STORE 0x300
#define ARCH_FAULT_FETCH 0x400

/*
 * Accesses that may fault: 0, or the vector of the trap with nothing changed. Thread context
 * only: a fault inside a handler would overwrite the return state of the interrupt.
 */
long arch_probe_load8(uintptr_t addr, uint8_t *value);
long arch_probe_store8(uintptr_t addr, uint8_t value);
/* Calls the code at addr, which must return at once if it can be fetched. */
long arch_probe_call(uintptr_t addr);

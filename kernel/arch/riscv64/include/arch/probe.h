/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/*
 * Accesses that may fault: 0, or the cause of the trap (scause) with nothing
 * changed. Thread context only: a fault inside a handler would overwrite the
 * return state of the interrupt.
 */
long arch_probe_load8(uintptr_t addr, uint8_t *value);
long arch_probe_store8(uintptr_t addr, uint8_t value);
/* Calls the code at addr, which must return at once if it can be fetched. */
long arch_probe_call(uintptr_t addr);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

#include "arch/csr.h"

/* What they return when the page does not allow it. */
#define ARCH_FAULT_LOAD  EXC_LOAD_PAGE
#define ARCH_FAULT_STORE EXC_STORE_PAGE
#define ARCH_FAULT_FETCH EXC_FETCH_PAGE

/*
 * Accesses that may fault: 0, or the cause of the trap (scause) with nothing
 * changed. Thread context only: a fault inside a handler would overwrite the
 * return state of the interrupt.
 */
long arch_probe_load8(uintptr_t addr, uint8_t *value);
long arch_probe_store8(uintptr_t addr, uint8_t value);
/* Two bytes of code at a guest's virtual address, in the guest's privilege (HLVX.HU). Hypervisor only. */
long arch_probe_guest16(uintptr_t addr, uint16_t *value);
/* Calls the code at addr, which must return at once if it can be fetched. */
long arch_probe_call(uintptr_t addr);

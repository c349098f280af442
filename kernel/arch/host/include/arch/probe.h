/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/* The reference copy of the contract: nothing can be probed, each answers with a fault. */
long arch_probe_load8(uintptr_t addr, uint8_t *value);
long arch_probe_store8(uintptr_t addr, uint8_t value);
long arch_probe_call(uintptr_t addr);

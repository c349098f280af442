/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/*
 * The reference copy of the contract: on the host, MMIO is what the test has
 * registered (tests/host/fake_mmio.h), and each access is logged in order. An access
 * to nothing, or of a width or alignment that no register has, is a panic.
 */
uint8_t mmio_read8(uintptr_t addr);
uint16_t mmio_read16(uintptr_t addr);
uint32_t mmio_read32(uintptr_t addr);
void mmio_write8(uintptr_t addr, uint8_t value);
void mmio_write16(uintptr_t addr, uint16_t value);
void mmio_write32(uintptr_t addr, uint32_t value);

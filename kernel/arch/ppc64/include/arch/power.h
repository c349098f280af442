/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Firmware's way to end or restart the machine; return if it has none. Any context. */
void arch_power_off(unsigned status);
void arch_reset(void);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The reference copy of the contract: declarations only. */
void arch_power_off(unsigned status);
void arch_reset(void);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

/* The reference copy of the contract. */
void arch_early_console_init(void);
void arch_early_write(const char *bytes, size_t len);
int arch_early_poll(void);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

/*
 * The firmware's console, before any device is known; provided by the platform. Any context;
 * the caller serialises.
 */
void arch_early_console_init(void);
void arch_early_write(const char *bytes, size_t len);
/* The next byte that was typed, or -1. */
int arch_early_poll(void);

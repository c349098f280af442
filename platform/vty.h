/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * A terminal of the hypervisor or firmware, by its number (0: the first); provided by the platform.
 * Both in any context, the caller serialises.
 */

/* Sends all; waits while the hypervisor is busy. What it refuses otherwise is dropped. */
void vty_write(uint64_t unit, const char *bytes, size_t len);

#define VTY_READ_MAX 16
/* What was typed, at most VTY_READ_MAX bytes; how many. */
unsigned vty_read(uint64_t unit, char *bytes);

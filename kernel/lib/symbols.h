/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/* Names of functions by address, as tools/mksyms makes them. */
struct symbols {
	uint32_t count;
	const uint32_t *addr; /* count function starts, offsets from `_start`, rising */
	const uint32_t *name; /* count offsets into strings */
	const char *strings;  /* names, each ended by NUL */
};

/*
 * The function that offset lies in, and how far: the last one that starts at or below
 * it. NULL: before the first. Any context.
 */
const char *symbols_find(const struct symbols *symbols, uint32_t offset, uint32_t *into);

/* The same for an address in this image; NULL: it is no code. Any context. */
const char *symbol_of(uintptr_t pc, uint32_t *into);

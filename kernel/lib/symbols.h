/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Names of functions by address, as tools/mksyms packs them: it tells the format. */
struct symbols {
	uint32_t count;
	const uint8_t *starts;     /* count distances from one function's start to the next */
	const uint8_t (*codes)[2]; /* what a code of a name stands for */
	const uint8_t *names;      /* count names, each ended by 0 */
};

/*
 * The index of the function that offset, from `_start`, lies in, and how far in: the last
 * one that starts at or below it. -1: before the first. Any context.
 */
int symbols_find(const struct symbols *symbols, uint32_t offset, uint32_t *into);

/* The name of function i < count, cut to what fits, always with its NUL. size > 0. Any context. */
void symbols_name(const struct symbols *symbols, unsigned i, char *name, size_t size);

/*
 * Of this image: the name of the function that pc lies in, as above, and how far in.
 * NULL: it is no code. Else name. Any context.
 */
const char *symbol_of(uintptr_t pc, char *name, size_t size, uint32_t *into);

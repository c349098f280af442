// SPDX-License-Identifier: Apache-2.0
#include "kernel/lib/symbols.h"

/* A code stands for two that were made before it; deeper than this, a name is cut. */
#define DEPTH_MAX 32

int symbols_find(const struct symbols *symbols, uint32_t offset, uint32_t *into)
{
	const uint8_t *at = symbols->starts;
	uint32_t start = 0;
	int found = -1;

	for (uint32_t i = 0; i < symbols->count; i++) {
		unsigned shift = 1;

		do
			start += (uint32_t)(*at & 0x7f) << shift;
		while (shift += 7, *at++ & 0x80);
		if (start > offset)
			break;
		*into = offset - start;
		found = (int)i;
	}
	return found;
}

void symbols_name(const struct symbols *symbols, unsigned i, char *name, size_t size)
{
	const uint8_t *at = symbols->names;
	uint8_t rest[DEPTH_MAX]; /* second halves that are still to come */
	size_t len = 0;

	while (i--)
		while (*at++)
			;
	while (*at) {
		unsigned depth = 0;

		rest[depth++] = *at++;
		while (depth && len < size - 1) {
			const uint8_t *code = symbols->codes[rest[--depth]];

			if (!code[1]) {
				name[len++] = (char)code[0];
			} else if (depth + 2 <= DEPTH_MAX) {
				rest[depth++] = code[1];
				rest[depth++] = code[0];
			}
		}
	}
	name[len] = '\0';
}

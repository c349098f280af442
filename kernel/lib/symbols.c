// SPDX-License-Identifier: Apache-2.0
#include "kernel/lib/symbols.h"

#include <stddef.h>

const char *symbols_find(const struct symbols *symbols, uint32_t offset, uint32_t *into)
{
	uint32_t low = 0, high = symbols->count;

	/* Starts below low are at or below offset, from high on above it. */
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (symbols->addr[middle] <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	*into = offset - symbols->addr[low - 1];
	return symbols->strings + symbols->name[low - 1];
}

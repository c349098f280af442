// SPDX-License-Identifier: Apache-2.0
/* The functions of this image, from the table that tools/mksyms puts into it. */
#include "arch/backtrace.h"
#include "kernel/lib/symbols.h"

extern const char _start[], image_text_end[];
extern const uint32_t ksyms_count;
extern const uint8_t ksyms_starts[], ksyms_codes[][2], ksyms_names[];

static struct symbols image_symbols(void)
{
	return (struct symbols){ ksyms_count, ksyms_starts, ksyms_codes, ksyms_names };
}

static int index_of(uintptr_t pc, uint32_t *into)
{
	const struct symbols symbols = image_symbols();

	if (pc < (uintptr_t)_start || pc >= (uintptr_t)image_text_end)
		return -1;
	return symbols_find(&symbols, (uint32_t)(pc - (uintptr_t)_start), into);
}

const char *symbol_of(uintptr_t pc, char *name, size_t size, uint32_t *into)
{
	const struct symbols symbols = image_symbols();
	int i = index_of(pc, into);

	if (i < 0)
		return NULL;
	symbols_name(&symbols, (unsigned)i, name, size);
	return name;
}

bool symbol_is_same(uintptr_t a, uintptr_t b)
{
	uint32_t into;
	int i = index_of(a, &into);

	return i >= 0 && i == index_of(b, &into);
}

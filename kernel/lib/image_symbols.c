// SPDX-License-Identifier: Apache-2.0
/* The functions of this image, from the table that tools/mksyms puts into it. */
#include <stddef.h>

#include "arch/backtrace.h"
#include "kernel/lib/symbols.h"

extern const char _start[], image_text_end[];
extern const uint32_t ksyms_count, ksyms_addr[], ksyms_name[];
extern const char ksyms_strings[];

const char *symbol_of(uintptr_t pc, uint32_t *into)
{
	const struct symbols symbols = { ksyms_count, ksyms_addr, ksyms_name, ksyms_strings };

	if (pc < (uintptr_t)_start || pc >= (uintptr_t)image_text_end)
		return NULL;
	return symbols_find(&symbols, (uint32_t)(pc - (uintptr_t)_start), into);
}

bool symbol_is_same(uintptr_t a, uintptr_t b)
{
	uint32_t into_a, into_b;
	const char *name = symbol_of(a, &into_a);

	return name && name == symbol_of(b, &into_b);
}

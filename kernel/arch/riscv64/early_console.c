// SPDX-License-Identifier: Apache-2.0
/* SBI 2.0, chapter 12 (Debug Console Extension) and chapter 5 (Legacy Extensions). */
#include "arch/early_console.h"

#include <stdbool.h>

#include "arch/sbi.h"

static bool has_dbcn;

void arch_early_console_init(void)
{
	has_dbcn = sbi_has(SBI_EXT_DBCN);
}

void arch_early_write(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (has_dbcn)
			sbi_call(SBI_EXT_DBCN, SBI_DBCN_WRITE_BYTE, (unsigned char)bytes[i], 0, 0);
		else
			sbi_call(SBI_EXT_LEGACY_PUTCHAR, 0, (unsigned char)bytes[i], 0, 0);
	}
}

static int dbcn_read(void)
{
	/* The firmware takes a physical address: stacks are mapped where they lie, the image is not. */
	volatile unsigned char byte;
	struct sbiret ret = sbi_call(SBI_EXT_DBCN, SBI_DBCN_READ, 1, (uintptr_t)&byte, 0);

	return !ret.error && ret.value == 1 ? byte : -1;
}

int arch_early_poll(void)
{
	if (has_dbcn)
		return dbcn_read();
	/* Legacy calls return their value in a0: the byte, or -1. */
	return (int)sbi_call(SBI_EXT_LEGACY_GETCHAR, 0, 0, 0, 0).error;
}

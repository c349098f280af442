// SPDX-License-Identifier: Apache-2.0
/* SBI 2.0, chapter 12 (Debug Console Extension) and chapter 5 (Legacy Extensions). */
#include "arch/early_console.h"

#include <stdbool.h>

#include "arch/sbi.h"
#include "kernel/lib/bits.h"

extern char image_start[];
extern const uintptr_t boot_image_phys;

static bool has_dbcn;

void arch_early_console_init(void)
{
	has_dbcn = sbi_has(SBI_EXT_DBCN);
}

/* The firmware takes a physical address: all but the image lies where it is mapped. */
static uintptr_t physical(const char *bytes)
{
	uintptr_t at = (uintptr_t)bytes, run = (uintptr_t)image_start;

	return at < run ? at : at - run + boot_image_phys;
}

/* What it takes of the piece at once: under a hypervisor, each call is an exit. */
static size_t dbcn_write(const char *bytes, size_t len)
{
	struct sbiret ret = sbi_call(SBI_EXT_DBCN, SBI_DBCN_WRITE, len, physical(bytes), 0);

	return ret.error || ret.value < 0 ? 0 : MIN((size_t)ret.value, len);
}

void arch_early_write(const char *bytes, size_t len)
{
	size_t done = 0;

	while (done < len) {
		size_t n = has_dbcn ? dbcn_write(bytes + done, len - done) : 0;

		/* It may take nothing: byte by byte, it waits for the line. */
		if (!n && has_dbcn)
			sbi_call(SBI_EXT_DBCN, SBI_DBCN_WRITE_BYTE, (unsigned char)bytes[done], 0,
				 0);
		else if (!n)
			sbi_call(SBI_EXT_LEGACY_PUTCHAR, 0, (unsigned char)bytes[done], 0, 0);
		done += n ? n : 1;
	}
}

static int dbcn_read(void)
{
	/* Stacks are mapped where they lie. */
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

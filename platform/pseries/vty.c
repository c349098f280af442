// SPDX-License-Identifier: Apache-2.0
/* H_PUT_TERM_CHAR and H_GET_TERM_CHAR: up to 16 bytes in two registers, the first byte on top. */
#include "platform/vty.h"

#include "arch/cpu.h"
#include "arch/early_console.h"
#include "arch/hcall.h"
#include "kernel/lib/bits.h"
#include "platform/pseries/hcalls.h"

#define WORD_BYTES 8
#define FIRST_VTY  0

static uint64_t pack(const char *bytes, size_t len)
{
	uint64_t word = 0;

	for (size_t i = 0; i < WORD_BYTES; i++)
		word = word << 8 | (i < len ? (unsigned char)bytes[i] : 0);
	return word;
}

static void write_piece(uint64_t unit, const char *bytes, size_t len)
{
	size_t first = MIN(len, (size_t)WORD_BYTES);
	uint64_t high = pack(bytes, first), low = pack(bytes + first, len - first);

	while (hcall(H_PUT_TERM_CHAR, unit, len, high, low, 0, NULL) == H_BUSY)
		cpu_relax();
}

void vty_write(uint64_t unit, const char *bytes, size_t len)
{
	while (len) {
		size_t piece = MIN(len, (size_t)VTY_READ_MAX);

		write_piece(unit, bytes, piece);
		bytes += piece;
		len -= piece;
	}
}

unsigned vty_read(uint64_t unit, char *bytes)
{
	struct hcall_results got;

	if (hcall(H_GET_TERM_CHAR, unit, 0, 0, 0, 0, &got))
		return 0;
	for (unsigned i = 0; i < VTY_READ_MAX; i++)
		bytes[i] = (char)(got.r[1 + i / WORD_BYTES] >> (56 - 8 * (i % WORD_BYTES)));
	return (unsigned)MIN(got.r[0], (uint64_t)VTY_READ_MAX);
}

/* --- the contract of arch/early_console.h --- */

void arch_early_console_init(void)
{
}

void arch_early_write(const char *bytes, size_t len)
{
	vty_write(FIRST_VTY, bytes, len);
}

int arch_early_poll(void)
{
	static char typed[VTY_READ_MAX];
	static unsigned at, count;

	if (at == count) {
		at = 0;
		count = vty_read(FIRST_VTY, typed);
	}
	return at < count ? (unsigned char)typed[at++] : -1;
}

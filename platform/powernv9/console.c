// SPDX-License-Identifier: Apache-2.0
/* The firmware's terminals: OPAL_CONSOLE_WRITE and OPAL_CONSOLE_READ. */
#include "arch/cpu.h"
#include "arch/early_console.h"
#include "kernel/lib/bits.h"
#include "platform/powernv9/opal.h"
#include "platform/vty.h"

#define FIRST_TERMINAL 0

/* Turns of waiting for room, after which the rest is dropped: a terminal that nobody reads. */
#define WAIT_TURNS 1000000

void vty_write(uint64_t unit, const char *bytes, size_t len)
{
	for (unsigned turn = 0; len && turn < WAIT_TURNS; turn++) {
		uint64_t done = len;

		if (opal_call(OPAL_CONSOLE_WRITE, unit, (uintptr_t)&done, (uintptr_t)bytes))
			done = 0;
		done = MIN(done, (uint64_t)len);
		bytes += done;
		len -= done;
		/* It sends what it has taken when it is called. */
		if (len)
			opal_call(OPAL_POLL_EVENTS, 0);
	}
}

unsigned vty_read(uint64_t unit, char *bytes)
{
	uint64_t count = VTY_READ_MAX;

	opal_call(OPAL_POLL_EVENTS, 0);
	if (opal_call(OPAL_CONSOLE_READ, unit, (uintptr_t)&count, (uintptr_t)bytes))
		return 0;
	return (unsigned)MIN(count, (uint64_t)VTY_READ_MAX);
}

/* --- the contract of arch/early_console.h --- */

void arch_early_console_init(void)
{
}

void arch_early_write(const char *bytes, size_t len)
{
	vty_write(FIRST_TERMINAL, bytes, len);
}

int arch_early_poll(void)
{
	static char typed[VTY_READ_MAX];
	static unsigned at, count;

	if (at == count) {
		at = 0;
		count = vty_read(FIRST_TERMINAL, typed);
	}
	return at < count ? (unsigned char)typed[at++] : -1;
}

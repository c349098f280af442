// SPDX-License-Identifier: Apache-2.0
/*
 * The end of the machine by OPAL, which carries no exit status: a failure stops the machine by the
 * attn instruction, which QEMU's `-action panic=exit-failure` makes status 1.
 */
#include "arch/power.h"

#include "arch/spr.h"
#include "platform/powernv9/opal.h"

#define SPR_HID0         1008
#define HID0_ENABLE_ATTN (1ull << 60)
#define ATTN             0x00000200

static void stop_all(void)
{
	spr_write(SPR_HID0, spr_read(SPR_HID0) | HID0_ENABLE_ATTN);
	__asm__ volatile("sync\n\tisync\n\t.long %0" ::"i"(ATTN) : "memory");
}

void arch_power_off(unsigned status)
{
	/* What the console was given is sent. */
	for (unsigned turn = 0; turn < 100; turn++)
		opal_call(OPAL_POLL_EVENTS, 0);
	if (status)
		stop_all();
	opal_call(OPAL_CEC_POWER_DOWN, 0);
	/* It asks the service processor; polling gets that done. */
	for (;;)
		opal_call(OPAL_POLL_EVENTS, 0);
}

void arch_reset(void)
{
	opal_call(OPAL_CEC_REBOOT, 0);
	for (;;)
		opal_call(OPAL_POLL_EVENTS, 0);
}

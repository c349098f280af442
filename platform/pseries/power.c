// SPDX-License-Identifier: Apache-2.0
/*
 * The end of the machine by RTAS. None of its services carries an exit status; ibm,os-term says
 * that the operating system failed, which QEMU's `-action panic=exit-failure` makes status 1.
 */
#include "arch/power.h"

#include "kernel/lib/log.h"
#include "platform/pseries/rtas.h"

#define MESSAGE_BYTES 512
#define ANY           0xffffffff /* power-off: whatever may turn it on again */

static char message[MESSAGE_BYTES];

static void os_term(unsigned status)
{
	uint32_t text = (uint32_t)(uintptr_t)message;

	format_string(message, sizeof(message), "exit status %u", status);
	rtas_call(rtas_token("ibm,os-term"), 1, &text, 1, NULL);
}

void arch_power_off(unsigned status)
{
	static const uint32_t any[] = { ANY, ANY };

	if (status)
		os_term(status);
	rtas_call(rtas_token("power-off"), 2, any, 1, NULL);
}

void arch_reset(void)
{
	rtas_call(rtas_token("system-reboot"), 0, NULL, 1, NULL);
}

// SPDX-License-Identifier: Apache-2.0
/* OPAL_START_CPU, by the number that the hart has in its processor identification register. */
#include "arch/start.h"

#include <errno.h>

#include "platform/powernv9/opal.h"

#define THREAD_INACTIVE 0

extern char opal_secondary[];

bool arch_hart_stopped(uint64_t hart_id)
{
	uint8_t status = THREAD_INACTIVE + 1;

	return !opal_call(OPAL_QUERY_CPU_STATUS, hart_id, (uintptr_t)&status) &&
	       status == THREAD_INACTIVE;
}

int arch_start_hart(uint64_t hart_id, struct hart *hart)
{
	(void)hart;
	if (!arch_hart_stopped(hart_id))
		return -EIO;
	return opal_call(OPAL_START_CPU, hart_id, (uintptr_t)opal_secondary) ? -EIO : 0;
}

void arch_stop_self(void)
{
	opal_call(OPAL_RETURN_CPU, 0);
}

// SPDX-License-Identifier: Apache-2.0
/*
 * RTAS start-cpu: real mode, big-endian, the third argument in r3. It has 32 bits: the server
 * number, by which boot/ finds struct hart.
 */
#include "arch/start.h"

#include <errno.h>

#include "platform/pseries/rtas.h"

#define QUERY_STOPPED 0

extern char boot_secondary[];

bool arch_hart_stopped(uint64_t hart_id)
{
	const uint32_t server = (uint32_t)hart_id;
	uint32_t rets[2];

	return !rtas_call(rtas_token("query-cpu-stopped-state"), 1, &server, 2, rets) &&
	       rets[1] == QUERY_STOPPED;
}

int arch_start_hart(uint64_t hart_id, struct hart *hart)
{
	const uint32_t args[] = { (uint32_t)hart_id, (uint32_t)(uintptr_t)boot_secondary,
				  (uint32_t)hart_id };

	(void)hart;
	/* One that runs would be started over. */
	if (!arch_hart_stopped(hart_id))
		return -EIO;
	return rtas_call(rtas_token("start-cpu"), 3, args, 1, NULL) ? -EIO : 0;
}

void arch_stop_self(void)
{
	rtas_stop_self(rtas_token("stop-self"));
}

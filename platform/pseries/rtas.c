// SPDX-License-Identifier: Apache-2.0
#include "platform/pseries/rtas.h"

#include <stdatomic.h>
#include <stddef.h>

#include "arch/cpu.h"
#include "arch/hcall.h"
#include "arch/irqflags.h"
#include "kernel/lib/panic.h"
#include "platform/dt.h"
#include "platform/pseries/hcalls.h"

/* Turns of waiting for another hart's call: far longer than one takes, and it ends. */
#define WAIT_TURNS 100000000

/* The argument buffer of H_RTAS, in real memory: token, counts, arguments, results. */
struct rtas_args {
	uint32_t token;
	uint32_t nr_args;
	uint32_t nr_rets;
	uint32_t words[RTAS_MAX_ARGS + RTAS_MAX_RETS];
};

static struct rtas_args buffer;

static _Atomic(struct hart *) caller;

uint32_t rtas_token(const char *service)
{
	return dt_blob() ? dt_u32(dt_path("/rtas"), service, 0, RTAS_NO_TOKEN) : RTAS_NO_TOKEN;
}

/*
 * A hart that panics in the middle of a call finds itself, and goes on: its call is never
 * finished. So does one that waits for a hart which is gone.
 */
static void take(void)
{
	struct hart *none = NULL;

	for (uint32_t turn = 0; turn < WAIT_TURNS; turn++, none = NULL) {
		/* acquire pairs with the release below: the buffer is the next caller's */
		if (atomic_compare_exchange_weak_explicit(&caller, &none, this_hart(),
							  memory_order_acquire,
							  memory_order_relaxed) ||
		    none == this_hart())
			return;
		cpu_relax();
	}
}

int32_t rtas_call(uint32_t token, unsigned nr_args, const uint32_t *args, unsigned nr_rets,
		  uint32_t *rets)
{
	irqflags_t flags;
	int32_t status;

	assert(nr_args <= RTAS_MAX_ARGS && nr_rets && nr_rets <= RTAS_MAX_RETS);
	if (token == RTAS_NO_TOKEN)
		return RTAS_PARAMETER;
	flags = irq_save();
	take();
	buffer.token = token;
	buffer.nr_args = nr_args;
	buffer.nr_rets = nr_rets;
	for (unsigned i = 0; i < nr_args; i++)
		buffer.words[i] = args[i];
	/* A service that fails early writes its status alone. */
	for (unsigned i = 0; i < nr_rets; i++)
		buffer.words[nr_args + i] = i ? 0 : (uint32_t)RTAS_HARDWARE_ERROR;
	hcall(H_RTAS, (uintptr_t)&buffer, 0, 0, 0, 0, NULL);
	for (unsigned i = 0; rets && i < nr_rets; i++)
		rets[i] = buffer.words[nr_args + i];
	status = (int32_t)buffer.words[nr_args];
	atomic_store_explicit(&caller, NULL, memory_order_release);
	irq_restore(flags);
	return status;
}

void rtas_stop_self(uint32_t token)
{
	struct rtas_args args = { .token = token, .nr_rets = 1 };

	if (token != RTAS_NO_TOKEN)
		hcall(H_RTAS, (uintptr_t)&args, 0, 0, 0, 0, NULL);
}

bool rtas_is_busy(int32_t status, uint32_t *ms)
{
	*ms = 1;
	if (status == RTAS_BUSY)
		return true;
	if (status < RTAS_DELAY_FIRST || status > RTAS_DELAY_LAST)
		return false;
	for (int32_t n = RTAS_DELAY_FIRST; n < status; n++)
		*ms *= 10;
	return true;
}

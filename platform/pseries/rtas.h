/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Run-time abstraction services (Power Architecture Platform Reference, chapter 7). A service
 * has a token in the device tree's /rtas.
 */
#define RTAS_SUCCESS        0
#define RTAS_HARDWARE_ERROR (-1)
#define RTAS_BUSY           (-2)
#define RTAS_PARAMETER      (-3)
#define RTAS_DELAY_FIRST    9900 /* to 9905: 10^n ms */
#define RTAS_DELAY_LAST     9905

#define RTAS_NO_TOKEN 0
#define RTAS_MAX_ARGS 8
#define RTAS_MAX_RETS 8

/* The token of a service; RTAS_NO_TOKEN: this machine does not have it. Any context. */
uint32_t rtas_token(const char *service);

/*
 * One call: nr_args arguments, nr_rets results, of which the first is the status, returned too.
 * Calls are made one at a time, each under a lock of its own with interrupts off; what is busy
 * is said to the caller, who waits without it. RTAS_PARAMETER when there is no token. Any
 * context. rets may be NULL.
 */
int32_t rtas_call(uint32_t token, unsigned nr_args, const uint32_t *args, unsigned nr_rets,
		  uint32_t *rets);

/*
 * The service that does not come back, and so can't be under the lock: its arguments are on the
 * stack of its hart. Comes back when it is refused.
 */
void rtas_stop_self(uint32_t token);

/* Is the call to be made again? *ms: after how long. */
bool rtas_is_busy(int32_t status, uint32_t *ms);

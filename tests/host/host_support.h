/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/*
 * What kernel code under test finds on the host. A panic or a failed assert in the
 * thread of main() is caught by cmocka's expect_assert_failure(); anywhere else it
 * fails the test or ends the program. page_alloc() and its like are weak: a test may
 * bring its own, or name kernel/mem.c.
 */

/* The text of the last panic, and of the last line logged. Thread of main(). */
const char *host_panic_text(void);
const char *host_log_text(void);
/* Lines logged since the last host_log_clear(). */
unsigned host_log_lines(void);
void host_log_clear(void);

/* What cpu_ticks() says. */
void host_set_ticks(uint64_t ticks);
/* The next n page_alloc() and dma_alloc() work, the one after fails; UINT_MAX (at start): all work. */
void host_fail_alloc_after(unsigned n);

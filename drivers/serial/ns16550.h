/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

#include "kernel/irq.h"

/* For tests of wired interrupts; any context. Interrupts taken so far. */
uint32_t ns16550_interrupts(void);
/* Its descriptor; NULL: no UART, or input is polled. */
struct irq_desc *ns16550_irq(void);
/* Raises the wire until the handler looked (transmitter empty); quiet: only received bytes ask again. */
void ns16550_raise(void);
void ns16550_quiet(void);

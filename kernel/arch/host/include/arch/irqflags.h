/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/* The reference copy of the contract: on the host each thread is a hart, its switch on at first. */
typedef unsigned long irqflags_t;

irqflags_t irq_save(void);
void irq_restore(irqflags_t flags);
void irq_enable(void);
void irq_disable(void);
bool irq_enabled(void);

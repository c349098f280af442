/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "arch/spr.h"

/* Interrupts of this hart, as one switch (MSR.EE). Any context. */
typedef unsigned long irqflags_t;

static inline void irq_enable(void)
{
	msr_write_ee(MSR_EE | MSR_RI);
}

static inline void irq_disable(void)
{
	msr_write_ee(MSR_RI);
}

static inline irqflags_t irq_save(void)
{
	irqflags_t flags = msr_read() & MSR_EE;

	irq_disable();
	return flags;
}

static inline void irq_restore(irqflags_t flags)
{
	if (flags)
		irq_enable();
}

static inline bool irq_enabled(void)
{
	return msr_read() & MSR_EE;
}

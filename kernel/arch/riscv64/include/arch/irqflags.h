/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "arch/csr.h"

/* Interrupts of this hart, as one switch (sstatus.SIE). Any context. */
typedef unsigned long irqflags_t;

static inline irqflags_t irq_save(void)
{
	return csr_read_clear(CSR_SSTATUS, SSTATUS_SIE) & SSTATUS_SIE;
}

static inline void irq_restore(irqflags_t flags)
{
	csr_set(CSR_SSTATUS, flags);
}

static inline void irq_enable(void)
{
	csr_set(CSR_SSTATUS, SSTATUS_SIE);
}

static inline void irq_disable(void)
{
	csr_clear(CSR_SSTATUS, SSTATUS_SIE);
}

static inline bool irq_enabled(void)
{
	return csr_read(CSR_SSTATUS) & SSTATUS_SIE;
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * smp_kick() by the firmware, for machines whose interrupt controller has no IPIs: a
 * software interrupt of the other hart (arch/ipi.h).
 */

/* Boot, once, after irq_init(). 0 or -ENOSPC. */
int ipi_init(void);
/* Each hart, interrupts off. */
void ipi_hart_init(void);
/* The software interrupt. */
void ipi_interrupt(void);

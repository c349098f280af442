/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/* PLIC register arithmetic, no MMIO (RISC-V Platform-Level Interrupt Controller Specification 1.0.0). */

#define PLIC_MAX_SOURCE  1023
#define PLIC_MAX_CONTEXT 15871

/* Priorities: 0 never interrupts; a context lets through what is above its threshold. */
#define PLIC_PRIORITY_NEVER 0
#define PLIC_PRIORITY_LOW   1

/* Offsets in the registers of a context. */
#define PLIC_THRESHOLD      0x0
#define PLIC_CLAIM          0x4 /* read: claims; write: completes */
#define PLIC_CONTEXT_STRIDE 0x1000

/* Which register and which bits of it. */
struct plic_bit {
	uint32_t offset;
	uint32_t mask;
};

/* Source i (1 .. 1023). */
uint32_t plic_priority(unsigned source);
struct plic_bit plic_enable(unsigned context, unsigned source);
/* Where the registers of a context begin. */
uint32_t plic_context(unsigned context);

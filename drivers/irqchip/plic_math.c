// SPDX-License-Identifier: Apache-2.0
#include "drivers/irqchip/plic_math.h"

#define ENABLE_BASE   0x2000
#define ENABLE_STRIDE 0x80
#define CONTEXT_BASE  0x200000

uint32_t plic_priority(unsigned source)
{
	return source * 4;
}

struct plic_bit plic_enable(unsigned context, unsigned source)
{
	return (struct plic_bit){
		.offset = ENABLE_BASE + context * ENABLE_STRIDE + source / 32 * 4,
		.mask = UINT32_C(1) << source % 32,
	};
}

uint32_t plic_context(unsigned context)
{
	return CONTEXT_BASE + context * PLIC_CONTEXT_STRIDE;
}

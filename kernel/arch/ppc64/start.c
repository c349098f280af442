// SPDX-License-Identifier: Apache-2.0
#include "arch/start.h"

#define FRAME_HEADER 64

void arch_call_on_stack(uintptr_t stack_top, void (*next)(void))
{
	uintptr_t sp = stack_top - FRAME_HEADER;

	/* Back chain 0 ends the backtrace. */
	*(uintptr_t *)sp = 0;
	__asm__ volatile("mr 1, %0\n\tmr 12, %1\n\tmtctr 12\n\tbctrl"
			 :
			 : "b"(sp), "b"(next)
			 : "r12", "ctr", "lr", "memory");
	__builtin_unreachable();
}

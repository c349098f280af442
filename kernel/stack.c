// SPDX-License-Identifier: Apache-2.0
/* What panic must know of the harts: who this is, and which memory is stack. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/backtrace.h"
#include "kernel/lib/panic.h"
#include "kernel/mem.h"
#include "kernel/smp.h"

/* The stacks of early boot lie in .bss. */
extern char bss_start[], bss_end[];

static bool within(uintptr_t addr, size_t size, uintptr_t low, uintptr_t high)
{
	return addr >= low && addr < high && size <= high - addr;
}

bool stack_holds(uintptr_t addr, size_t size)
{
	if (within(addr, size, (uintptr_t)bss_start, (uintptr_t)bss_end))
		return true;
	for (unsigned i = 0; i < smp_count(); i++) {
		const struct hart *hart = smp_hart(i);

		/* While smp_init() fills the table. */
		if (!hart)
			continue;
		/* A guard page lies below the emergency stack too. */
		if (within(addr, size, hart->stack_bottom, hart->stack_top) ||
		    within(addr, size, hart->stack_top + PAGE_SIZE, hart->emergency_top))
			return true;
	}
	return false;
}

unsigned panic_hart_index(void)
{
	return smp_index();
}

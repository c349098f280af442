// SPDX-License-Identifier: Apache-2.0
#include "arch/mmu.h"
#include "arch/trap.h"
#include "kernel/ipi.h"
#include "kernel/lib/panic.h"
#include "kernel/mem.h"
#include "kernel/smp.h"
#include "kernel/time.h"

static void (*root_interrupt)(void);

/*
 * A hart may remember that a page was not there: before a fault counts, it looks again if the
 * table has changed.
 */
static bool stale_translation(const struct trap_frame *frame)
{
	struct hart *hart = this_hart();
	uint32_t now = mmu_generation();

	if (!arch_trap_is_page_fault(frame) || hart->mmu_generation == now)
		return false;
	hart->mmu_generation = now;
	mmu_sync();
	return true;
}

static bool on_guard_page(uint64_t addr)
{
	uintptr_t guard_end = this_hart()->stack_bottom;

	return addr < guard_end && guard_end - addr <= PAGE_SIZE;
}

void trap_exception(struct trap_frame *frame)
{
	if (stale_translation(frame))
		return;
	if (!in_handler() && arch_trap_fixup(frame))
		return;
	panic_with_frame(frame, "%s%s at 0x%lx, address 0x%lx",
			 on_guard_page(arch_trap_address(frame)) ? "stack overflow: " : "",
			 arch_trap_name(frame), (unsigned long)arch_trap_pc(frame),
			 (unsigned long)arch_trap_address(frame));
}

void irq_set_root(void (*interrupt)(void))
{
	root_interrupt = interrupt;
}

void trap_interrupt(unsigned long cause)
{
	if (cause == ARCH_IRQ_TIMER)
		time_interrupt();
	else if (cause == ARCH_IRQ_EXTERNAL && root_interrupt)
		root_interrupt();
	else if (cause == ARCH_IRQ_SOFT)
		ipi_interrupt();
	else
		panic("interrupt %lu has no handler", cause);
}

// SPDX-License-Identifier: Apache-2.0
#include "arch/csr.h"
#include "arch/mmu.h"
#include "arch/trap.h"
#include "kernel/ipi.h"
#include "kernel/lib/panic.h"
#include "kernel/mem.h"
#include "kernel/smp.h"
#include "kernel/time.h"

static void (*root_interrupt)(void);

static const char *cause_name(uint64_t cause)
{
	switch (cause) {
	case 0:
		return "misaligned fetch";
	case 1:
		return "fetch access fault";
	case 2:
		return "illegal instruction";
	case 3:
		return "breakpoint";
	case 4:
		return "misaligned load";
	case 5:
		return "load access fault";
	case 6:
		return "misaligned store";
	case 7:
		return "store access fault";
	case EXC_FETCH_PAGE:
		return "fetch page fault";
	case EXC_LOAD_PAGE:
		return "load page fault";
	case EXC_STORE_PAGE:
		return "store page fault";
	default:
		return "exception";
	}
}

/*
 * A hart may remember that a page was not there (the ISA manual, Volume II,
 * "SFENCE.VMA"): before a fault counts, it looks again if the table has changed.
 */
static bool stale_translation(uint64_t cause)
{
	struct hart *hart = this_hart();
	uint32_t now = mmu_generation();

	if (cause != EXC_FETCH_PAGE && cause != EXC_LOAD_PAGE && cause != EXC_STORE_PAGE)
		return false;
	if (hart->mmu_generation == now)
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
	if (stale_translation(frame->scause))
		return;
	if (!in_handler() && arch_trap_fixup(frame))
		return;
	panic_with_frame(frame, "%s%s at 0x%lx, address 0x%lx",
			 on_guard_page(frame->stval) ? "stack overflow: " : "",
			 cause_name(frame->scause), (unsigned long)frame->sepc,
			 (unsigned long)frame->stval);
}

void irq_set_root(void (*interrupt)(void))
{
	root_interrupt = interrupt;
}

void trap_interrupt(unsigned long cause)
{
	if (cause == IRQ_S_TIMER)
		time_interrupt();
	else if (cause == IRQ_S_EXTERNAL && root_interrupt)
		root_interrupt();
	else if (cause == IRQ_S_SOFT)
		ipi_interrupt();
	else
		panic("interrupt %lu has no handler", cause);
}

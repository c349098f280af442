// SPDX-License-Identifier: Apache-2.0
#include "arch/csr.h"
#include "arch/trap.h"

extern char probe_start[], probe_end[], probe_fault[], probe_call_return[];

const char *arch_trap_name(const struct trap_frame *frame)
{
	switch (frame->scause) {
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

/* The ISA manual, Volume II, "SFENCE.VMA": a hart may go on with what it has read before. */
bool arch_trap_is_page_fault(const struct trap_frame *frame)
{
	return frame->scause == EXC_FETCH_PAGE || frame->scause == EXC_LOAD_PAGE ||
	       frame->scause == EXC_STORE_PAGE;
}

static bool in_probe(uint64_t addr)
{
	return addr >= (uintptr_t)probe_start && addr < (uintptr_t)probe_end;
}

bool arch_trap_fixup(struct trap_frame *frame)
{
	enum { RA = 1, A0 = 10 };

	if (in_probe(frame->sepc)) {
		frame->sepc = (uintptr_t)probe_fault;
	} else if (frame->scause == EXC_FETCH_PAGE && in_probe(frame->x[RA])) {
		/* arch_probe_call() jumped to what can't be fetched: go on behind the call. */
		frame->sepc = (uintptr_t)probe_call_return;
	} else {
		return false;
	}
	frame->x[A0] = frame->scause;
	return true;
}

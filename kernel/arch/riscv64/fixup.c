// SPDX-License-Identifier: Apache-2.0
#include "arch/csr.h"
#include "arch/trap.h"

extern char probe_start[], probe_end[], probe_fault[], probe_call_return[];

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

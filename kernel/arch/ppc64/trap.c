// SPDX-License-Identifier: Apache-2.0
#include "arch/trap.h"

#include "arch/spr.h"

/* Where r3 is returned in, and the probes of arch/probe.h are. */
enum { R3 = 3 };
extern char probe_start[], probe_end[], probe_fault[], probe_call_return[];

void arch_trap_init(uintptr_t emergency_top)
{
	spr_write(SPR_SPRG0, emergency_top);
	spr_write(SPR_SPRG2, 0);
}

static bool has_data_address(uint64_t vector)
{
	return vector == VECTOR_DATA_STORAGE || vector == VECTOR_DATA_SEGMENT ||
	       vector == VECTOR_ALIGNMENT || vector == VECTOR_MACHINE_CHECK;
}

uintptr_t arch_trap_address(const struct trap_frame *frame)
{
	return has_data_address(frame->vector) ? frame->dar : frame->srr0;
}

const char *arch_trap_name(const struct trap_frame *frame)
{
	switch (frame->vector) {
	case VECTOR_SYSTEM_RESET:
		return "system reset";
	case VECTOR_MACHINE_CHECK:
		return "machine check, a load, store or fetch that nothing answers";
	case VECTOR_DATA_STORAGE:
	case VECTOR_DATA_SEGMENT:
		return "data storage fault, a load or store";
	case VECTOR_INSTR_STORAGE:
	case VECTOR_INSTR_SEGMENT:
		return "instruction storage fault";
	case VECTOR_ALIGNMENT:
		return "misaligned load or store";
	case VECTOR_PROGRAM:
		return "illegal instruction or trap";
	case VECTOR_FP_UNAVAILABLE:
		return "floating point in a handler";
	case VECTOR_VECTOR_UNAVAILABLE:
	case VECTOR_VSX_UNAVAILABLE:
		return "vector instruction";
	default:
		return "exception";
	}
}

static bool in_probe(uint64_t addr)
{
	return addr >= (uintptr_t)probe_start && addr < (uintptr_t)probe_end;
}

bool arch_trap_fixup(struct trap_frame *frame)
{
	if (in_probe(frame->srr0))
		frame->srr0 = (uintptr_t)probe_fault;
	else if (frame->vector == VECTOR_INSTR_STORAGE && in_probe(frame->lr))
		/* arch_probe_call() jumped to what can't be fetched: go on behind the call. */
		frame->srr0 = (uintptr_t)probe_call_return;
	else
		return false;
	frame->gpr[R3] = frame->vector;
	return true;
}

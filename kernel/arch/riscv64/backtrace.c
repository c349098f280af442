// SPDX-License-Identifier: Apache-2.0
/*
 * Frames as GCC lays them out with -fno-omit-frame-pointer: the return address at fp - 8,
 * the caller's fp at fp - 16. A function that calls no other saves only the caller's fp,
 * at fp - 8, and leaves its return address in ra.
 */
#include "arch/backtrace.h"

#include "arch/trap.h"
#include "kernel/lib/bits.h"

extern char image_start[], image_text_end[];

enum { RA = 1, FP = 8, NR_X = 32 };

static bool is_code(uintptr_t addr)
{
	return addr >= (uintptr_t)image_start && addr < (uintptr_t)image_text_end;
}

static bool frame_is_readable(uintptr_t fp)
{
	return IS_ALIGNED(fp, 8) && stack_holds(fp - 16, 16);
}

void arch_backtrace_trap(struct backtrace *at, const struct trap_frame *frame)
{
	at->pc = frame->sepc;
	at->fp = frame->x[FP];
	at->trap_ra = frame->x[RA];
}

/*
 * After a trap ra tells more than the stack: its function was entered by a jump to
 * nowhere, or has no frame (so fp is the caller's), or has one without a return address.
 */
static bool next_after_trap(struct backtrace *at, uintptr_t ra)
{
	const uintptr_t *frame = (const uintptr_t *)at->fp;
	bool saved = frame_is_readable(at->fp);

	if (!is_code(ra) || (is_code(at->pc) && symbol_is_same(at->pc, ra)) ||
	    (saved && frame[-1] == ra))
		return false;
	at->pc = ra;
	if (saved && !is_code(frame[-1]) && frame_is_readable(frame[-1]))
		at->fp = frame[-1];
	return true;
}

bool arch_backtrace_next(struct backtrace *at)
{
	const uintptr_t *frame = (const uintptr_t *)at->fp;
	uintptr_t pc, fp, ra = at->trap_ra;

	at->trap_ra = 0;
	if (ra && next_after_trap(at, ra))
		return true;
	if (!frame_is_readable(at->fp))
		return false;
	/* An interrupt came in a function that saves no return address: on with its caller's frame. */
	if (!is_code(frame[-1]) && frame[-1] > at->fp && frame_is_readable(frame[-1]))
		frame = (const uintptr_t *)frame[-1];
	pc = frame[-1];
	fp = frame[-2];
	/* Callers lie above, so that the walk ends. */
	if (!is_code(pc) || (fp && fp <= at->fp))
		return false;
	at->pc = pc;
	at->fp = fp;
	return true;
}

const char *arch_frame_register(const struct trap_frame *frame, unsigned i, uint64_t *value)
{
	static const char *const x_names[NR_X] = {
		"pc", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "fp", "s1", "a0",
		"a1", "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
		"s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6"
	};
	const struct {
		const char *name;
		uint64_t value;
	} others[] = {
		{ "status", frame->sstatus },
		{ "cause", frame->scause },
		{ "stval", frame->stval },
	};

	if (i < NR_X) {
		*value = i ? frame->x[i] : frame->sepc;
		return x_names[i];
	}
	if (i - NR_X >= ARRAY_SIZE(others))
		return NULL;
	*value = others[i - NR_X].value;
	return others[i - NR_X].name;
}

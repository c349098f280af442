// SPDX-License-Identifier: Apache-2.0
/*
 * 64-Bit ELF V2 ABI, "The Stack Frame": a stack pointer points to the back chain, the stack
 * pointer of the caller; a function saves its link register 16 bytes above that.
 */
#include "arch/backtrace.h"

#include "arch/interrupt_frame.h"
#include "arch/trap.h"
#include "kernel/lib/bits.h"

#define FRAME_LR_SAVE 16

extern char image_start[], image_text_end[];
extern char arch_trap_interrupt[], arch_trap_interrupt_end[];

enum { SP = 1, NR_GPR = 32 };

/* The vectors are no functions, and a null pointer lies there. */
static bool is_code(uintptr_t addr)
{
	return addr >= (uintptr_t)image_start + 0x100 && addr < (uintptr_t)image_text_end;
}

static uint64_t word_at(uintptr_t addr)
{
	return *(const uint64_t *)addr;
}

static bool is_readable(uintptr_t fp)
{
	return IS_ALIGNED(fp, 8) && stack_holds(fp, FRAME_LR_SAVE + 8);
}

void arch_backtrace_trap(struct backtrace *at, const struct trap_frame *frame)
{
	at->pc = frame->srr0;
	at->fp = frame->gpr[SP];
	at->trap_ra = frame->lr;
}

/* An interrupt came: on where it did, with the link register as it was. */
static bool next_after_interrupt(struct backtrace *at)
{
	if (!is_readable(at->fp) || !stack_holds(at->fp, SAVE_BYTES))
		return false;
	at->pc = word_at(at->fp + SAVE_SRR0);
	at->trap_ra = word_at(at->fp + SAVE_LR);
	at->fp = word_at(at->fp);
	return is_code(at->pc);
}

static bool step(struct backtrace *at)
{
	uintptr_t caller;

	if (!is_readable(at->fp))
		return false;
	caller = word_at(at->fp);
	/* Callers lie above, so that the walk ends. */
	if (caller <= at->fp || !is_readable(caller))
		return false;
	at->fp = caller;
	at->pc = word_at(caller + FRAME_LR_SAVE);
	return is_code(at->pc);
}

/*
 * A function that calls no other has its return address in the link register only. It may have a
 * frame all the same; above it stands what the caller's last call has left there.
 */
static void skip_leaf(struct backtrace *at)
{
	struct backtrace above = *at;

	if (step(&above) && symbol_is_same(above.pc, at->pc))
		at->fp = above.fp;
}

bool arch_backtrace_next(struct backtrace *at)
{
	uintptr_t ra = at->trap_ra, trapped = at->pc;

	at->trap_ra = 0;
	if (at->pc >= (uintptr_t)arch_trap_interrupt && at->pc < (uintptr_t)arch_trap_interrupt_end)
		return next_after_interrupt(at);
	if (ra && is_code(ra) && !(is_code(trapped) && symbol_is_same(trapped, ra))) {
		at->pc = ra;
		skip_leaf(at);
		return true;
	}
	return step(at);
}

const char *arch_frame_register(const struct trap_frame *frame, unsigned i, uint64_t *value)
{
	static const char *const names[NR_GPR] = { "r0",  "sp",  "r2",  "r3",  "r4",  "r5",  "r6",
						   "r7",  "r8",  "r9",  "r10", "r11", "r12", "r13",
						   "r14", "r15", "r16", "r17", "r18", "r19", "r20",
						   "r21", "r22", "r23", "r24", "r25", "r26", "r27",
						   "r28", "r29", "r30", "r31" };
	const struct {
		const char *name;
		uint64_t value;
	} others[] = {
		{ "pc", frame->srr0 }, { "msr", frame->srr1 },    { "lr", frame->lr },
		{ "ctr", frame->ctr }, { "xer", frame->xer },     { "cr", frame->cr },
		{ "dar", frame->dar }, { "dsisr", frame->dsisr }, { "vector", frame->vector },
	};

	if (i < NR_GPR) {
		*value = frame->gpr[i];
		return names[i];
	}
	if (i - NR_GPR >= ARRAY_SIZE(others))
		return NULL;
	*value = others[i - NR_GPR].value;
	return others[i - NR_GPR].name;
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Compare-and-swap, acquire and release, and more than a release: what was read or written before,
 * memory and device, comes before what another hart does that has acquired the new value. false: the
 * word was not `from`.
 */
static inline bool arch_cas(_Atomic uint32_t *word, uint32_t from, uint32_t to)
{
	/* One reservation; the fence orders device accesses too, which .rl does not. */
	__asm__ goto("fence iorw, ow\n"
		     "1:	lr.w.aq t5, (%0)\n"
		     "	bne t5, %1, %l[changed]\n"
		     "	sc.w t6, %2, (%0)\n"
		     "	bnez t6, 1b"
		     :
		     : "r"(word), "r"((long)(int32_t)from), "r"(to)
		     : "t5", "t6", "memory"
		     : changed);
	return true;
changed:
	return false;
}

/* The same of 64 bits, acquire. */
static inline bool arch_cas64_acquire(_Atomic uint64_t *word, uint64_t from, uint64_t to)
{
	__asm__ goto("1:	lr.d.aq t5, (%0)\n"
		     "	bne t5, %1, %l[changed]\n"
		     "	sc.d t6, %2, (%0)\n"
		     "	bnez t6, 1b"
		     :
		     : "r"(word), "r"(from), "r"(to)
		     : "t5", "t6", "memory"
		     : changed);
	return true;
changed:
	return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/*
 * Hypervisor calls (Power Architecture Platform Reference, "Hypervisor Call Definitions"):
 * the function in r3, arguments from r4 on; the status comes in r3, results from r4 on.
 */
#define H_SUCCESS 0
#define H_BUSY    1

struct hcall_results {
	uint64_t r[4];
};

/* One call. Any context. What is not used costs nothing, as it is inlined. */
static inline __attribute__((always_inline)) long hcall(uint64_t function, uint64_t a0, uint64_t a1,
							uint64_t a2, uint64_t a3, uint64_t a4,
							struct hcall_results *results)
{
	register uint64_t r3 __asm__("r3") = function;
	register uint64_t r4 __asm__("r4") = a0;
	register uint64_t r5 __asm__("r5") = a1;
	register uint64_t r6 __asm__("r6") = a2;
	register uint64_t r7 __asm__("r7") = a3;
	register uint64_t r8 __asm__("r8") = a4;

	__asm__ volatile("sc 1"
			 : "+r"(r3), "+r"(r4), "+r"(r5), "+r"(r6), "+r"(r7), "+r"(r8)
			 :
			 : "r0", "r9", "r10", "r11", "r12", "ctr", "xer", "cr0", "cr1", "cr5",
			   "cr6", "cr7", "memory");
	if (results)
		*results = (struct hcall_results){ { r4, r5, r6, r7 } };
	return (long)r3;
}

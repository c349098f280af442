/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/* Instruction marks at exact places, for benchmarks: no compiler-made prologue is measured. */

/* An interrupt handler whose first instruction reads the instruction count, which it stores to *(uint64_t *)arg. */
void arch_bench_handler(void *arg);

/* One 32-bit store to a device between two reads of the instruction count: the counts before and after. */
struct arch_bench_pair {
	uint64_t before, after;
};
struct arch_bench_pair arch_bench_store(uintptr_t addr, uint32_t value);

/* Lets interrupts in between two reads of the instruction count, then shuts them out again. */
struct arch_bench_pair arch_bench_window(void);

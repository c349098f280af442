/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

struct hart;

/* The reference copy of the contract: each thread is a hart; NULL until it says which. */
struct hart *this_hart(void);
void arch_set_this_hart(struct hart *h);

/* Both give the processor to another thread. */
void cpu_wait(void);
void cpu_relax(void);

/* Always 0: what instructions cost is measured on the target. */
uint64_t cpu_instret(void);
/* What the test has set (tests/host/host_support.h): time stands still otherwise. */
uint64_t cpu_ticks(void);

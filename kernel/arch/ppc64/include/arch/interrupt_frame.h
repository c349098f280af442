/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The frame that an interrupt pushes on the stack it interrupts: the ABI's header (back chain,
 * and room for the callee's link register), what a C function may change, and what a hypervisor
 * call in a handler changes: SRR0 and SRR1. Below it the interrupted function may have used 288
 * bytes without saying so (64-Bit ELF V2 ABI, "The Stack Frame").
 */
#define SAVE_PROTECTED 288
#define SAVE_GPR0      32
#define SAVE_GPR3      40 /* to r12: 112 */
#define SAVE_LR        120
#define SAVE_CTR       128
#define SAVE_XER       136
#define SAVE_CR        144
#define SAVE_SRR0      152
#define SAVE_SRR1      160
#define SAVE_BYTES     176
#define SAVE_SIZE      (SAVE_BYTES + SAVE_PROTECTED)

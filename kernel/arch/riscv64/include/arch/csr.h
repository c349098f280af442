/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/*
 * Control and status registers by number: older assemblers do not know the names
 * of the AIA (Ssaia) and Sstc registers. The ISA manual, Volume II, and the AIA
 * specification, section 2.2.
 */
#define CSR_SSTATUS  0x100
#define CSR_SIE      0x104
#define CSR_STVEC    0x105
#define CSR_SSCRATCH 0x140
#define CSR_SEPC     0x141
#define CSR_SCAUSE   0x142
#define CSR_STVAL    0x143
#define CSR_SIP      0x144
#define CSR_STIMECMP 0x14d
#define CSR_SISELECT 0x150
#define CSR_SIREG    0x151
#define CSR_STOPEI   0x15c
#define CSR_SATP     0x180
#define CSR_TIME     0xc01
#define CSR_INSTRET  0xc02

#define SSTATUS_SIE  (1ul << 1)
#define SSTATUS_SPIE (1ul << 5)
#define SSTATUS_SPP  (1ul << 8)
#define SSTATUS_FS   (3ul << 13)

#define SIE_SSIE (1ul << 1)
#define SIE_STIE (1ul << 5)
#define SIE_SEIE (1ul << 9)

#define SIP_SSIP (1ul << 1)

#define SCAUSE_INTERRUPT (1ul << 63)
#define IRQ_S_SOFT       1
#define IRQ_S_TIMER      5
#define IRQ_S_EXTERNAL   9

#define EXC_FETCH_PAGE 12
#define EXC_LOAD_PAGE  13
#define EXC_STORE_PAGE 15

#define csr_read(csr)                                                             \
	({                                                                        \
		unsigned long v_;                                                 \
		__asm__ volatile("csrr %0, %1" : "=r"(v_) : "i"(csr) : "memory"); \
		v_;                                                               \
	})

#define csr_write(csr, val)                                                      \
	({                                                                       \
		unsigned long w_ = (unsigned long)(val);                         \
		__asm__ volatile("csrw %0, %1" ::"i"(csr), "rK"(w_) : "memory"); \
	})

#define csr_swap(csr, val)                                                                       \
	({                                                                                       \
		unsigned long v_, w_ = (unsigned long)(val);                                     \
		__asm__ volatile("csrrw %0, %1, %2" : "=r"(v_) : "i"(csr), "rK"(w_) : "memory"); \
		v_;                                                                              \
	})

#define csr_set(csr, val)                                                        \
	({                                                                       \
		unsigned long w_ = (unsigned long)(val);                         \
		__asm__ volatile("csrs %0, %1" ::"i"(csr), "rK"(w_) : "memory"); \
	})

#define csr_clear(csr, val)                                                      \
	({                                                                       \
		unsigned long w_ = (unsigned long)(val);                         \
		__asm__ volatile("csrc %0, %1" ::"i"(csr), "rK"(w_) : "memory"); \
	})

#define csr_read_clear(csr, val)                                                                 \
	({                                                                                       \
		unsigned long v_, w_ = (unsigned long)(val);                                     \
		__asm__ volatile("csrrc %0, %1, %2" : "=r"(v_) : "i"(csr), "rK"(w_) : "memory"); \
		v_;                                                                              \
	})

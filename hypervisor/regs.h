/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Where hypervisor/world.S finds what in struct vcpu_regs (hypervisor/vcpu.h, which checks it). */
#define REGS_SEPC     256
#define REGS_SSTATUS  264
#define REGS_HSTATUS  272
#define REGS_SCAUSE   280
#define REGS_STVAL    288
#define REGS_HTVAL    296
#define REGS_HTINST   304
#define REGS_SP       312
#define REGS_SSCRATCH 320
#define REGS_STVEC    328

/* The hypervisor extension's registers by number (the ISA manual, Volume II, "Hypervisor Extension"): older assemblers do not know the names. */
#define CSR_VSSTATUS   0x200
#define CSR_VSIE       0x204
#define CSR_VSTVEC     0x205
#define CSR_VSSCRATCH  0x240
#define CSR_VSEPC      0x241
#define CSR_VSCAUSE    0x242
#define CSR_VSTVAL     0x243
#define CSR_VSTIMECMP  0x24d
#define CSR_VSISELECT  0x250
#define CSR_VSIREG     0x251
#define CSR_VSATP      0x280
#define CSR_HSTATUS    0x600
#define CSR_HEDELEG    0x602
#define CSR_HIDELEG    0x603
#define CSR_HIE        0x604
#define CSR_HTIMEDELTA 0x605
#define CSR_HCOUNTEREN 0x606
#define CSR_HGEIE      0x607
#define CSR_HENVCFG    0x60a
#define CSR_HSTATEEN0  0x60c
#define CSR_HTVAL      0x643
#define CSR_HIP        0x644
#define CSR_HVIP       0x645
#define CSR_HTINST     0x64a
#define CSR_HGATP      0x680

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Power Architecture Platform Reference, "Hypervisor Call Definitions": function numbers. */
#define H_PUT_TCE          0x20
#define H_GET_TERM_CHAR    0x54
#define H_PUT_TERM_CHAR    0x58
#define H_EOI              0x64
#define H_CPPR             0x68
#define H_IPI              0x6c
#define H_IPOLL            0x70
#define H_XIRR             0x74
#define H_PUT_TCE_INDIRECT 0x13c
#define H_RTAS             0xf000 /* QEMU's, in place of a blob of code */

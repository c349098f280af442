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

#define H_INT_GET_SOURCE_INFO   0x3a8
#define H_INT_SET_SOURCE_CONFIG 0x3ac
#define H_INT_GET_SOURCE_CONFIG 0x3b0
#define H_INT_SET_QUEUE_CONFIG  0x3b8
#define H_INT_ESB               0x3c8
#define H_INT_SYNC              0x3cc
#define H_INT_RESET             0x3d0

/* QEMU's, in place of a blob of code, and of a method of Open Firmware */
#define H_RTAS 0xf000
#define H_CAS  0xf002

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The RISC-V Supervisor Binary Interface Specification, version 2.0, chapters 3 to 12. */
#define SBI_EXT_LEGACY_PUTCHAR  0x01
#define SBI_EXT_LEGACY_GETCHAR  0x02
#define SBI_EXT_LEGACY_SEND_IPI 0x04
#define SBI_EXT_BASE            0x10
#define SBI_EXT_TIME            0x54494d45
#define SBI_EXT_IPI             0x735049
#define SBI_EXT_HSM             0x48534d
#define SBI_EXT_SRST            0x53525354
#define SBI_EXT_DBCN            0x4442434e
#define SBI_EXT_MSI             0x084d5349 /* docs/sbi-msi.md, in the space of experiments */

#define SBI_BASE_PROBE      3
#define SBI_TIME_SET        0
#define SBI_IPI_SEND        0
#define SBI_HSM_START       0
#define SBI_HSM_STOP        1
#define SBI_HSM_STATUS      2
#define SBI_SRST_RESET      0
#define SBI_DBCN_WRITE      0
#define SBI_DBCN_READ       1
#define SBI_DBCN_WRITE_BYTE 2

#define SBI_SRST_SHUTDOWN       0
#define SBI_SRST_COLD_REBOOT    1
#define SBI_SRST_REASON_NONE    0
#define SBI_SRST_REASON_FAILURE 1

#define SBI_HSM_STARTED       0
#define SBI_HSM_STOPPED       1
#define SBI_HSM_START_PENDING 2

#define SBI_SUCCESS               0
#define SBI_ERR_FAILED            -1
#define SBI_ERR_NOT_SUPPORTED     -2
#define SBI_ERR_INVALID_PARAM     -3
#define SBI_ERR_DENIED            -4
#define SBI_ERR_INVALID_ADDRESS   -5
#define SBI_ERR_ALREADY_AVAILABLE -6

/* The SBI MSI extension (docs/sbi-msi.md), version 1.0. */
#define SBI_MSI_INFO         0
#define SBI_MSI_QUERY        1
#define SBI_MSI_CHANGE       2
#define SBI_MSI_MASK         3
#define SBI_MSI_SET_AFFINITY 4
#define SBI_MSI_GET          5

#define SBI_MSI_TYPE_NONE 0
#define SBI_MSI_TYPE_MSI  1
#define SBI_MSI_TYPE_MSIX 2

#define SBI_MSI_INFO_MINOR   0xffull
#define SBI_MSI_INFO_MAJOR   0xff00ull
#define SBI_MSI_INFO_ENTRIES 0xffff0000ull
#define SBI_MSI_INFO_IDS     0xffff00000000ull

#define SBI_MSI_QUERY_SUPPORTED 0xffffull
#define SBI_MSI_QUERY_QUOTA     0xffff0000ull
#define SBI_MSI_QUERY_GRANTED   0xffff00000000ull
#define SBI_MSI_QUERY_TYPE      0x3000000000000ull

#define SBI_MSI_GET_EIID    0xffffull
#define SBI_MSI_GET_HART    0xffffffff0000ull
#define SBI_MSI_GET_MASKED  0x1000000000000ull
#define SBI_MSI_GET_PENDING 0x2000000000000ull

/* A message in the array of change: one doubleword. */
#define SBI_MSI_ENTRY_INDEX 0xffffull
#define SBI_MSI_ENTRY_EIID  0xffff0000ull
#define SBI_MSI_ENTRY_HART  0xffffffff00000000ull

/* What the hypervisor counts of each hart of the guest; in the same space. */
#define SBI_EXT_COUNTERS      0x08485643
#define SBI_COUNTERS_NUMBER   0
#define SBI_COUNTERS_READ     1 /* hart ID, index */
#define SBI_COUNTER_EXITS     0
#define SBI_COUNTER_MSI_CALLS 7
#define SBI_COUNTER_MSI_WORK  8 /* instructions in those */

struct sbiret {
	long error; /* 0 or a negative SBI error */
	long value;
};

/* One ecall to the SBI; any context. */
struct sbiret sbi_call(unsigned long ext, unsigned long fid, unsigned long a0, unsigned long a1,
		       unsigned long a2);
/* The same with five arguments. */
struct sbiret sbi_call5(unsigned long ext, unsigned long fid, unsigned long a0, unsigned long a1,
			unsigned long a2, unsigned long a3, unsigned long a4);
bool sbi_has(unsigned long ext);

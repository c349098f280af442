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

#define SBI_BASE_PROBE      3
#define SBI_TIME_SET        0
#define SBI_IPI_SEND        0
#define SBI_HSM_START       0
#define SBI_HSM_STOP        1
#define SBI_HSM_STATUS      2
#define SBI_SRST_RESET      0
#define SBI_DBCN_READ       1
#define SBI_DBCN_WRITE_BYTE 2

#define SBI_SRST_SHUTDOWN       0
#define SBI_SRST_COLD_REBOOT    1
#define SBI_SRST_REASON_NONE    0
#define SBI_SRST_REASON_FAILURE 1

#define SBI_HSM_STARTED       0
#define SBI_HSM_STOPPED       1
#define SBI_HSM_START_PENDING 2

struct sbiret {
	long error; /* 0 or a negative SBI error */
	long value;
};

/* One ecall to the SBI; any context. */
struct sbiret sbi_call(unsigned long ext, unsigned long fid, unsigned long a0, unsigned long a1,
		       unsigned long a2);
bool sbi_has(unsigned long ext);

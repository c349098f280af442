/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/*
 * Calls of the firmware (OPAL API, skiboot's doc/opal-api): in real mode, interrupts off, by any
 * hart at any time. What they write is big-endian, at an address.
 */
enum opal_token {
	OPAL_CONSOLE_WRITE = 1,
	OPAL_CONSOLE_READ = 2,
	OPAL_CEC_POWER_DOWN = 5,
	OPAL_CEC_REBOOT = 6,
	OPAL_POLL_EVENTS = 10,
	OPAL_PCI_CONFIG_READ_BYTE = 13,
	OPAL_PCI_CONFIG_READ_HALF_WORD = 14,
	OPAL_PCI_CONFIG_READ_WORD = 15,
	OPAL_PCI_CONFIG_WRITE_BYTE = 16,
	OPAL_PCI_CONFIG_WRITE_HALF_WORD = 17,
	OPAL_PCI_CONFIG_WRITE_WORD = 18,
	OPAL_SET_XIVE = 19,
	OPAL_PCI_EEH_FREEZE_CLEAR = 26,
	OPAL_PCI_SET_PE = 31,
	OPAL_PCI_SET_XIVE_PE = 37,
	OPAL_GET_MSI_32 = 39,
	OPAL_GET_MSI_64 = 40,
	OPAL_START_CPU = 41,
	OPAL_QUERY_CPU_STATUS = 42,
	OPAL_PCI_MAP_PE_DMA_WINDOW = 44,
	OPAL_RETURN_CPU = 69,
	OPAL_INT_GET_XIRR = 122,
	OPAL_INT_SET_CPPR = 123,
	OPAL_INT_EOI = 124,
};

#define OPAL_SUCCESS 0

int64_t opal_enter(enum opal_token token, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3,
		   uint64_t a4, uint64_t a5, uint64_t a6);

/* One call with the arguments that it takes, up to seven numbers; its status. Any context. */
#define opal_call(...) OPAL_CALL(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)
#define OPAL_CALL(token, a0, a1, a2, a3, a4, a5, a6, ...) \
	opal_enter(token, a0, a1, a2, a3, a4, a5, a6)

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/* APLIC register arithmetic, no MMIO (AIA specification, chapter 4). */

#define APLIC_DOMAINCFG    0x0000
#define APLIC_DOMAINCFG_DM (1u << 2) /* MSI delivery mode */
#define APLIC_DOMAINCFG_IE (1u << 8)

#define APLIC_SETIPNUM 0x1cdc
#define APLIC_IN_CLRIP 0x1d00 /* read: the wires, a bit a source, 1 when it asks */
#define APLIC_CLRIE    0x1f00 /* W1C: ones disable */
#define APLIC_SETIENUM 0x1edc
#define APLIC_CLRIENUM 0x1fdc
#define APLIC_GENMSI   0x3000 /* layout of a target register, and Busy */

/* Interrupt delivery control (IDC), one a hart in direct delivery mode (section 4.8.1): from aplic_idc() on. */
#define APLIC_IDC_SIZE       0x20
#define APLIC_IDC_IDELIVERY  0x00
#define APLIC_IDC_IFORCE     0x04
#define APLIC_IDC_ITHRESHOLD 0x08 /* 0: lets all through */
#define APLIC_IDC_CLAIMI     0x1c

#define APLIC_SM_INACTIVE   0
#define APLIC_SM_EDGE_RISE  4
#define APLIC_SM_EDGE_FALL  5
#define APLIC_SM_LEVEL_HIGH 6
#define APLIC_SM_LEVEL_LOW  7
#define APLIC_SOURCECFG_SM  7u

#define APLIC_MAX_SOURCE 1023

/* Source i (1 .. 1023): its sourcecfg and target registers (sections 4.5.2, 4.5.16). */
uint32_t aplic_sourcecfg(unsigned source);
uint32_t aplic_target(unsigned source);

/* Target register in MSI mode: hart index, guest index 0, identity. */
uint32_t aplic_msi_target(unsigned hart_index, unsigned identity);

/* Target register in direct mode, lowest-numbered priority but 0, which is none. */
uint32_t aplic_direct_target(unsigned hart_index);

#define APLIC_MAX_HART_INDEX 0x3fff
/* Registers of the IDC with this hart index; the source that claimi names, 0: none. */
uint32_t aplic_idc(unsigned hart_index);
unsigned aplic_claimed(uint32_t claimi);

/* Source mode for a device-tree trigger type (1 rising, 2 falling, 4 high, 8 low), or APLIC_SM_INACTIVE. */
unsigned aplic_source_mode(uint32_t trigger);

/* Is it level-sensitive: must it be looked at again after its handler? */
static inline int aplic_mode_is_level(unsigned mode)
{
	return mode >= APLIC_SM_LEVEL_HIGH;
}

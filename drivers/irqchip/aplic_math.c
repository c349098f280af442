// SPDX-License-Identifier: Apache-2.0
#include "drivers/irqchip/aplic_math.h"

#include "kernel/lib/bits.h"

#define SOURCECFG_BASE 0x0004
#define TARGET_BASE    0x3004

#define TARGET_HART   GENMASK(31, 18)
#define TARGET_EIID   GENMASK(10, 0)
#define TARGET_IPRIO  GENMASK(7, 0)
#define IDC_BASE      0x4000
#define CLAIMI_SOURCE GENMASK(25, 16)
#define PRIORITY      1

uint32_t aplic_sourcecfg(unsigned source)
{
	return SOURCECFG_BASE + (source - 1) * 4;
}

uint32_t aplic_target(unsigned source)
{
	return TARGET_BASE + (source - 1) * 4;
}

uint32_t aplic_msi_target(unsigned hart_index, unsigned identity)
{
	return FIELD_PREP(TARGET_HART, hart_index) | FIELD_PREP(TARGET_EIID, identity);
}

uint32_t aplic_direct_target(unsigned hart_index)
{
	return FIELD_PREP(TARGET_HART, hart_index) | FIELD_PREP(TARGET_IPRIO, PRIORITY);
}

uint32_t aplic_idc(unsigned hart_index)
{
	return IDC_BASE + hart_index * APLIC_IDC_SIZE;
}

unsigned aplic_claimed(uint32_t claimi)
{
	return FIELD_GET(CLAIMI_SOURCE, claimi);
}

unsigned aplic_source_mode(uint32_t trigger)
{
	switch (trigger) {
	case 1:
		return APLIC_SM_EDGE_RISE;
	case 2:
		return APLIC_SM_EDGE_FALL;
	case 4:
		return APLIC_SM_LEVEL_HIGH;
	case 8:
		return APLIC_SM_LEVEL_LOW;
	default:
		return APLIC_SM_INACTIVE;
	}
}

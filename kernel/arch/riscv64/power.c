// SPDX-License-Identifier: Apache-2.0
/* SBI System Reset (SBI 2.0, chapter 10): every machine's way off; carries no exit status. */
#include "arch/power.h"

#include "arch/sbi.h"

void arch_power_off(unsigned status)
{
	sbi_call(SBI_EXT_SRST, SBI_SRST_RESET, SBI_SRST_SHUTDOWN,
		 status ? SBI_SRST_REASON_FAILURE : SBI_SRST_REASON_NONE, 0);
}

void arch_reset(void)
{
	sbi_call(SBI_EXT_SRST, SBI_SRST_RESET, SBI_SRST_COLD_REBOOT, SBI_SRST_REASON_NONE, 0);
}

// SPDX-License-Identifier: Apache-2.0
#include "arch/csr.h"
#include "arch/sbi.h"
#include "arch/timer.h"

static bool use_stimecmp;

void arch_timer_init(bool has_sstc)
{
	use_stimecmp = has_sstc;
}

void arch_timer_set(uint64_t deadline)
{
	if (use_stimecmp)
		csr_write(CSR_STIMECMP, deadline);
	else
		sbi_call(SBI_EXT_TIME, SBI_TIME_SET, deadline, 0, 0);
}

void arch_timer_enable(void)
{
	csr_set(CSR_SIE, SIE_STIE);
}

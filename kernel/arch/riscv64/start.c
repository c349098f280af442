// SPDX-License-Identifier: Apache-2.0
#include "arch/start.h"

#include <errno.h>

#include "arch/sbi.h"

extern char boot_secondary[], image_start[];
extern const uintptr_t boot_image_phys;

int arch_start_hart(uint64_t hart_id, struct hart *hart)
{
	/* A hart starts with its MMU off: where the image was loaded, not where it runs. */
	uintptr_t entry = boot_image_phys + (uintptr_t)(boot_secondary - image_start);
	struct sbiret ret = sbi_call(SBI_EXT_HSM, SBI_HSM_START, hart_id, entry, (uintptr_t)hart);

	return ret.error ? -EIO : 0;
}

bool arch_hart_stopped(uint64_t hart_id)
{
	struct sbiret ret = sbi_call(SBI_EXT_HSM, SBI_HSM_STATUS, hart_id, 0, 0);

	return !ret.error && ret.value == SBI_HSM_STOPPED;
}

void arch_call_on_stack(uintptr_t stack_top, void (*next)(void))
{
	/* fp 0 ends the backtrace. */
	__asm__ volatile("mv sp, %0\n\tli fp, 0\n\tjalr %1" ::"r"(stack_top), "r"(next) : "memory");
	__builtin_unreachable();
}

// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "apps/command.h"
#include "arch/sbi.h"
#include "kernel/lib/bits.h"
#include "kernel/smp.h"

static const char *const names[] = {
	"exits",   "interrupts",   "calls",     "loads",    "stores",
	"refused", "instructions", "MSI calls", "MSI work", "IPI, fence and hart calls",
};

static int run(int argc, char **argv)
{
	struct sbiret number = { 0 };

	if (argc > 1)
		return command_usage(command_find(argv[0]));
	if (sbi_has(SBI_EXT_COUNTERS))
		number = sbi_call(SBI_EXT_COUNTERS, SBI_COUNTERS_NUMBER, 0, 0, 0);
	if (number.error || number.value <= 0)
		return command_error("hv: no hypervisor that counts");
	printf("%-26s", "hart");
	for (unsigned hart = 0; hart < smp_count(); hart++)
		printf("%11u", hart);
	for (unsigned i = 0; i < MIN((unsigned long)number.value, ARRAY_SIZE(names)); i++) {
		printf("\n%-26s", names[i]);
		for (unsigned hart = 0; hart < smp_count(); hart++)
			printf("%11ld", sbi_call(SBI_EXT_COUNTERS, SBI_COUNTERS_READ,
						 smp_hart(hart)->hart_id, i, 0)
						.value);
	}
	printf("\n");
	return 0;
}

TABLE_ENTRY(struct command, command, 5, hv) = {
	.name = "hv",
	.usage = "",
	.help = "under a hypervisor: exits to it by cause, and calls, a hart",
	.run = run,
};

// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>

#include "apps/command.h"
#include "drivers/iommu/remap.h"
#include "kernel/smp.h"

static void print_faults(struct iommu_unit *unit)
{
	struct riscv_iommu_fault fault;

	while (riscv_iommu_fault(&unit->hw, &fault)) {
		const struct pci_function *fn = iommu_function(unit, fault.id);

		printf("%s (id 0x%x): fault %u at 0x%lx%s\n", fn ? fn->name : "?", fault.id,
		       fault.cause, (unsigned long)fault.address,
		       fault.cause == RISCV_IOMMU_NO_FILE ? ", a message to a foreign file" : "");
	}
	printf("%s: fault queue full %u times\n", unit->name, unit->hw.lost);
}

static int run(int argc, char **argv)
{
	(void)argc, (void)argv;
	if (!msi_iommus)
		puts("no IOMMU: functions reach all memory and every interrupt file");
	for (struct msi_iommu *iommu = msi_iommus; iommu; iommu = iommu->next)
		print_faults(iommu_unit_of(iommu));
	return 0;
}

TABLE_ENTRY(struct command, command, 5, iommu) = {
	.name = "iommu",
	.usage = "",
	.help = "IOMMUs and what they have kept from functions since last asked",
	.run = run,
};

// SPDX-License-Identifier: Apache-2.0
#include "kernel/msi_iommu.h"

struct msi_iommu *msi_iommus;

struct msi_iommu *msi_iommu_find(uint32_t phandle)
{
	struct msi_iommu *iommu = msi_iommus;

	while (iommu && iommu->phandle != phandle)
		iommu = iommu->next;
	return iommu;
}

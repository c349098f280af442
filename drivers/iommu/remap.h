/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "drivers/iommu/riscv_iommu.h"
#include "drivers/pci/pci.h"

/*
 * The kernel's use of its IOMMUs: a function that is attached reaches the RAM that the kernel hands
 * out pages from, at its own addresses, and of interrupt files those of harts where it has a place.
 */
struct iommu_unit {
	struct msi_iommu iommu;
	struct riscv_iommu hw;
	const char *name;
};

static inline struct iommu_unit *iommu_unit_of(struct msi_iommu *iommu)
{
	return container_of(iommu, struct iommu_unit, iommu);
}

/*
 * An IOMMU that a device tree node describes, its registers mapped. name lives for ever. 0: what is behind
 * it reaches nothing until it is attached. -errno, logged: as riscv_iommu_init(). Boot.
 */
int iommu_add(uintptr_t regs, uint32_t phandle, const char *name);

/* Does the function reach the file of the hart (index)? Of a function behind no IOMMU: true. Any context. */
bool iommu_reaches(const struct msi_function *fn, unsigned hart);
/* The function that has the id at this IOMMU; NULL: none. Thread context. */
const struct pci_function *iommu_function(const struct iommu_unit *unit, uint32_t id);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "drivers/pci/pci.h"
#include "hypervisor/vm.h"

/*
 * The machine's IOMMU: a guest's functions reach the guest's RAM and interrupt files, at the guest's
 * addresses, and nothing else; a function that no guest has reaches nothing. All but the last: boot.
 */

/* Takes over the first that there is, PCI functions found; without one, or with one that lacks something, a line says so. */
void iommu_find(void);
/* The tables of a guest with harts and RAM. 0 or -ENOMEM. */
int iommu_make(struct guest *guest);
/* The function is the guest's. 0; -EINVAL: it is the IOMMU itself, or not behind it; -ENOMEM, -EIO, -ETIMEDOUT. */
int iommu_give(struct guest *guest, const struct pci_function *pci);
/* Logs what was kept from functions since. Any hart. */
void iommu_log_faults(void);

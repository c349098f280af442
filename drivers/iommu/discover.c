// SPDX-License-Identifier: Apache-2.0
/* IOMMUs in the device tree: in the SoC, or functions on a bus (binding riscv,iommu). */
#include <errno.h>

#include "drivers/iommu/remap.h"
#include "drivers/pci/pci.h"
#include "kernel/mem.h"
#include "platform/dt.h"

#define REGISTERS 4096

static int probe_platform(dt_node_t node)
{
	struct dt_range reg;
	int rc = dt_reg(node, 0, &reg);
	uintptr_t regs;

	if (rc || reg.size < REGISTERS)
		return rc ? rc : -EINVAL;
	regs = mmio_map(reg.base, REGISTERS);
	return regs ? iommu_add(regs, dt_phandle(node), dt_name(node)) : -ENOMEM;
}

TABLE_ENTRY(struct dt_driver, dt_driver, 5, riscv_iommu) = {
	.name = "riscv-iommu",
	.compatible = "riscv,iommu",
	.class_ = DT_CLASS_IOMMU,
	.probe = probe_platform,
};

/* The first cell of its unit address has the requester ID from bit 8 on. */
static uint32_t phandle_of(const struct pci_function *fn)
{
	dt_node_t node = dt_next_compatible(DT_NONE, "riscv,pci-iommu");

	while (node != DT_NONE && (uint16_t)(dt_u32(node, "reg", 0, 0) >> 8) != fn->msi.rid)
		node = dt_next_compatible(node, "riscv,pci-iommu");
	return node == DT_NONE ? 0 : dt_phandle(node);
}

static int probe_function(struct pci_function *fn)
{
	uintptr_t regs = pci_map_bar(fn, 0, REGISTERS);
	uint32_t phandle = phandle_of(fn);
	int rc;

	if (!regs || !phandle)
		return -ENODEV;
	/* It reads its tables, and writes faults and answers. */
	pci_enable(fn);
	rc = iommu_add(regs, phandle, fn->name);
	if (!rc)
		pci_iommu_found();
	return rc;
}

static const struct pci_id ids[] = {
	{ .vendor = PCI_ANY, .device = PCI_ANY, .class_ = 0x080600, .class_mask = 0xffff00 },
};

TABLE_ENTRY(struct pci_driver, pci_driver, 5, riscv_iommu) = {
	.name = "riscv-iommu",
	.ids = ids,
	.nr_ids = ARRAY_SIZE(ids),
	.probe = probe_function,
};

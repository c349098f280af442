// SPDX-License-Identifier: Apache-2.0
#include "hypervisor/iommu.h"

#include <errno.h>

#include "drivers/iommu/regs.h"
#include "drivers/iommu/riscv_iommu.h"
#include "drivers/irqchip/imsic_math.h"
#include "drivers/pci/pci_regs.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"
#include "kernel/msi_iommu.h"

#define REGISTERS  4096
#define PTE_BYTES  16
#define MANY_LINES 16 /* of faults, at one look */

static struct riscv_iommu iommu;
static struct msi_iommu entry; /* iommu-map leads to it */
static bool in_use;
static struct spinlock faults_lock;

static bool is_iommu(const struct pci_function *pci)
{
	return pci->class_rev >> 16 == PCI_CLASS_IOMMU;
}

/* A function of the root bus; its node's unit address has the requester ID from bit 8 on. */
static uintptr_t map_function(dt_node_t node)
{
	uint16_t rid = (uint16_t)(dt_u32(node, "reg", 0, 0) >> 8);
	struct pci_function *pci = pci_first();

	while (pci && (!is_iommu(pci) || pci->msi.rid != rid))
		pci = pci->next;
	if (!pci)
		return 0;
	pci_enable(pci);
	return pci_map_bar(pci, 0, REGISTERS);
}

static uintptr_t map_registers(dt_node_t *node)
{
	struct dt_range reg;

	*node = dt_next_compatible(DT_NONE, "riscv,iommu");
	if (*node != DT_NONE)
		return dt_reg(*node, 0, &reg) ? 0 : mmio_map(reg.base, REGISTERS);
	*node = dt_next_compatible(DT_NONE, "riscv,pci-iommu");
	return *node == DT_NONE ? 0 : map_function(*node);
}

void iommu_find(void)
{
	dt_node_t node;
	uintptr_t regs = map_registers(&node);
	int rc = regs ? riscv_iommu_init(&iommu, regs, UINT16_MAX) : -ENODEV;

	if (rc) {
		log_warn("no IOMMU (%d): a guest's functions reach all memory and every interrupt file",
			 rc);
		return;
	}
	entry.phandle = dt_phandle(node);
	msi_iommus = &entry;
	in_use = true;
	log_info("%s: a guest's functions reach its RAM and interrupt files alone", dt_name(node));
}

/* One table for all functions of the guest: they have one GSCID. */
int iommu_make(struct guest *guest)
{
	uint64_t mask = BIT64(log2_ceil(guest->nr_vcpus)) - 1;
	uint64_t *table;
	int rc;

	if (!in_use)
		return 0;
	rc = gstage_init(&guest->dma, guest->number + 1);
	if (!rc)
		rc = gstage_map(&guest->dma, guest->ram.base, guest->ram.base, guest->ram.size,
				GSTAGE_RW);
	table = page_alloc(PTE_BYTES * (mask + 1), 0);
	if (rc || !table)
		return -ENOMEM;
	guest->msiptp = IOMMU_MODE_FLAT | (uintptr_t)table >> PAGE_SHIFT;
	guest->msi_mask = mask;
	for (unsigned i = 0; i < guest->nr_vcpus; i++) {
		uint64_t page = guest->imsic + i * IMSIC_PAGE_SIZE;

		table[PTE_BYTES / sizeof(*table) * riscv_iommu_msi_index(page, mask)] =
			riscv_iommu_msi_entry(guest->vcpus[i]->file);
	}
	return 0;
}

int iommu_give(struct guest *guest, const struct pci_function *pci)
{
	struct riscv_iommu_context context = {
		.msiptp = guest->msiptp,
		.msi_mask = guest->msi_mask,
		.msi_pattern = guest->imsic >> PAGE_SHIFT & ~guest->msi_mask,
	};
	struct pci_host *host = pci->host;
	uint32_t id;

	if (is_iommu(pci))
		return -EINVAL;
	if (!in_use)
		return 0;
	if (!host->iommu || host->iommu(host, pci->msi.rid, &id) != &entry)
		return -EINVAL;
	context.iohgatp = gstage_hgatp(&guest->dma);
	return riscv_iommu_set(&iommu, id, &context);
}

/* Whose it is; ids are requester IDs where iommu-map does not say otherwise. */
static void log_fault(const struct riscv_iommu_fault *fault)
{
	for (unsigned g = 0; g < nr_guests; g++)
		for (unsigned i = 0; i < guests[g].nr_functions; i++) {
			const struct pci_function *pci = guests[g].functions[i].pci;
			uint32_t id;

			if (pci->host->iommu(pci->host, pci->msi.rid, &id) == &entry &&
			    id == fault->id) {
				log_warn("guest %u: %s: fault %u at 0x%lx", g, pci->name,
					 fault->cause, (unsigned long)fault->address);
				return;
			}
		}
	log_warn("device 0x%x of nobody: fault %u at 0x%lx", fault->id, fault->cause,
		 (unsigned long)fault->address);
}

void iommu_log_faults(void)
{
	struct riscv_iommu_fault fault;
	irqflags_t flags;
	bool more = in_use;

	for (unsigned n = 0; more; n++) {
		flags = spin_lock_irq(&faults_lock);
		more = riscv_iommu_fault(&iommu, &fault);
		spin_unlock_irq(&faults_lock, flags);
		/* A guest that makes many does not fill the log. */
		if (more && n < MANY_LINES)
			log_fault(&fault);
	}
}

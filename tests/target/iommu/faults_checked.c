// SPDX-License-Identifier: Apache-2.0
/* What an IOMMU keeps from a function: each thing is tried, and found again as a fault, or nowhere. */
#include <string.h>

#include "drivers/edu/edu.h"
#include "drivers/iommu/remap.h"
#include "drivers/pci/pci_regs.h"
#include "drivers/pci/raise.h"
#include "kernel/mem.h"
#include "kernel/slot.h"
#include "kernel/smp.h"
#include "kernel/time.h"
#include "tests/target/test.h"

#define NO_EDU  "no edu behind an IOMMU"
#define WAIT_MS 2000

extern char image_start[];
extern const uintptr_t boot_image_phys;

static struct pci_function *find_edu(void)
{
	struct pci_function *fn = pci_first();

	while (fn && (!fn->msi.remap || !edu_of(fn)))
		fn = fn->next;
	return fn;
}

/* A hart where it has no vector, and an identity there that is nobody's; 0: none. */
static unsigned foreign(const struct pci_function *fn, unsigned *hart)
{
	for (unsigned i = 0; i < smp_count(); i++) {
		unsigned id = smp_online(i) && !iommu_reaches(&fn->msi, i) ? smp_hart(i)->max_id
									   : 0;

		*hart = i;
		if (id && atomic_load(&smp_hart(i)->slots[id]) == &irq_unowned)
			return id;
	}
	return 0;
}

/* Faults of the function by this cause and, unless it is 0, at this address; all are taken. */
static unsigned faults(const struct pci_function *fn, unsigned cause, uint64_t address)
{
	struct riscv_iommu_fault fault;
	unsigned n = 0;

	for (struct msi_iommu *at = msi_iommus; at; at = at->next)
		while (riscv_iommu_fault(&iommu_unit_of(at)->hw, &fault))
			n += iommu_function(iommu_unit_of(at), fault.id) == fn &&
			     fault.cause == cause && (!address || fault.address == address);
	return n;
}

static uint64_t strays(void)
{
	return atomic_load(&irq_unowned.spurious) + atomic_load(&irq_spurious_total);
}

/*
 * A message to the place, against docs/msi.md M3: the registers are written behind the kernel's
 * back.
 */
static void send_to(struct pci_function *fn, unsigned hart, unsigned id)
{
	unsigned address = fn->cap_msi + PCI_MSI_ADDRESS;
	unsigned data = fn->cap_msi + PCI_MSI_DATA + PCI_MSI_64BIT_SHIFT;
	uint32_t old_address = pci_read32(fn, address), old_data = pci_read32(fn, data);

	pci_write32(fn, address, (uint32_t)smp_hart(hart)->doorbell);
	pci_write32(fn, data, id);
	mmio_write32(edu_raise_register(edu_of(fn)), 1);
	(void)pci_read32(fn, data);
	pci_write32(fn, address, old_address);
	pci_write32(fn, data, old_data);
}

TEST(iommu, message_to_a_foreign_file_is_a_fault)
{
	struct pci_function *fn = find_edu();
	struct pci_raised out;
	unsigned hart, id;
	uint64_t before;

	SKIP_IF(!fn, NO_EDU);
	CHECK_EQ(msi_drain(&fn->msi, 0), 0);
	id = foreign(fn, &hart);
	SKIP_IF(!id, "one hart");
	faults(fn, 0, 0);
	before = strays();
	send_to(fn, hart, id);
	CHECK_EQ(faults(fn, RISCV_IOMMU_NO_FILE, 0), 1);
	/* And it goes on where it may. */
	CHECK_EQ(pci_raise_series(fn, 0, 100, &out), 0);
	CHECK_EQ(out.handled, 100);
	CHECK_EQ(faults(fn, RISCV_IOMMU_NO_FILE, 0), 0);
	CHECK_EQ(strays(), before);
}

/* Four bytes between its own memory and an address. */
static int dma(struct pci_function *fn, enum edu_direction direction, uint64_t address)
{
	return edu_dma(edu_of(fn), direction, (void *)(uintptr_t)address, sizeof(uint32_t));
}

/* Its own memory holds the identity: there and back through RAM, which it reaches. */
static int load_identity(struct pci_function *fn, unsigned id)
{
	uint32_t *buf = dma_alloc(sizeof(*buf), edu_dma_limit());
	int rc;

	if (!buf)
		return -1;
	*buf = id;
	rc = dma(fn, EDU_TO_DEVICE, dma_address(buf));
	*buf = 0;
	if (!rc)
		rc = dma(fn, EDU_FROM_DEVICE, dma_address(buf));
	if (*buf != id)
		rc = -1;
	dma_free(buf, sizeof(*buf));
	return rc;
}

TEST(iommu, dma_reaches_ram_alone)
{
	struct pci_function *fn = find_edu();
	uint64_t before, image = boot_image_phys;
	unsigned hart, id;
	uint32_t word;

	SKIP_IF(!fn || edu_dma_limit() < image, NO_EDU ", with DMA to RAM (setting edu.dma_bits=)");
	CHECK_EQ(msi_drain(&fn->msi, 0), 0);
	id = foreign(fn, &hart);
	SKIP_IF(!id, "one hart");
	faults(fn, 0, 0);
	CHECK_EQ(load_identity(fn, id), 0);
	before = strays();
	memcpy(&word, image_start, sizeof(word));
	CHECK_EQ(dma(fn, EDU_FROM_DEVICE, image), 0);
	CHECK(!memcmp(&word, image_start, sizeof(word)));
	CHECK_EQ(faults(fn, RISCV_IOMMU_WRITE_FAULT, image), 1);
	/* QEMU refuses without a record what is no message and goes to a page that takes messages. */
	CHECK_EQ(dma(fn, EDU_FROM_DEVICE, smp_hart(hart)->doorbell), 0);
	CHECK_EQ(load_identity(fn, id), 0);
	CHECK_EQ(strays(), before);
	faults(fn, 0, 0);
}

/* Does it reach the harts where it has vectors, and no other? */
static bool reaches_its_own(void *arg)
{
	const struct pci_function *fn = arg;
	bool same = true;

	for (unsigned i = 0; i < smp_count(); i++) {
		bool there = false;

		for (unsigned v = 0; v < fn->msi.held; v++)
			there |= fn->msi.descs[v]->hart == i;
		same &= iommu_reaches(&fn->msi, i) == there;
	}
	return same;
}

TEST(iommu, files_open_and_close_with_the_vectors)
{
	struct pci_function *fn;
	unsigned tried = 0;

	for (fn = pci_first(); fn; fn = fn->next) {
		if (!fn->msi.remap || !fn->msi.enabled || !fn->driver->remove || fn->sriov)
			continue;
		tried++;
		for (unsigned i = 0; i < 2 * smp_count(); i++) {
			int rc = msi_set_affinity(&fn->msi, 0, i % smp_count());

			CHECK(rc >= 0 || rc == -ENODEV);
			CHECK(time_wait(reaches_its_own, fn, WAIT_MS));
		}
		CHECK_EQ(pci_remove_driver(fn), 0);
		CHECK(time_wait(reaches_its_own, fn, WAIT_MS));
		CHECK_EQ(pci_probe_drivers(), 1);
		CHECK(time_wait(reaches_its_own, fn, WAIT_MS));
		CHECK_EQ(faults(fn, RISCV_IOMMU_NO_FILE, 0), 0);
	}
	SKIP_IF(!tried, "no function behind an IOMMU has a driver");
}

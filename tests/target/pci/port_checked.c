// SPDX-License-Identifier: Apache-2.0
/* Two messages with mask bits, moved as one (docs/msi.md M9): those of a port with a slot. */
#include "drivers/pci/hotplug.h"
#include "drivers/pci/pci.h"
#include "drivers/pci/pci_regs.h"
#include "kernel/smp.h"
#include "kernel/time.h"
#include "tests/target/test.h"

#define TIMEOUT_MS 5000

static struct pci_function *find_port(void)
{
	struct pci_function *fn = pci_first();

	while (fn && (!pci_is_slot(fn) || !fn->msi.backend || fn->msi.msi_count != 2))
		fn = fn->next;
	return fn;
}

static void nothing(void *arg)
{
	(void)arg;
}

/* Message 0 by a command to the slot, which changes nothing and is completed at once. */
static void raise_slot(struct pci_function *fn)
{
	unsigned cap = fn->cap_pcie;

	pci_write16(fn, cap + PCI_PCIE_SLTSTA, PCI_PCIE_SLTSTA_CC);
	pci_write16(fn, cap + PCI_PCIE_SLTCTL,
		    pci_read16(fn, cap + PCI_PCIE_SLTCTL) | PCI_PCIE_SLTCTL_CCIE |
			    PCI_PCIE_SLTCTL_HPIE);
}

static void quiet_slot(struct pci_function *fn)
{
	unsigned cap = fn->cap_pcie;

	pci_write16(fn, cap + PCI_PCIE_SLTCTL,
		    pci_read16(fn, cap + PCI_PCIE_SLTCTL) &
			    (uint16_t) ~(PCI_PCIE_SLTCTL_CCIE | PCI_PCIE_SLTCTL_HPIE));
	pci_write16(fn, cap + PCI_PCIE_SLTSTA, PCI_PCIE_SLTSTA_CC);
}

struct expectation {
	const struct msi_function *msi;
	uint64_t handled;
};

static bool reached(void *arg)
{
	const struct expectation *e = arg;

	return msi_handled(e->msi, 0) >= e->handled;
}

static bool slot_comes_once(struct pci_function *fn)
{
	struct expectation e = { &fn->msi, msi_handled(&fn->msi, 0) + 1 };

	raise_slot(fn);
	return time_wait(reached, &e, TIMEOUT_MS) && msi_handled(&fn->msi, 0) == e.handled;
}

/* Raised while masked, then moved by the other message, then unmasked: it comes at the new hart. */
static bool moves_with_a_pending_one(struct pci_function *fn, unsigned to)
{
	struct msi_function *msi = &fn->msi;
	struct expectation e = { msi, msi_handled(msi, 0) + 1 };
	uint64_t there = msi->descs[0]->handled[to];

	msi_mask(msi, 0);
	raise_slot(fn);
	return msi->ops->pending(msi, 0) && msi_set_affinity(msi, 1, to) == 1 &&
	       msi->ops->masked(msi, 0) && !msi->ops->masked(msi, 1) && !msi_unmask(msi, 0) &&
	       time_wait(reached, &e, TIMEOUT_MS) && msi->descs[0]->handled[to] - there == 1;
}

static bool each_hart(struct pci_function *fn)
{
	const struct irq_desc *desc = fn->msi.descs[0];

	for (unsigned i = 0; i < smp_count() + 1; i++) {
		unsigned to = smp_next_online(desc->hart);

		if (!moves_with_a_pending_one(fn, to) || desc->hart != to ||
		    fn->msi.descs[1]->identity != desc->identity + 1)
			return false;
		for (unsigned n = 0; n < 20; n++)
			if (!slot_comes_once(fn))
				return false;
	}
	return true;
}

TEST(port, masked_block_moves_whole)
{
	struct pci_function *fn = find_port();
	bool moved;

	SKIP_IF(!fn, "no port with two messages on this machine");
	SKIP_IF(smp_next_online(smp_index()) == smp_index(), "one hart");
	/* Its driver has use for one. */
	CHECK_EQ(pci_remove_driver(fn), 0);
	CHECK_EQ(msi_alloc(&fn->msi, 2, 2, MSI_ALLOW_MSI, NULL), 2);
	for (unsigned i = 0; i < 2; i++)
		CHECK_EQ(msi_request(&fn->msi, i, nothing, NULL, "test"), 0);
	CHECK_EQ(msi_enable(&fn->msi), 0);
	moved = slot_comes_once(fn) && each_hart(fn);
	CHECK_EQ(msi_handled(&fn->msi, 1), 0);
	quiet_slot(fn);
	msi_free(&fn->msi);
	pci_probe_drivers();
	CHECK(moved && pci_is_slot(fn));
}

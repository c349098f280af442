// SPDX-License-Identifier: Apache-2.0
#include "hypervisor/msi_write.h"

#include <errno.h>

#include "arch/barrier.h"
#include "arch/io.h"
#include "drivers/pci/internal.h"
#include "kernel/msi_entry.h"

/* --- MSI-X entries --- */

static uintptr_t entry_at(const struct hv_msi *m, unsigned index)
{
	return m->pci->msix_table + index * MSI_ENTRY_SIZE;
}

void hv_msi_write_mask(struct hv_msi *m, const struct hv_msi_entry *entry, bool mask)
{
	unsigned index = hv_msi_index(entry);

	mmio_write32(entry_at(m, index) + MSI_ENTRY_CONTROL,
		     m->pci->msix_entry_control[index] | mask);
}

void hv_msi_flush_table(struct hv_msi *m)
{
	(void)mmio_read32(m->pci->msix_table + MSI_ENTRY_CONTROL);
	barrier_read_before_write();
}

/* Enabled and masked as a whole, which some functions need to show their table. */
static bool open_table(struct hv_msi *m)
{
	unsigned control = m->pci->cap_msix + PCI_MSIX_CONTROL;

	pci_write16(m->pci, control, PCI_MSIX_CONTROL_ENABLE | PCI_MSIX_CONTROL_FUNCTION_MASK);
	if (!(pci_read16(m->pci, control) & PCI_MSIX_CONTROL_FUNCTION_MASK))
		return false;
	barrier_mmio();
	for (unsigned i = 0; i < m->stale; i++)
		hv_msi_write_mask(m, &m->entries[i], true);
	m->stale = 0;
	hv_msi_flush_table(m);
	return true;
}

void hv_msi_stop(struct hv_msi *m)
{
	struct msi_function *msi = &m->pci->msi;

	/* Each reads back what it wrote. */
	if (msi->msix_ops)
		msi->msix_ops->stop(msi);
	if (msi->msi_ops)
		msi->msi_ops->stop(msi);
	m->type = SBI_MSI_TYPE_NONE;
	m->n = 0;
}

bool hv_msi_program_msix(struct hv_msi *m, unsigned n)
{
	struct msi_function *msi = &m->pci->msi;

	/* Both types off. */
	msi->msix_ops->open(msi, n);
	if (!open_table(m))
		return false;
	for (unsigned i = 0; i < n; i++) {
		const struct hv_msi_entry *entry = &m->spare[i];

		msi_entry_fill(entry_at(m, hv_msi_index(entry)), entry->address,
			       FIELD_GET(SBI_MSI_ENTRY_EIID, entry->place));
		hv_msi_write_mask(m, entry, false);
	}
	m->stale = (uint16_t)n;
	hv_msi_flush_table(m);
	msi->msix_ops->start(msi);
	return true;
}

bool hv_msi_program_msi(struct hv_msi *m, unsigned n)
{
	struct msi_function *msi = &m->pci->msi;
	struct msi_msg msg = hv_msi_message(&m->spare[0]);

	/* Before the list of its open entries goes. */
	if (m->stale) {
		msi->msix_ops->open(msi, n);
		if (!open_table(m))
			return false;
	}
	/* Both types off. */
	if (msi->msi_ops->prepare(msi, n) || msi->msi_ops->write_msg(msi, 0, &msg))
		return false;
	if (msi->msi_ops->can_mask(msi))
		msi->msi_ops->mask_all(msi, 0);
	msi->msi_ops->start(msi);
	return true;
}

bool hv_msi_move_entry(struct hv_msi *m, struct hv_msi_entry *entry, const struct hv_msi_entry *to)
{
	uintptr_t at = entry_at(m, hv_msi_index(entry));
	struct msi_msg msg = hv_msi_message(to);
	bool taken;

	hv_msi_write_mask(m, entry, true);
	(void)mmio_read32(at + MSI_ENTRY_CONTROL);
	barrier_read_before_write();
	msi_entry_fill(at, msg.address, msg.data);
	/* All ones where nobody answers. */
	taken = mmio_read32(at + MSI_ENTRY_DATA) == msg.data;
	if (!(entry->place & HV_MSI_ENTRY_MASKED))
		hv_msi_write_mask(m, entry, false);
	if (taken)
		*entry = *to;
	return taken;
}

uint32_t hv_msi_masked(const struct hv_msi *m)
{
	uint32_t masked = 0;

	for (unsigned i = 0; i < m->n; i++)
		if (m->entries[i].place & HV_MSI_ENTRY_MASKED)
			masked |= BIT(i);
	return masked;
}

int hv_msi_move_messages(struct hv_msi *m, const struct hv_msi_entry *to)
{
	struct msi_function *msi = &m->pci->msi;
	struct msi_msg now = hv_msi_message(&m->entries[0]), msg = hv_msi_message(to);
	int rc;

	if (msi->msi_ops->can_mask(msi)) {
		msi->msi_ops->mask_all(msi, UINT32_MAX);
		rc = msi->msi_ops->write_msg(msi, 0, &msg);
		msi->msi_ops->mask_all(msi, hv_msi_masked(m));
	} else if (now.address == msg.address) {
		rc = msi->msi_ops->change_msg(msi, MSI_PART_DATA, &msg);
	} else if (now.data == msg.data && !((now.address ^ msg.address) >> 32)) {
		rc = msi->msi_ops->change_msg(msi, MSI_PART_ADDRESS, &msg);
	} else {
		return -EOPNOTSUPP;
	}
	if (rc)
		return -EIO;
	for (unsigned i = 0; i < m->n; i++)
		m->entries[i] = (struct hv_msi_entry){
			.place = hv_msi_of_block(to->place, i) |
				 (m->entries[i].place & HV_MSI_ENTRY_MASKED),
			.address = to->address,
		};
	return 0;
}

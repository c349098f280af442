// SPDX-License-Identifier: Apache-2.0
/*
 * The MSI-X registers of a function under the write rules M3 (docs/msi.md; PCIe Base
 * Specification, "MSI-X Capability and Table Structures").
 */
#include <errno.h>
#include <stdlib.h>

#include "arch/barrier.h"
#include "arch/io.h"
#include "drivers/pci/bar_math.h"
#include "drivers/pci/internal.h"
#include "drivers/pci/pci_regs.h"
#include "kernel/mem.h"
#include "kernel/msi_entry.h"

static uintptr_t entry_address(const struct msi_function *msi, unsigned i)
{
	return pci_function_of((struct msi_function *)msi)->msix_table + i * PCI_MSIX_ENTRY_SIZE;
}

static bool is_gone(const struct msi_function *msi)
{
	return pci_gone(pci_function_of((struct msi_function *)msi));
}

static unsigned control_offset(const struct pci_function *fn)
{
	return fn->cap_msix + PCI_MSIX_CONTROL;
}

static uint16_t write_control(struct pci_function *fn, uint16_t clear, uint16_t set)
{
	uint16_t control = pci_read16(fn, control_offset(fn));

	pci_write16(fn, control_offset(fn), (control & (uint16_t)~clear) | set);
	return pci_read16(fn, control_offset(fn));
}

/* BAR and offset of table or PBA, checked against what the BAR has. */
static bool locate(const struct pci_function *fn, unsigned reg, uint64_t size, unsigned *bar,
		   uint64_t *offset)
{
	uint32_t value = pci_read32(fn, fn->cap_msix + reg);

	*bar = FIELD_GET(PCI_MSIX_BIR, value);
	*offset = value & PCI_MSIX_OFFSET;
	return *bar < PCI_NR_BARS && !fn->bars[*bar].io &&
	       bar_holds(&fn->bars[*bar], *offset, size);
}

static uint64_t table_bytes(unsigned count)
{
	return (uint64_t)count * PCI_MSIX_ENTRY_SIZE;
}

/* One bit an entry, in whole qwords. */
static uint64_t pba_bytes(unsigned count)
{
	return DIV_ROUND_UP(count, 64u) * 8ull;
}

const char *pci_msix_read(struct pci_function *fn)
{
	unsigned count, bar;
	uint64_t offset;

	if (!fn->cap_msix)
		return NULL;
	if (fn->cap_msix + PCI_MSIX_SIZE > PCI_CONFIG_SIZE)
		return "its MSI-X capability leaves configuration space";
	count = FIELD_GET(PCI_MSIX_CONTROL_TABLE_SIZE, pci_read16(fn, control_offset(fn))) + 1;
	if (!locate(fn, PCI_MSIX_TABLE, table_bytes(count), &bar, &offset))
		return "its MSI-X table is in no memory BAR";
	if (!locate(fn, PCI_MSIX_PBA, pba_bytes(count), &bar, &offset))
		return "its MSI-X PBA is in no memory BAR";
	fn->msix_entry_control = calloc(count, sizeof(*fn->msix_entry_control));
	if (!fn->msix_entry_control)
		return "out of memory";
	fn->msi.msix_count = (uint16_t)count;
	fn->msi.msix_ops = &pci_msix_ops;
	return NULL;
}

static int map(struct pci_function *fn, unsigned reg, uint64_t size, uintptr_t *mapped)
{
	unsigned bar;
	uint64_t offset;

	/* Checked once, but the device answers anew. */
	if (!locate(fn, reg, size, &bar, &offset) || !fn->bars[bar].bus_addr)
		return -EINVAL;
	*mapped = mmio_map(fn->bars[bar].cpu_addr + offset, size);
	return *mapped ? 0 : -ENOMEM;
}

int pci_msix_map(struct pci_function *fn)
{
	unsigned count = fn->msi.msix_count;
	int rc = map(fn, PCI_MSIX_TABLE, table_bytes(count), &fn->msix_table);

	if (!rc)
		rc = map(fn, PCI_MSIX_PBA, pba_bytes(count), &fn->msix_pba);
	fn->msi.entries = rc ? 0 : fn->msix_table;
	fn->msi.entry_keep = fn->msix_entry_control;
	return rc;
}

/* The table is behind memory decode: off, nobody answers. */
static bool table_answers(struct msi_function *msi)
{
	return pci_memory_decodes(pci_function_of(msi));
}

static void flush(struct msi_function *msi)
{
	if (!pci_flush_gone(msi))
		(void)mmio_read32(entry_address(msi, 0) + MSI_ENTRY_CONTROL);
	/* What the caller stores next, a doorbell or another function, comes after. */
	barrier_read_before_write();
}

static int write_msg(struct msi_function *msi, unsigned i, const struct msi_msg *msg)
{
	if (is_gone(msi))
		return -ENODEV;
	return msi_entry_write(msi, i, entry_address(msi, i), msg->address, msg->data);
}

static void read_msg(struct msi_function *msi, unsigned i, struct msi_msg *msg)
{
	uintptr_t entry = entry_address(msi, i);

	*msg = (struct msi_msg){ 0 };
	if (!table_answers(msi))
		return;
	msg->address = mmio_read32(entry + MSI_ENTRY_ADDRESS) |
		       (uint64_t)mmio_read32(entry + MSI_ENTRY_ADDRESS_UPPER) << 32;
	msg->data = mmio_read32(entry + MSI_ENTRY_DATA);
}

static bool can_mask(const struct msi_function *msi)
{
	(void)msi;
	return true;
}

/* Only bit 0 changes: a function may keep something in the others. */
static void write_entry_control(struct msi_function *msi, unsigned i, uint32_t mask)
{
	uintptr_t control = entry_address(msi, i) + MSI_ENTRY_CONTROL;

	if (is_gone(msi))
		return;
	mmio_write32(control, pci_function_of(msi)->msix_entry_control[i] | mask);
	(void)mmio_read32(control);
}

static void mask(struct msi_function *msi, unsigned i)
{
	write_entry_control(msi, i, PCI_MSIX_ENTRY_CONTROL_MASK);
}

static void unmask(struct msi_function *msi, unsigned i)
{
	write_entry_control(msi, i, 0);
}

static bool masked(struct msi_function *msi, unsigned i)
{
	uintptr_t control = entry_address(msi, i) + MSI_ENTRY_CONTROL;

	return !table_answers(msi) || (mmio_read32(control) & PCI_MSIX_ENTRY_CONTROL_MASK);
}

static bool pending(struct msi_function *msi, unsigned i)
{
	uintptr_t word = pci_function_of(msi)->msix_pba + i / 32 * 4;

	return table_answers(msi) && (mmio_read32(word) & BIT(i % 32));
}

/* Used or not: what a firmware left in an entry never comes out. */
static void mask_all(const struct pci_function *fn)
{
	uintptr_t control = fn->msix_table + MSI_ENTRY_CONTROL;
	uint32_t *kept = fn->msix_entry_control;

	for (uint32_t *end = kept + fn->msi.msix_count; kept < end; kept++) {
		uint32_t value = mmio_read32(control);

		mmio_write32(control, value | PCI_MSIX_ENTRY_CONTROL_MASK);
		*kept = value & ~PCI_MSIX_ENTRY_CONTROL_MASK;
		control += PCI_MSIX_ENTRY_SIZE;
	}
}

static int prepare(struct msi_function *msi, unsigned count)
{
	struct pci_function *fn = pci_function_of(msi);
	uint16_t control;

	(void)count;
	pci_msi_begin(fn);
	/* Enabled first: some functions show their table only then. */
	control = write_control(fn, 0, PCI_MSIX_CONTROL_ENABLE | PCI_MSIX_CONTROL_FUNCTION_MASK);
	if (control == UINT16_MAX || !(control & PCI_MSIX_CONTROL_FUNCTION_MASK))
		return -EIO;
	/* Configuration writes are done before the table is touched. */
	barrier_mmio();
	mask_all(fn);
	flush(msi);
	return 0;
}

static int open(struct msi_function *msi, unsigned count)
{
	(void)count;
	pci_msi_begin(pci_function_of(msi));
	return 0;
}

static void start(struct msi_function *msi)
{
	/* The table was read back, but configuration space is another path to the function. */
	barrier_mmio();
	write_control(pci_function_of(msi), PCI_MSIX_CONTROL_FUNCTION_MASK,
		      PCI_MSIX_CONTROL_ENABLE);
}

static void stop(struct msi_function *msi)
{
	write_control(pci_function_of(msi), PCI_MSIX_CONTROL_ENABLE,
		      PCI_MSIX_CONTROL_FUNCTION_MASK);
}

const struct msi_function_ops pci_msix_ops = {
	.type = MSI_MSIX,
	.write_msg = write_msg,
	.read_msg = read_msg,
	.can_mask = can_mask,
	.mask = mask,
	.unmask = unmask,
	.masked = masked,
	.pending = pending,
	.prepare = prepare,
	.open = open,
	.start = start,
	.stop = stop,
	.flush = flush,
};

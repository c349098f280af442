// SPDX-License-Identifier: Apache-2.0
/*
 * The MSI registers of a function under the write rules M3 (docs/msi.md; PCIe Base
 * Specification, "MSI Capability Structures"): 32 or 64-bit, with or without mask bits.
 */
#include <errno.h>

#include "arch/barrier.h"
#include "drivers/pci/internal.h"
#include "drivers/pci/pci_regs.h"
#include "kernel/lib/panic.h"

/* msi_function.msi_mask_wish: the wished mask dword, and somebody writes the register (M5). */
#define WISH_BITS  0xffffffffull
#define WISH_OWNED BIT64(32)

static bool is_64bit(const struct pci_function *fn)
{
	return fn->msi_control & PCI_MSI_CONTROL_64BIT;
}

static bool is_maskable(const struct pci_function *fn)
{
	return fn->msi_control & PCI_MSI_CONTROL_MASKABLE;
}

/* Offset of a register behind the address. */
static unsigned shifted(const struct pci_function *fn, unsigned reg)
{
	return fn->cap_msi + reg + (is_64bit(fn) ? PCI_MSI_64BIT_SHIFT : 0);
}

static uint32_t all_messages(const struct msi_function *msi)
{
	return GENMASK(msi->msi_count - 1, 0);
}

static uint16_t write_control(struct pci_function *fn, uint16_t clear, uint16_t set)
{
	unsigned offset = fn->cap_msi + PCI_MSI_CONTROL;
	uint16_t control = pci_read16(fn, offset);

	pci_write16(fn, offset, (control & (uint16_t)~clear) | set);
	return pci_read16(fn, offset);
}

const char *pci_msi_read(struct pci_function *fn)
{
	unsigned size = PCI_MSI_SIZE, mmc;

	fn->msi.address_limit = UINT64_MAX;
	if (!fn->cap_msi)
		return NULL;
	fn->msi_control = pci_read16(fn, fn->cap_msi + PCI_MSI_CONTROL);
	if (is_maskable(fn))
		size = PCI_MSI_SIZE_MASKABLE;
	if (shifted(fn, size) > PCI_CONFIG_SIZE)
		return "its MSI capability leaves configuration space";
	mmc = FIELD_GET(PCI_MSI_CONTROL_MMC, fn->msi_control);
	if (mmc > PCI_MSI_MMC_MAX)
		return "its MSI capability asks for a reserved number of messages";
	if (!is_64bit(fn))
		fn->msi.address_limit = UINT32_MAX;
	if (fn->host->config->address)
		fn->msi.message_address = fn->host->config->address(fn->host, fn->msi.rid,
								    fn->cap_msi + PCI_MSI_ADDRESS);
	fn->msi.msi_count = (uint16_t)BIT(mmc);
	fn->msi.msi_ops = &pci_msi_ops;
	return NULL;
}

void pci_msi_begin(struct pci_function *fn)
{
	uint16_t command = pci_read16(fn, PCI_COMMAND);

	if (fn->msi.msix_ops)
		pci_msix_ops.stop(&fn->msi);
	if (fn->msi.msi_ops)
		pci_msi_ops.stop(&fn->msi);
	pci_write16(fn, PCI_COMMAND,
		    command | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE);
}

/* What it sent before has passed its port; nothing passed it where there is none. */
bool pci_flush_gone(struct msi_function *msi)
{
	const struct pci_function *fn = pci_function_of(msi);

	if (!pci_gone(fn))
		return false;
	if (fn->parent)
		(void)pci_read32(fn->parent, PCI_VENDOR_ID);
	return true;
}

static void flush(struct msi_function *msi)
{
	struct pci_function *fn = pci_function_of(msi);

	if (!pci_flush_gone(msi))
		(void)pci_read16(fn, fn->cap_msi + PCI_MSI_CONTROL);
	/* What the caller stores next, a doorbell or another function, comes after. */
	barrier_read_before_write();
}

/* The base of a block: the function puts the message number into the low bits of data. */
static bool base_aligned(struct pci_function *fn, uint32_t data)
{
	uint16_t control = pci_read16(fn, fn->cap_msi + PCI_MSI_CONTROL);

	return !(data & (BIT(FIELD_GET(PCI_MSI_CONTROL_MME, control)) - 1));
}

static int write_msg(struct msi_function *msi, unsigned i, const struct msi_msg *msg)
{
	struct pci_function *fn = pci_function_of(msi);
	int rc = msi_check_write(msi, i, msg, __builtin_return_address(0));

	if (rc)
		return rc;
	if (pci_gone(fn))
		return -ENODEV;
	assert(i == 0);
	if (msg->address > msi->address_limit || msg->data > UINT16_MAX ||
	    !base_aligned(fn, msg->data))
		return -EINVAL;
	/* The caller's slot and descriptor are seen before a message can name them (M16). */
	barrier_publish_to_device();
	pci_write32(fn, fn->cap_msi + PCI_MSI_ADDRESS, (uint32_t)msg->address);
	if (is_64bit(fn))
		pci_write32(fn, fn->cap_msi + PCI_MSI_ADDRESS_UPPER,
			    (uint32_t)(msg->address >> 32));
	/* 16 bits: what stands above is Extended Message Data, or reserved. */
	pci_write16(fn, shifted(fn, PCI_MSI_DATA), (uint16_t)msg->data);
	flush(msi);
	return 0;
}

/* A write of one register, read back: what the function sent by the old one has left it. */
static int change_msg(struct msi_function *msi, enum msi_part part, const struct msi_msg *msg)
{
	struct pci_function *fn = pci_function_of(msi);
	unsigned address = fn->cap_msi + PCI_MSI_ADDRESS, data = shifted(fn, PCI_MSI_DATA);
	int rc = msi_checked ? msi_check_change(msi, part, msg, __builtin_return_address(0)) : 0;
	bool holds;

	if (rc)
		return rc;
	/* As in write_msg(). */
	barrier_publish_to_device();
	if (part == MSI_PART_DATA) {
		pci_write16(fn, data, (uint16_t)msg->data);
		holds = pci_read16(fn, data) == msg->data;
	} else {
		pci_write32(fn, address, (uint32_t)msg->address);
		holds = pci_read32(fn, address) == (uint32_t)msg->address;
	}
	/* What the caller stores next, a doorbell, comes after. */
	barrier_read_before_write();
	return holds ? 0 : -EIO;
}

static void read_msg(struct msi_function *msi, unsigned i, struct msi_msg *msg)
{
	struct pci_function *fn = pci_function_of(msi);

	msg->address = pci_read32(fn, fn->cap_msi + PCI_MSI_ADDRESS);
	if (is_64bit(fn))
		msg->address |= (uint64_t)pci_read32(fn, fn->cap_msi + PCI_MSI_ADDRESS_UPPER) << 32;
	msg->data = pci_read16(fn, shifted(fn, PCI_MSI_DATA)) + i;
}

static bool can_mask(const struct msi_function *msi)
{
	return is_maskable(pci_function_of((struct msi_function *)msi));
}

/* Writes the register until it holds what is wished; only the setter of OWNED comes here. */
static void apply_wish(struct msi_function *msi)
{
	struct pci_function *fn = pci_function_of(msi);
	unsigned offset = shifted(fn, PCI_MSI_MASK);
	/* acquire: pairs with the release of a wish that came meanwhile */
	uint64_t applied = atomic_load_explicit(&msi->msi_mask_wish, memory_order_acquire);

	for (;;) {
		pci_write32(fn, offset, (uint32_t)applied);
		(void)pci_read32(fn, offset);
		/* release: the next owner's write comes after this one; acquire as above */
		if (atomic_compare_exchange_strong_explicit(
			    &msi->msi_mask_wish, &applied, applied & ~WISH_OWNED,
			    memory_order_acq_rel, memory_order_acquire))
			return;
	}
}

/* One read-modify-write carries the wish and asks for OWNED; who finds it set is done. */
static void wish(struct msi_function *msi, uint32_t clear, uint32_t set)
{
	uint64_t old = atomic_load_explicit(&msi->msi_mask_wish, memory_order_relaxed);

	/* acquire pairs with the release of the owner before, release with the owner's acquire */
	while (!atomic_compare_exchange_weak_explicit(&msi->msi_mask_wish, &old,
						      (old & ~(uint64_t)clear) | set | WISH_OWNED,
						      memory_order_acq_rel, memory_order_relaxed))
		;
	if (!(old & WISH_OWNED))
		apply_wish(msi);
}

static void mask(struct msi_function *msi, unsigned i)
{
	wish(msi, 0, BIT(i));
}

static void mask_all(struct msi_function *msi, uint32_t masked)
{
	uint32_t all = all_messages(msi);

	wish(msi, all, masked & all);
}

static void unmask(struct msi_function *msi, unsigned i)
{
	wish(msi, BIT(i), 0);
}

static bool bit_of(struct msi_function *msi, unsigned reg, unsigned i)
{
	struct pci_function *fn = pci_function_of(msi);

	return is_maskable(fn) && (pci_read32(fn, shifted(fn, reg)) & BIT(i));
}

static bool masked(struct msi_function *msi, unsigned i)
{
	return bit_of(msi, PCI_MSI_MASK, i);
}

static bool pending(struct msi_function *msi, unsigned i)
{
	return bit_of(msi, PCI_MSI_PENDING, i);
}

static int set_count(struct pci_function *fn, unsigned count)
{
	uint16_t control;

	if (!is_power_of_two(count) || count > fn->msi.msi_count)
		return -EINVAL;
	pci_msi_begin(fn);
	control = write_control(fn, PCI_MSI_CONTROL_MME | PCI_MSI_CONTROL_EMD_ENABLE,
				(uint16_t)FIELD_PREP(PCI_MSI_CONTROL_MME, log2_floor(count)));
	if (control == UINT16_MAX || FIELD_GET(PCI_MSI_CONTROL_MME, control) != log2_floor(count))
		return -EIO;
	return 0;
}

static int prepare(struct msi_function *msi, unsigned count)
{
	struct pci_function *fn = pci_function_of(msi);
	int rc = set_count(fn, count);

	if (!rc && is_maskable(fn))
		wish(msi, 0, all_messages(msi));
	return rc;
}

static int open(struct msi_function *msi, unsigned count)
{
	struct pci_function *fn = pci_function_of(msi);
	int rc = set_count(fn, count);

	if (!rc && is_maskable(fn))
		wish(msi, all_messages(msi), 0);
	return rc;
}

static void start(struct msi_function *msi)
{
	write_control(pci_function_of(msi), 0, PCI_MSI_CONTROL_ENABLE);
}

static void stop(struct msi_function *msi)
{
	write_control(pci_function_of(msi), PCI_MSI_CONTROL_ENABLE, 0);
}

const struct msi_function_ops pci_msi_ops = {
	.type = MSI_MSI,
	.write_msg = write_msg,
	.change_msg = change_msg,
	.read_msg = read_msg,
	.can_mask = can_mask,
	.mask = mask,
	.mask_all = mask_all,
	.unmask = unmask,
	.masked = masked,
	.pending = pending,
	.prepare = prepare,
	.open = open,
	.start = start,
	.stop = stop,
	.flush = flush,
};

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "arch/barrier.h"
#include "arch/io.h"
#include "kernel/msi.h"

/*
 * An entry of an MSI-X table (PCIe Base Specification, "MSI-X Table Structure"): offsets of its
 * dwords.
 */
#define MSI_ENTRY_ADDRESS       0
#define MSI_ENTRY_ADDRESS_UPPER 4
#define MSI_ENTRY_DATA          8
#define MSI_ENTRY_CONTROL       12
#define MSI_ENTRY_SIZE          16

/* The raw writer: no other code writes a message to a table. */
static inline void msi_entry_fill(uintptr_t entry, uint64_t address, uint32_t data)
{
	mmio_write32(entry + MSI_ENTRY_ADDRESS, (uint32_t)address);
	mmio_write32(entry + MSI_ENTRY_ADDRESS_UPPER, (uint32_t)(address >> 32));
	mmio_write32(entry + MSI_ENTRY_DATA, data);
}

/*
 * What write_msg of an MSI-X function does, in line for a move: entry is that of vector i, masked.
 * 0; -EPERM when the sanitizer refused it.
 */
static inline __attribute__((always_inline)) int msi_entry_write(struct msi_function *fn,
								 unsigned i, uintptr_t entry,
								 uint64_t address, uint32_t data)
{
	/* Release builds do not even call it. */
	if (msi_checked) {
		struct msi_msg msg = { address, data };
		int rc = msi_check_write(fn, i, &msg, __builtin_return_address(0));

		if (rc)
			return rc;
	}
	/* The caller's slot and descriptor are seen before a message can name them (M16). */
	barrier_publish_to_device();
	msi_entry_fill(entry, address, data);
	(void)mmio_read32(entry + MSI_ENTRY_DATA);
	return 0;
}

/* The function was removed: none of its registers is touched any more. true: that is news. Any context. */
static inline bool msi_latch_removed(struct msi_function *fn)
{
	static uint32_t nowhere[MSI_ENTRY_SIZE / 4];

	if (atomic_exchange_explicit(&fn->removed, 1, memory_order_relaxed))
		return false;
	atomic_store_explicit(&fn->flat, false, memory_order_relaxed);
	/*
	 * The mask bits that were found once are written without a look at the above. A descriptor
	 * that was freed meanwhile, and is another's, is not touched.
	 */
	for (unsigned i = 0; i < fn->count; i++) {
		uintptr_t at = fn->entries + i * MSI_ENTRY_SIZE + MSI_ENTRY_CONTROL;

		atomic_compare_exchange_strong_explicit(&fn->descs[i]->mask_at, &at,
							(uintptr_t)nowhere + MSI_ENTRY_CONTROL,
							memory_order_relaxed, memory_order_relaxed);
	}
	return true;
}

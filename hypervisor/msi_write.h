/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "hypervisor/msi.h"

/*
 * The registers' half of hypervisor/msi.c: what is granted is written here. All under m->lock, of arguments that were
 * checked.
 */

static inline unsigned hv_msi_index(uint64_t entry)
{
	return FIELD_GET(SBI_MSI_ENTRY_INDEX & ~HV_MSI_ENTRY_MASKED, entry);
}

/* Message i of a block is the first, and i more of index and identity. */
static inline uint64_t hv_msi_of_block(uint64_t first, unsigned i)
{
	return first + i * (FIELD_PREP(SBI_MSI_ENTRY_INDEX, 1ull) | FIELD_PREP(SBI_MSI_ENTRY_EIID, 1ull));
}

/* The message of an entry; false: the identity, or the hart, is not the guest's. */
bool hv_msi_message(const struct guest *guest, uint64_t entry, struct msi_msg *msg);
/* Nothing is sent any more, and what was sent has left the function. */
void hv_msi_stop(struct hv_msi *m);
/* Of a stopped function: writes the first n of m->spare and lets it send. false: it does not take that. */
bool hv_msi_program_msix(const struct guest *guest, struct hv_msi *m, unsigned n);
bool hv_msi_program_msi(const struct guest *guest, struct hv_msi *m, unsigned n);
/* Mask, flush, write, flush, unmask. false: the function does not take that. */
bool hv_msi_move_entry(struct hv_msi *m, uint64_t *entry, uint64_t to, const struct msi_msg *msg);
/*
 * All messages of plain MSI: whole under mask, else by the one register that differs. to: of message 0. 0; -EOPNOTSUPP: more than
 * one would; -EIO: the function does not take that.
 */
int hv_msi_move_messages(const struct guest *guest, struct hv_msi *m, uint64_t to,
			 const struct msi_msg *msg);
/* Of one entry, before a flush; and the mask dword of plain MSI. */
void hv_msi_write_mask(struct hv_msi *m, uint64_t entry, bool mask);
uint32_t hv_msi_masked(const struct hv_msi *m);
/* What was written to the table is there, and what the function sent before has left it. */
void hv_msi_flush_table(struct hv_msi *m);

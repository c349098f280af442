/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "hypervisor/msi.h"

/*
 * The registers' half of hypervisor/msi.c: what is granted is written here. All under m->lock, of arguments that were
 * checked.
 */

static inline unsigned hv_msi_index(const struct hv_msi_entry *entry)
{
	return FIELD_GET(SBI_MSI_ENTRY_INDEX & ~HV_MSI_ENTRY_MASKED, entry->place);
}

static inline struct msi_msg hv_msi_message(const struct hv_msi_entry *entry)
{
	return (struct msi_msg){ entry->address, FIELD_GET(SBI_MSI_ENTRY_EIID, entry->place) };
}

/* The place of message i of a block is that of the first, and i more of index and identity. */
static inline uint64_t hv_msi_of_block(uint64_t first, unsigned i)
{
	return first + i * (FIELD_PREP(SBI_MSI_ENTRY_INDEX, 1ull) | FIELD_PREP(SBI_MSI_ENTRY_EIID, 1ull));
}

/* Nothing is sent any more, and what was sent has left the function. */
void hv_msi_stop(struct hv_msi *m);
/* Stops it, writes the first n of m->spare and lets it send. false: the function does not take that. */
bool hv_msi_program_msix(struct hv_msi *m, unsigned n);
bool hv_msi_program_msi(struct hv_msi *m, unsigned n);
/* Mask, flush, write, flush, unmask. false: the function does not take that. */
bool hv_msi_move_entry(struct hv_msi *m, struct hv_msi_entry *entry, const struct hv_msi_entry *to);
/*
 * All messages of plain MSI: whole under mask, else by the one register that differs. to: of message 0. 0; -EOPNOTSUPP: more than
 * one would; -EIO: the function does not take that.
 */
int hv_msi_move_messages(struct hv_msi *m, const struct hv_msi_entry *to);
/* Of one entry, before a flush; and the mask dword of plain MSI. */
void hv_msi_write_mask(struct hv_msi *m, const struct hv_msi_entry *entry, bool mask);
uint32_t hv_msi_masked(const struct hv_msi *m);
/* What was written to the table is there, and what the function sent before has left it. */
void hv_msi_flush_table(struct hv_msi *m);

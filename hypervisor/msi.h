/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "arch/sbi.h"
#include "drivers/pci/pci.h"

/*
 * The service side of the SBI MSI extension (docs/sbi-msi.md): the MSI registers of functions that
 * guests have. Nobody else writes them. Nothing that a guest says is used before it is checked.
 */

struct guest;

/* A message: SBI_MSI_ENTRY_* as the guest gave it, with HV_MSI_ENTRY_MASKED, and the address of its hart's file. */
struct hv_msi_entry {
	uint64_t place;
	uint64_t address;
};

/* What a guest has been granted of one function; under lock, from hv_msi_init() on. */
struct hv_msi {
	struct pci_function *pci;
	_Atomic uint32_t lock;
	uint16_t quota; /* the most messages that are granted, whatever the function has */
	uint16_t n;     /* messages granted; with type NONE 0 */
	uint16_t stale; /* of entries: their MSI-X entries may be open */
	uint8_t type;   /* SBI_MSI_TYPE_* */
	/* In order of index; and as many for a new set. */
	struct hv_msi_entry *entries, *spare;
};

/* In a place, above the largest index: masked by the guest's call. */
#define HV_MSI_ENTRY_MASKED BIT64(15)

/* Entries that hv_msi_init() needs room for. */
static inline unsigned hv_msi_room(const struct pci_function *pci)
{
	return 2u * MAX(pci->msi.msix_count, pci->msi.msi_count);
}

/*
 * At boot, of a function with addresses, mapped MSI-X table, and memory decode for as long as it is here:
 * both types off, every entry masked. room: hv_msi_room() entries. 0; -EIO: it has no working registers.
 */
int hv_msi_init(struct hv_msi *m, struct pci_function *pci, struct hv_msi_entry *room);

/* The function was reset: its registers are those of a function without grant. */
void hv_msi_reset(struct hv_msi *m);

/* A call of the extension: a0 ... a4, on the hart of the vcpu that called. */
struct sbiret hv_msi_call(struct guest *guest, unsigned long fid, const unsigned long args[5]);

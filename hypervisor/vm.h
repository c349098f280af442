/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hypervisor/gstage.h"
#include "hypervisor/msi.h"
#include "hypervisor/vcpu.h"
#include "kernel/spinlock.h"
#include "platform/dt.h"

/* Guests: static, from the boot arguments (docs/hypervisor.md). */

#define MAX_GUESTS    4
#define CONSOLE_WIDTH 480

/* A function that a guest has: what it sees as BARs and command is kept here, not in the function. */
struct vfunction {
	struct pci_function *pci;
	struct hv_msi msi;
	uint32_t bars[PCI_NR_BARS];   /* as the guest wrote them, without the read-only bits */
	uint64_t mapped[PCI_NR_BARS]; /* guest-physical address of what the guest reaches; 0: nothing */
	uint16_t command;
	_Atomic bool resetting; /* it answers nothing meanwhile */
};

struct guest {
	unsigned number;
	struct dt_range ram; /* guest-physical and host-physical: the same (docs/hypervisor.md) */
	struct dt_range initrd;
	uint64_t entry;
	const char *arguments;
	uint64_t dtb;
	struct gstage gstage;
	struct spinlock lock; /* gstage, and BARs and command of functions */
	unsigned nr_vcpus, nr_functions;
	struct vcpu **vcpus;
	struct vfunction *functions;
	uint64_t imsic; /* guest-physical: the interrupt file of vcpu 0, the others behind it */
	/* With an IOMMU: what functions reach, and how their messages get to files; msiptp 0: there is none. */
	struct gstage dma;
	uint64_t msiptp, msi_mask;
	_Atomic bool off;
	struct {
		char text[CONSOLE_WIDTH];
		unsigned len;
	} line;
};

extern struct guest guests[MAX_GUESTS];
extern unsigned nr_guests;

/*
 * Boot, before mem_init(): reads guestN.ram, .entry, .initrd and .args, and says which RAM is theirs
 * (mem_leave()). 0; -EINVAL: malformed, logged.
 */
int guests_read_memory(void);
/* Boot, with harts and PCI found: guestN.harts and .functions; makes vcpus, the memory map and the device tree. 0 or -errno, logged. */
int guests_make(void);
/* guest_dt.c: its device tree, in its RAM. 0 or -errno. */
int guest_make_dt(struct guest *guest);
/* Its vcpu with this hart ID, or NULL. Any hart. */
struct vcpu *guest_vcpu(const struct guest *guest, uint64_t hart_id);
/* Is [address, address + size) its RAM? */
bool guest_has_ram(const struct guest *guest, uint64_t address, uint64_t size);
/* All of its vcpus stop; guest 0, or the last that ran, takes the machine with it. Own hart of one of them. */
void guest_off(struct guest *guest, bool failed, bool reset);

/*
 * An access of the guest where it has no memory (hypervisor/mmio.c): emulated, or the guest takes an
 * access fault. Own hart.
 */
void mmio_exit(struct vcpu *vcpu);
/* Configuration space (hypervisor/vpci.c). offset from the guest's ECAM; false: refused. A reset of a function takes its time. */
bool vpci_in_config(uint64_t address, uint64_t *offset);
uint64_t vpci_read(struct vcpu *vcpu, uint64_t offset, unsigned size);
bool vpci_write(struct vcpu *vcpu, uint64_t offset, unsigned size, uint64_t value);
/* Does the guest see a page there that holds an MSI-X table, and may only be read? */
bool vpci_in_table_page(struct guest *guest, uint64_t address);
/* A store to a page that holds an MSI-X table: false where it would hit the table. */
bool vpci_write_beside_table(struct vcpu *vcpu, uint64_t address, unsigned size, uint64_t value);
/* Gives the guest a function. 0 or -errno. Boot. */
int vpci_add(struct guest *guest, struct vfunction *function, struct pci_function *pci);

/* An SBI call (hypervisor/sbi.c). Own hart, interrupts off. */
void sbi_exit(struct vcpu *vcpu);
struct sbiret hsm_call(struct vcpu *vcpu, unsigned long fid, const unsigned long *args);
struct sbiret dbcn_call(struct vcpu *vcpu, unsigned long fid, const unsigned long *args);
/* What is left of a guest's line goes out. */
void dbcn_flush(struct guest *guest);

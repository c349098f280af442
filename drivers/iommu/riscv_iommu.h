/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernel/spinlock.h"

/*
 * One RISC-V IOMMU (RISC-V IOMMU Architecture Specification 1.0): device directory, command and
 * fault queue. Who a device is and what it may reach is the caller's: the kernel's
 * (remap.c) or a hypervisor's. Structures are in memory of page_alloc().
 */
struct riscv_iommu {
	uintptr_t regs;
	uint64_t *directory;
	unsigned levels; /* of the directory */
	/* The lock's: */
	struct spinlock lock;
	uint64_t (*commands)[2];
	uint32_t tail, sequence;
	_Atomic uint32_t *done;  /* the number of the last fence that is over */
	_Atomic uint32_t broken; /* did not answer once: no command is given any more */
	uint64_t (*faults)[4];
	uint32_t fault_head;
	uint32_t lost; /* how often the fault queue ran over */
};

/* What a device may reach. All are words of a device context (section 2.1). */
struct riscv_iommu_context {
	uint64_t iohgatp;
	uint64_t msiptp; /* 0: no messages */
	uint64_t msi_mask, msi_pattern;
};

/*
 * Takes it over: from here on no device reaches anything, but what a context is set for. max_id: the
 * highest device id that shall have one. 0. Or -EOPNOTSUPP (it lacks MSI page tables or Sv39x4, or
 * levels), -ENOMEM, -EIO, -ETIMEDOUT (a queue does not start): it passes everything then, if it
 * takes any order at all. Thread context.
 */
int riscv_iommu_init(struct riscv_iommu *iommu, uintptr_t regs, uint32_t max_id);

/*
 * A context for a device that has none, or (NULL) none any more. The IOMMU knows when this
 * returns. 0, -EINVAL (id), -ENOMEM, -EIO, -ETIMEDOUT. Thread context, one caller at a time.
 */
int riscv_iommu_set(struct riscv_iommu *iommu, uint32_t id,
		    const struct riscv_iommu_context *context);

/*
 * An entry of an MSI or G-stage page table has changed, for the address, of contexts with this
 * GSCID: the IOMMU has forgotten the old one when this returns, and all that passed by it has
 * arrived. 0, -EIO, -ETIMEDOUT. Any context; spins for the answer, 100 ms at most.
 */
int riscv_iommu_forget(struct riscv_iommu *iommu, unsigned gscid, uint64_t address);

/* An entry of an MSI page table for the page of an interrupt file (section 2.3.3). */
uint64_t riscv_iommu_msi_entry(uint64_t file);
/* Its index: the bits of the page number that the mask has. */
unsigned riscv_iommu_msi_index(uint64_t address, uint64_t msi_mask);

/* Causes (table 11): by what a device reaches that it may not. */
enum {
	RISCV_IOMMU_READ_FAULT = 21,
	RISCV_IOMMU_WRITE_FAULT = 23,
	RISCV_IOMMU_NO_CONTEXT = 258,
	RISCV_IOMMU_NO_FILE = 262, /* a message to an interrupt file */
};

struct riscv_iommu_fault {
	unsigned cause;
	uint32_t id; /* of the device */
	uint64_t address;
};

/* Takes the oldest fault out of the queue; false: there is none. Thread context, one caller at a time. */
bool riscv_iommu_fault(struct riscv_iommu *iommu, struct riscv_iommu_fault *fault);

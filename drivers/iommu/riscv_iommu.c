// SPDX-License-Identifier: Apache-2.0
#include "drivers/iommu/riscv_iommu.h"

#include <errno.h>

#include "arch/barrier.h"
#include "arch/io.h"
#include "drivers/iommu/regs.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"
#include "kernel/time.h"

/* A page each; the word that fences write stands behind the commands. */
#define NR_COMMANDS 128
#define NR_FAULTS   128
#define ANSWER_NS   100000000ull
#define MAX_LEVELS  3

/* What has an effect stands in the low half. */
static void write64(const struct riscv_iommu *iommu, unsigned reg, uint64_t value)
{
	mmio_write32(iommu->regs + reg + 4, (uint32_t)(value >> 32));
	mmio_write32(iommu->regs + reg, (uint32_t)value);
}

/* Until the bits of a register that are in the mask are the wanted ones. */
static int wait_register(const struct riscv_iommu *iommu, unsigned reg, uint32_t mask,
			 uint32_t wanted)
{
	uint64_t start = time_ns();

	while ((mmio_read32(iommu->regs + reg) & mask) != wanted)
		if (time_ns() - start > ANSWER_NS)
			return -ETIMEDOUT;
	return 0;
}

/* --- commands --- */

static void add_command(struct riscv_iommu *iommu, uint64_t word, uint64_t operand)
{
	iommu->commands[iommu->tail][0] = word;
	iommu->commands[iommu->tail][1] = operand;
	iommu->tail = (iommu->tail + 1) % NR_COMMANDS;
}

/* The number that the fence writes is the answer to all before it. */
static int wait_answer(struct riscv_iommu *iommu)
{
	uint64_t start = time_ns();

	/* acquire: what follows comes after what the commands did */
	while (atomic_load_explicit(iommu->done, memory_order_acquire) != iommu->sequence) {
		if (mmio_read32(iommu->regs + IOMMU_CQCSR) & IOMMU_QUEUE_ERRORS)
			return -EIO;
		if (time_ns() - start > ANSWER_NS &&
		    atomic_load_explicit(iommu->done, memory_order_acquire) != iommu->sequence)
			return -ETIMEDOUT;
	}
	return 0;
}

/*
 * Lock held, commands are in the queue: a fence behind them, and its answer. Each call waits, so
 * the queue was empty, and has room for any call's few commands.
 */
static int finish(struct riscv_iommu *iommu)
{
	int rc;

	/* Once it has not answered, nobody waits for it again. */
	if (iommu->broken)
		return -EIO;
	iommu->sequence++;
	add_command(iommu,
		    IOMMU_IOFENCE_C | IOMMU_IOFENCE_AV | IOMMU_IOFENCE_PR | IOMMU_IOFENCE_PW |
			    FIELD_PREP(IOMMU_IOFENCE_DATA, (uint64_t)iommu->sequence),
		    (uintptr_t)iommu->done >> 2);
	/* Commands, and the tables that they are about, are in memory before it looks. */
	barrier_release_to_device();
	mmio_write32(iommu->regs + IOMMU_CQT, iommu->tail);
	rc = wait_answer(iommu);
	if (rc) {
		iommu->broken = true;
		log_error("iommu: no answer to a command: %d, cqcsr 0x%x", rc,
			  mmio_read32(iommu->regs + IOMMU_CQCSR));
	}
	return rc;
}

static uint64_t of_gscid(unsigned gscid)
{
	return IOMMU_IOTINVAL_GV | FIELD_PREP(IOMMU_GSCID, (uint64_t)gscid);
}

int riscv_iommu_forget(struct riscv_iommu *iommu, unsigned gscid, uint64_t address)
{
	irqflags_t flags = spin_lock_irq(&iommu->lock);
	int rc;

	add_command(iommu, IOMMU_IOTINVAL_GVMA | IOMMU_IOTINVAL_AV | of_gscid(gscid),
		    IOMMU_PPN(address));
	rc = finish(iommu);
	spin_unlock_irq(&iommu->lock, flags);
	return rc;
}

/* Section 6.3.1, for the device and its GSCID; 0: for all. */
static int forget_contexts(struct riscv_iommu *iommu, uint64_t device, uint64_t gscid)
{
	irqflags_t flags = spin_lock_irq(&iommu->lock);
	int rc;

	add_command(iommu, IOMMU_IODIR_DDT | device, 0);
	add_command(iommu, IOMMU_IOTINVAL_VMA | gscid, 0);
	add_command(iommu, IOMMU_IOTINVAL_GVMA | gscid, 0);
	rc = finish(iommu);
	spin_unlock_irq(&iommu->lock, flags);
	return rc;
}

/* --- the device directory --- */

static unsigned id_bits(unsigned levels)
{
	return IOMMU_LEAF_BITS + IOMMU_LEVEL_BITS * (levels - 1);
}

/* With the tables made on the way. NULL: no memory. */
static _Atomic uint64_t *find_context(const struct riscv_iommu *iommu, uint32_t id)
{
	uint64_t *table = iommu->directory;

	for (unsigned level = iommu->levels; level > 1; level--) {
		uint64_t *entry = &table[id >> id_bits(level - 1) & (BIT(IOMMU_LEVEL_BITS) - 1)];

		if (!*entry) {
			void *next = page_alloc(PAGE_SIZE, PAGE_SIZE);

			if (!next)
				return NULL;
			barrier_dma_write();
			*entry = IOMMU_PPN(next) | IOMMU_ENTRY_VALID;
		}
		table = (uint64_t *)(uintptr_t)IOMMU_ADDRESS(*entry);
	}
	return (_Atomic uint64_t *)&table[(id & (BIT(IOMMU_LEAF_BITS) - 1)) * IOMMU_DC_WORDS];
}

static void put(_Atomic uint64_t *word, uint64_t value)
{
	/* relaxed: what it orders is said by the barriers */
	atomic_store_explicit(word, value, memory_order_relaxed);
}

int riscv_iommu_set(struct riscv_iommu *iommu, uint32_t id,
		    const struct riscv_iommu_context *context)
{
	_Atomic uint64_t *words;
	uint64_t iohgatp;

	if (id >> id_bits(iommu->levels))
		return -EINVAL;
	words = find_context(iommu, id);
	if (!words)
		return -ENOMEM;
	if (context) {
		put(&words[IOMMU_DC_IOHGATP], context->iohgatp);
		put(&words[IOMMU_DC_MSIPTP], context->msiptp);
		put(&words[IOMMU_DC_MSI_MASK], context->msi_mask);
		put(&words[IOMMU_DC_MSI_PATTERN], context->msi_pattern);
		/* The rest is there before it is valid. */
		barrier_dma_write();
	}
	put(&words[IOMMU_DC_TC], context ? IOMMU_ENTRY_VALID : 0);
	iohgatp = atomic_load_explicit(&words[IOMMU_DC_IOHGATP], memory_order_relaxed);
	return forget_contexts(iommu, IOMMU_IODIR_DV | FIELD_PREP(IOMMU_IODIR_DID, (uint64_t)id),
			       IOMMU_IOTINVAL_GV | (iohgatp & IOMMU_GSCID));
}

/* --- MSI page tables --- */

uint64_t riscv_iommu_msi_entry(uint64_t file)
{
	return IOMMU_PPN(file) | IOMMU_MSI_PTE_BASIC;
}

unsigned riscv_iommu_msi_index(uint64_t address, uint64_t msi_mask)
{
	uint64_t page = address >> PAGE_SHIFT;
	unsigned index = 0, n = 0;

	for (; msi_mask; msi_mask >>= 1, page >>= 1)
		if (msi_mask & 1)
			index |= (unsigned)(page & 1) << n++;
	return index;
}

/* --- faults --- */

bool riscv_iommu_fault(struct riscv_iommu *iommu, struct riscv_iommu_fault *fault)
{
	const uint64_t *record;

	if ((mmio_read32(iommu->regs + IOMMU_FQT) % NR_FAULTS) == iommu->fault_head) {
		/* Empty: from here on it takes new ones again. */
		if (mmio_read32(iommu->regs + IOMMU_FQCSR) & IOMMU_QUEUE_OF) {
			iommu->lost++;
			mmio_write32(iommu->regs + IOMMU_FQCSR, IOMMU_QUEUE_OF | IOMMU_QUEUE_ON);
		}
		return false;
	}
	barrier_after_device_read();
	record = iommu->faults[iommu->fault_head];
	*fault = (struct riscv_iommu_fault){
		.cause = (unsigned)FIELD_GET(IOMMU_FAULT_CAUSE, record[IOMMU_FAULT_HEADER]),
		.id = (uint32_t)FIELD_GET(IOMMU_FAULT_DID, record[IOMMU_FAULT_HEADER]),
		.address = record[IOMMU_FAULT_IOVA],
	};
	iommu->fault_head = (iommu->fault_head + 1) % NR_FAULTS;
	/* The record was read before it may be written again. */
	barrier_release_to_device();
	mmio_write32(iommu->regs + IOMMU_FQH, iommu->fault_head);
	return true;
}

/* --- start --- */

static int set_mode(const struct riscv_iommu *iommu, unsigned mode)
{
	int rc = wait_register(iommu, IOMMU_DDTP, IOMMU_DDTP_BUSY, 0);

	if (rc)
		return rc;
	write64(iommu, IOMMU_DDTP, IOMMU_PPN((uintptr_t)iommu->directory) | mode);
	rc = wait_register(iommu, IOMMU_DDTP, IOMMU_DDTP_BUSY, 0);
	if (rc)
		return rc;
	return FIELD_GET(IOMMU_DDTP_MODE, mmio_read32(iommu->regs + IOMMU_DDTP)) == mode
		       ? 0
		       : -EOPNOTSUPP;
}

static int start_queue(const struct riscv_iommu *iommu, unsigned base, unsigned csr,
		       const void *memory, unsigned entries)
{
	uint64_t value = IOMMU_PPN((uintptr_t)memory) | (log2_floor(entries) - 1);
	uint32_t on = IOMMU_QUEUE_ON | IOMMU_QUEUE_ACTIVE;

	mmio_write32(iommu->regs + csr, 0);
	if (wait_register(iommu, csr, on | IOMMU_QUEUE_BUSY, 0))
		return -ETIMEDOUT;
	write64(iommu, base, value);
	mmio_write32(iommu->regs + csr, IOMMU_QUEUE_ON | IOMMU_QUEUE_ERRORS);
	return wait_register(iommu, csr, on | IOMMU_QUEUE_BUSY, on);
}

static int start_queues(struct riscv_iommu *iommu)
{
	int rc;

	iommu->commands = page_alloc(PAGE_SIZE, PAGE_SIZE);
	iommu->faults = page_alloc(PAGE_SIZE, PAGE_SIZE);
	iommu->directory = page_alloc(PAGE_SIZE, PAGE_SIZE);
	if (!iommu->commands || !iommu->faults || !iommu->directory)
		return -ENOMEM;
	iommu->done = (_Atomic uint32_t *)&iommu->commands[NR_COMMANDS];
	rc = start_queue(iommu, IOMMU_CQB, IOMMU_CQCSR, iommu->commands, NR_COMMANDS);
	mmio_write32(iommu->regs + IOMMU_CQT, 0);
	if (!rc)
		rc = start_queue(iommu, IOMMU_FQB, IOMMU_FQCSR, iommu->faults, NR_FAULTS);
	mmio_write32(iommu->regs + IOMMU_FQH, 0);
	return rc;
}

/* As few levels as hold the id, or more, if it has not just these. */
static int start_directory(struct riscv_iommu *iommu, uint32_t max_id)
{
	int rc = -EOPNOTSUPP;

	for (iommu->levels = 1; rc == -EOPNOTSUPP && iommu->levels <= MAX_LEVELS; iommu->levels++)
		if (!(max_id >> id_bits(iommu->levels)))
			rc = set_mode(iommu, IOMMU_DDTP_BARE + iommu->levels);
	iommu->levels--;
	return rc;
}

int riscv_iommu_init(struct riscv_iommu *iommu, uintptr_t regs, uint32_t max_id)
{
	const uint32_t needed = IOMMU_CAP_SV39X4 | IOMMU_CAP_MSI_FLAT;
	int rc;

	*iommu = (struct riscv_iommu){ .regs = regs };
	/* Off after reset: it drops all, messages too. */
	rc = set_mode(iommu, IOMMU_DDTP_BARE);
	if (rc)
		return rc;
	mmio_write32(regs + IOMMU_FCTL, mmio_read32(regs + IOMMU_FCTL) & ~IOMMU_FCTL_WARL);
	if (~mmio_read32(regs + IOMMU_CAPABILITIES) & needed ||
	    mmio_read32(regs + IOMMU_FCTL) & IOMMU_FCTL_WARL)
		return -EOPNOTSUPP;
	rc = start_queues(iommu);
	/* It answers, or goes on passing everything. */
	if (!rc)
		rc = forget_contexts(iommu, 0, 0);
	return rc ? rc : start_directory(iommu, max_id);
}

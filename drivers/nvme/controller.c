// SPDX-License-Identifier: Apache-2.0
#include "drivers/nvme/controller.h"

#include <errno.h>

#include "arch/barrier.h"
#include "drivers/pci/mmio.h"
#include "drivers/pci/pci_regs.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"
#include "kernel/time.h"

#define READY_UNIT_MS 500
/* A larger smallest memory page than 64 KiB would make every queue that large. */
#define MAX_MPSMIN 4

static uint32_t csts(const struct nvme *nvme)
{
	return pci_mmio_read32(nvme->fn, nvme->regs + NVME_CSTS);
}

static bool is_ready(void *arg)
{
	return csts(arg) & (NVME_CSTS_RDY | NVME_CSTS_CFS); /* all-ones ends the wait too */
}

static bool is_disabled(void *arg)
{
	uint32_t now = csts(arg);

	return !(now & NVME_CSTS_RDY) || now == NVME_ALL_ONES;
}

static int check_csts(const struct nvme *nvme)
{
	uint32_t now = csts(nvme);

	if (now == NVME_ALL_ONES)
		return -ENODEV;
	return now & NVME_CSTS_CFS ? -EIO : 0;
}

static int read_capabilities(struct nvme *nvme)
{
	uint32_t lo = pci_mmio_read32(nvme->fn, nvme->regs + NVME_CAP);
	uint32_t hi = pci_mmio_read32(nvme->fn, nvme->regs + NVME_CAP + 4);

	nvme->info.version = pci_mmio_read32(nvme->fn, nvme->regs + NVME_VS);
	if (lo == NVME_ALL_ONES && hi == NVME_ALL_ONES)
		return -ENODEV;
	if (FIELD_GET(NVME_CAP_HI_MPSMIN, hi) > MAX_MPSMIN ||
	    !(hi & (NVME_CAP_HI_CSS_NVM | NVME_CAP_HI_CSS_CSI)) ||
	    !FIELD_GET(NVME_CAP_LO_MQES, lo)) {
		log_error("%s: nvme: capabilities %08x%08x are not usable here", nvme->fn->msi.name,
			  hi, lo);
		return -ENODEV;
	}
	nvme->page_shift = 12 + FIELD_GET(NVME_CAP_HI_MPSMIN, hi);
	nvme->doorbell_shift = 2 + FIELD_GET(NVME_CAP_HI_DSTRD, hi);
	nvme->max_entries = MIN(FIELD_GET(NVME_CAP_LO_MQES, lo) + 1, NVME_MAX_ENTRIES);
	nvme->ready_timeout_ms = (FIELD_GET(NVME_CAP_LO_TO, lo) + 1) * READY_UNIT_MS;
	nvme->only_csi = !(hi & NVME_CAP_HI_CSS_NVM);
	return 0;
}

/* Base Specification, "Controller Properties", CC.EN: waits for RDY before and after a change. */
static int disable(struct nvme *nvme)
{
	uint32_t cc = pci_mmio_read32(nvme->fn, nvme->regs + NVME_CC);

	if (cc & NVME_CC_EN) {
		/* Firmware may have left it on its way up. */
		time_wait(is_ready, nvme, nvme->ready_timeout_ms);
		pci_mmio_write32(nvme->fn, nvme->regs + NVME_CC, cc & ~NVME_CC_EN);
	}
	if (!time_wait(is_disabled, nvme, nvme->ready_timeout_ms))
		return -ETIMEDOUT;
	return csts(nvme) == NVME_ALL_ONES ? -ENODEV : 0;
}

static void write64(struct nvme *nvme, unsigned reg, uint64_t value)
{
	pci_mmio_write32(nvme->fn, nvme->regs + reg, (uint32_t)value);
	pci_mmio_write32(nvme->fn, nvme->regs + reg + 4, (uint32_t)(value >> 32));
}

static int enable(struct nvme *nvme)
{
	unsigned last = nvme->admin.entries - 1u;

	pci_mmio_write32(nvme->fn, nvme->regs + NVME_AQA,
			 FIELD_PREP(NVME_AQA_ASQS, last) | FIELD_PREP(NVME_AQA_ACQS, last));
	write64(nvme, NVME_ASQ, dma_address(nvme->admin.sq));
	write64(nvme, NVME_ACQ, dma_address((const void *)nvme->admin.cq));
	/* The cleared completion queue is in memory: its phase bits are 0 to the controller too. */
	barrier_publish_to_device();
	pci_mmio_write32(nvme->fn, nvme->regs + NVME_CC,
			 NVME_CC_EN | FIELD_PREP(NVME_CC_MPS, nvme->page_shift - 12) |
				 FIELD_PREP(NVME_CC_CSS,
					    nvme->only_csi ? NVME_CC_CSS_CSI : NVME_CC_CSS_NVM) |
				 FIELD_PREP(NVME_CC_IOSQES, (uint32_t)NVME_SQE_SHIFT) |
				 FIELD_PREP(NVME_CC_IOCQES, (uint32_t)NVME_CQE_SHIFT));
	if (!time_wait(is_ready, nvme, nvme->ready_timeout_ms))
		return -ETIMEDOUT;
	return check_csts(nvme);
}

unsigned nvme_controller_doorbells(const struct nvme *nvme)
{
	uint64_t size = nvme->fn->bars[0].size, pair = 2ull << nvme->doorbell_shift;
	uint64_t pairs = size > NVME_DOORBELLS ? (size - NVME_DOORBELLS) / pair : 0;

	return pairs ? (unsigned)MIN(pairs - 1, 0xffffull) : 0;
}

void nvme_controller_attach(const struct nvme *nvme, struct nvme_queue *queue)
{
	uintptr_t first = nvme->regs + NVME_DOORBELLS;

	queue->fn = nvme->fn;
	queue->sq_doorbell = first + ((2ull * queue->id) << nvme->doorbell_shift);
	queue->cq_doorbell = first + ((2ull * queue->id + 1) << nvme->doorbell_shift);
}

static int prepare_admin(struct nvme *nvme)
{
	format_string(nvme->admin.name, sizeof(nvme->admin.name), "nvme%u admin", nvme->number);
	nvme_controller_attach(nvme, &nvme->admin);
	return nvme_queue_alloc(&nvme->admin, NVME_MAX_ENTRIES, nvme->page_shift);
}

static int report(const struct nvme *nvme, int err)
{
	if (err)
		log_error("%s: nvme: does not start, CSTS %08x", nvme->fn->msi.name, csts(nvme));
	return err;
}

int nvme_controller_prepare(struct nvme *nvme)
{
	int err;

	/* The admin queue's doorbells are checked when their stride is known. */
	nvme->regs = pci_map_bar(nvme->fn, 0, NVME_DOORBELLS);
	if (!nvme->regs)
		return -ENODEV;
	err = read_capabilities(nvme);
	if (err)
		return err;
	if (nvme->fn->bars[0].size < NVME_DOORBELLS + (2ull << nvme->doorbell_shift))
		return -ENODEV;
	err = report(nvme, disable(nvme));
	return err ? err : prepare_admin(nvme);
}

int nvme_controller_enable(struct nvme *nvme)
{
	return report(nvme, enable(nvme));
}

/* A controller that does not let itself be disabled loses the bus instead. */
static void quiesce(struct nvme *nvme)
{
	if (disable(nvme) == -ETIMEDOUT)
		pci_write16(nvme->fn, PCI_COMMAND,
			    pci_read16(nvme->fn, PCI_COMMAND) & ~PCI_COMMAND_MASTER);
}

void nvme_controller_end(struct nvme *nvme)
{
	quiesce(nvme);
	nvme_queue_free(&nvme->admin);
}

static void stop(struct nvme *nvme, int error)
{
	nvme_queue_stop(&nvme->admin);
	for (unsigned i = 0; i < nvme->info.nr_queues; i++)
		nvme_queue_stop(&nvme->io[i]);
	if (csts(nvme) != NVME_ALL_ONES)
		quiesce(nvme);
	nvme_queue_fail(&nvme->admin, error);
	for (unsigned i = 0; i < nvme->info.nr_queues; i++)
		nvme_queue_fail(&nvme->io[i], error);
}

void nvme_controller_quiet(struct nvme *nvme)
{
	stop(nvme, -ECANCELED);
}

void nvme_controller_fail(struct nvme *nvme, const char *why)
{
	/* acq_rel: one caller gets 0 and does the rest */
	if (atomic_exchange_explicit(&nvme->failed, 1, memory_order_acq_rel))
		return;
	log_error("%s: nvme: given up: %s", nvme->fn->msi.name, why);
	stop(nvme, -ENODEV);
}

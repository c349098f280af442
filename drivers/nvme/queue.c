// SPDX-License-Identifier: Apache-2.0
#include "drivers/nvme/queue.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>

#include "arch/barrier.h"
#include "drivers/nvme/prp.h"
#include "drivers/pci/mmio.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/endian.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"

#define NO_SLOT NVME_MAX_ENTRIES

static size_t sq_bytes(const struct nvme_queue *queue)
{
	return MAX((size_t)queue->entries << NVME_SQE_SHIFT, 1ul << queue->page_shift);
}

static size_t cq_bytes(const struct nvme_queue *queue)
{
	return MAX((size_t)queue->entries << NVME_CQE_SHIFT, 1ul << queue->page_shift);
}

static size_t lists_bytes(const struct nvme_queue *queue)
{
	return (size_t)queue->entries * NVME_LIST_ENTRIES * sizeof(*queue->lists);
}

static void start_over(struct nvme_queue *queue)
{
	queue->sq_tail = queue->cq_head = 0;
	queue->phase = true;
	queue->stopped = false;
	atomic_store_explicit(&queue->free, BIT64(queue->entries - 1) - 1, memory_order_relaxed);
}

void nvme_queue_reset(struct nvme_queue *queue)
{
	irqflags_t flags = spin_lock_irq(&queue->lock);

	for (unsigned i = 0; i < queue->entries; i++)
		queue->cq[i] = (struct nvme_cqe){ 0 };
	start_over(queue);
	spin_unlock_irq(&queue->lock, flags);
}

int nvme_queue_alloc(struct nvme_queue *queue, unsigned entries, unsigned page_shift)
{
	queue->entries = (uint16_t)entries;
	queue->page_shift = (uint8_t)page_shift;
	start_over(queue);
	queue->sq = dma_alloc(sq_bytes(queue), UINT64_MAX);
	queue->cq = dma_alloc(cq_bytes(queue), UINT64_MAX);
	queue->lists = dma_alloc(lists_bytes(queue), UINT64_MAX);
	if (queue->sq && queue->cq && queue->lists)
		return 0;
	nvme_queue_free(queue);
	return -ENOMEM;
}

void nvme_queue_free(struct nvme_queue *queue)
{
	if (queue->sq)
		dma_free(queue->sq, sq_bytes(queue));
	if (queue->cq)
		dma_free((void *)queue->cq, cq_bytes(queue));
	if (queue->lists)
		dma_free(queue->lists, lists_bytes(queue));
	queue->sq = NULL;
	queue->cq = NULL;
	queue->lists = NULL;
}

static uint64_t free_slots(const struct nvme_queue *queue)
{
	/* relaxed: slots change hands under the lock */
	return atomic_load_explicit(&queue->free, memory_order_relaxed);
}

/* With the lock held. */
static unsigned slot_take(struct nvme_queue *queue, struct nvme_request *request)
{
	uint64_t free = free_slots(queue);
	unsigned slot;

	if (!free)
		return NO_SLOT;
	slot = (unsigned)__builtin_ctzll(free);
	atomic_store_explicit(&queue->free, free & ~BIT64(slot), memory_order_relaxed);
	/* The upper bits count the uses of the slot. */
	queue->slots[slot].cid = (uint16_t)(((queue->slots[slot].cid | NVME_SLOT_MASK) + 1) | slot);
	queue->slots[slot].request = request;
	return slot;
}

/* With the lock held; the request, which is not the slot's any more. */
static struct nvme_request *slot_release(struct nvme_queue *queue, unsigned slot)
{
	struct nvme_request *request = queue->slots[slot].request;

	queue->slots[slot].request = NULL;
	atomic_store_explicit(&queue->free, free_slots(queue) | BIT64(slot), memory_order_relaxed);
	return request;
}

static int slot_map(struct nvme_queue *queue, unsigned slot, const void *buf, uint32_t bytes,
		    struct nvme_sqe *sqe)
{
	uint64_t *entries = queue->lists + (size_t)slot * NVME_LIST_ENTRIES;
	struct nvme_prp_list list = { entries, dma_address(entries), NVME_LIST_ENTRIES };
	struct nvme_prp prp;
	int err;

	if (!bytes)
		return 0;
	err = nvme_prp_build(dma_address(buf), bytes, queue->page_shift, &list, &prp);
	if (err)
		return err;
	sqe->prp1 = le64(prp.prp1);
	sqe->prp2 = le64(prp.prp2);
	return 0;
}

static void ring(struct nvme_queue *queue)
{
	if (++queue->sq_tail == queue->entries)
		queue->sq_tail = 0;
	/* Entry, PRP list and data are in memory before the controller fetches them. */
	barrier_publish_to_device();
	pci_mmio_write32(queue->fn, queue->sq_doorbell, queue->sq_tail);
}

/* With the lock held. */
static int submit_locked(struct nvme_queue *queue, const struct nvme_sqe *command, const void *buf,
			 uint32_t bytes, struct nvme_request *request)
{
	struct nvme_sqe *sqe = &queue->sq[queue->sq_tail];
	unsigned slot;
	int err;

	if (queue->stopped || pci_gone(queue->fn))
		return -ENODEV;
	slot = slot_take(queue, request);
	if (slot == NO_SLOT)
		return -EAGAIN;
	*sqe = *command;
	err = slot_map(queue, slot, buf, bytes, sqe);
	if (err) {
		slot_release(queue, slot);
		return err;
	}
	sqe->cdw0 |= le32(FIELD_PREP(NVME_CDW0_CID, queue->slots[slot].cid));
	if (request)
		request->cid = queue->slots[slot].cid;
	ring(queue);
	return 0;
}

int nvme_submit(struct nvme_queue *queue, const struct nvme_sqe *command, const void *buf,
		uint32_t bytes, struct nvme_request *request)
{
	irqflags_t flags;
	int err;

	if (request) {
		*request = (struct nvme_request){ .queue = queue };
	}
	flags = spin_lock_irq(&queue->lock);
	err = submit_locked(queue, command, buf, bytes, request);
	spin_unlock_irq(&queue->lock, flags);
	return err;
}

static void request_end(struct nvme_request *request, int error)
{
	request->error = error;
	/* release pairs with the acquire in request_done(); *request is the waiter's again */
	atomic_store_explicit(&request->done, 1, memory_order_release);
}

/* With the lock held. Nothing in a completion is trusted before it is known to be of this queue. */
static void complete(struct nvme_queue *queue, uint32_t dw0, uint32_t dw2, uint32_t dw3)
{
	unsigned cid = FIELD_GET(NVME_DW3_CID, dw3), slot = cid & NVME_SLOT_MASK;
	struct nvme_request *request;

	if (FIELD_GET(NVME_DW2_SQID, dw2) != queue->id ||
	    FIELD_GET(NVME_DW2_SQHD, dw2) >= queue->entries || slot >= queue->entries - 1u ||
	    (free_slots(queue) & BIT64(slot)) || queue->slots[slot].cid != cid) {
		if (!queue->bogus++)
			log_error("%s: completion %08x %08x is of no command here", queue->name,
				  dw2, dw3);
		return;
	}
	request = slot_release(queue, slot);
	if (!request)
		return;
	request->result = dw0;
	request->status = (uint16_t)FIELD_GET(NVME_DW3_STATUS, dw3);
	request_end(request, 0);
}

/* With the lock held. */
static bool reap_one(struct nvme_queue *queue)
{
	volatile struct nvme_cqe *cqe = &queue->cq[queue->cq_head];
	uint32_t dw3 = le32(cqe->dw3);

	if (!!(dw3 & NVME_DW3_PHASE) != queue->phase)
		return false;
	/* The phase says that the rest, and the data of a read, is there: not read before it. */
	barrier_dma_read();
	complete(queue, le32(cqe->dw0), le32(cqe->dw2), dw3);
	if (++queue->cq_head == queue->entries) {
		queue->cq_head = 0;
		queue->phase = !queue->phase;
	}
	return true;
}

void nvme_queue_reap(struct nvme_queue *queue)
{
	irqflags_t flags = spin_lock_irq(&queue->lock);
	unsigned n = 0;

	/* Without the doorbell there is room for fewer than entries: more is a bad controller. */
	while (n < queue->entries && reap_one(queue))
		n++;
	if (n && !queue->stopped) {
		/* The doorbell gives the entries back: they have been read by then. */
		barrier_release_to_device();
		pci_mmio_write32(queue->fn, queue->cq_doorbell, queue->cq_head);
	}
	spin_unlock_irq(&queue->lock, flags);
}

void nvme_queue_interrupt(void *arg)
{
	for (struct nvme_queue *queue = arg; queue; queue = queue->next_on_vector)
		nvme_queue_reap(queue);
}

void nvme_queue_stop(struct nvme_queue *queue)
{
	irqflags_t flags = spin_lock_irq(&queue->lock);

	queue->stopped = true;
	spin_unlock_irq(&queue->lock, flags);
}

void nvme_queue_fail(struct nvme_queue *queue, int error)
{
	irqflags_t flags = spin_lock_irq(&queue->lock);

	for (unsigned slot = 0; slot + 1 < queue->entries; slot++) {
		struct nvme_request *request;

		if (free_slots(queue) & BIT64(slot))
			continue;
		request = slot_release(queue, slot);
		if (request)
			request_end(request, error);
	}
	spin_unlock_irq(&queue->lock, flags);
}

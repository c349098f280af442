// SPDX-License-Identifier: Apache-2.0
#include "drivers/virtio/blk.h"

#include <errno.h>

#include "drivers/virtio/virtio.h"
#include "kernel/lib/endian.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"
#include "kernel/time.h"

#define BLK_F_SIZE_MAX BIT64(1)
#define BLK_F_RO       BIT64(5)

/* 5.2.4 "Device configuration layout" */
#define BLK_CAPACITY 0
#define BLK_SIZE_MAX 8

enum blk_type { BLK_T_IN = 0, BLK_T_OUT = 1 };

#define BLK_S_OK   0
#define BLK_S_NONE 0xff /* the device has written no status */

/* Of one request: one data segment. */
#define MAX_TRANSFER (128u * 1024)

#define NR_SLOTS           16
#define SLOT_TIMEOUT_MS    30000
#define SEGMENTS_A_REQUEST 3

/* What the device reads before the data and writes behind it. */
struct blk_slot {
	uint32_t type, reserved;
	uint64_t sector;
	uint8_t status;
	uint8_t padding[15];
};

struct virtio_blk {
	struct virtio_device dev;
	struct virtq queue;
	uint32_t max_sectors; /* of one request */
	_Atomic uint32_t free;
	struct blk_slot *slots;
	struct virtio_request raise;
	struct blk_slot *raise_slot; /* behind the others */
	uint8_t *raise_buf;
};

uint64_t virtio_blk_capacity(const struct virtio_blk *blk)
{
	return virtio_config64(&blk->dev, BLK_CAPACITY);
}

bool virtio_blk_read_only(const struct virtio_blk *blk)
{
	return blk->dev.features & BLK_F_RO;
}

/* A free slot's index, or -1. */
static int try_claim(struct virtio_blk *blk)
{
	uint32_t free = atomic_load_explicit(&blk->free, memory_order_relaxed);

	/* acquire pairs with the release in give_back(): who had the slot is done with it */
	while (free &&
	       !atomic_compare_exchange_weak_explicit(&blk->free, &free, free & (free - 1),
						      memory_order_acquire, memory_order_relaxed))
		;
	return free ? __builtin_ctz(free) : -1;
}

static void give_back(struct virtio_blk *blk, unsigned slot)
{
	atomic_fetch_or_explicit(&blk->free, BIT(slot), memory_order_release);
}

static bool some_free(void *arg)
{
	struct virtio_blk *blk = arg;

	return atomic_load_explicit(&blk->free, memory_order_relaxed);
}

static int claim(struct virtio_blk *blk)
{
	int slot;

	for (;;) {
		slot = try_claim(blk);
		if (slot >= 0)
			return slot;
		slot = pci_wait(blk->dev.fn, some_free, blk, SLOT_TIMEOUT_MS);
		if (slot)
			return slot;
	}
}

static void fill(struct blk_slot *slot, enum blk_type type, uint64_t sector, const void *buf,
		 uint32_t bytes, struct virtq_segment *segments)
{
	*slot = (struct blk_slot){ .type = le32(type),
				   .sector = le64(sector),
				   .status = BLK_S_NONE };
	segments[0] = (struct virtq_segment){ slot, offsetof(struct blk_slot, status), false };
	segments[1] = (struct virtq_segment){ buf, bytes, type == BLK_T_IN };
	segments[2] = (struct virtq_segment){ &slot->status, 1, true };
}

static int transfer_piece(struct virtio_blk *blk, enum blk_type type, uint64_t sector,
			  uint32_t count, const void *buf)
{
	struct virtq_segment segments[SEGMENTS_A_REQUEST];
	struct virtio_request request;
	int index = claim(blk), err;

	if (index < 0)
		return index;
	fill(&blk->slots[index], type, sector, buf, count * VIRTIO_BLK_SECTOR, segments);
	err = virtio_execute(&blk->dev, &blk->queue, segments, SEGMENTS_A_REQUEST, &request);
	if (!err && blk->slots[index].status != BLK_S_OK) {
		log_warn("%s: virtio-blk: %s of sector %llu: status %u", blk->dev.fn->msi.name,
			 type == BLK_T_IN ? "read" : "write", (unsigned long long)sector,
			 blk->slots[index].status);
		err = -EIO;
	}
	give_back(blk, (unsigned)index);
	return err;
}

static int transfer(struct virtio_blk *blk, enum blk_type type, uint64_t sector, uint64_t count,
		    const char *buf)
{
	uint64_t capacity = virtio_blk_capacity(blk);
	int err = 0;

	if (!count)
		return -EINVAL;
	if (sector >= capacity || count > capacity - sector)
		return -ERANGE;
	while (count && !err) {
		uint32_t now = (uint32_t)MIN(count, blk->max_sectors);

		err = transfer_piece(blk, type, sector, now, buf);
		sector += now;
		count -= now;
		buf += now * VIRTIO_BLK_SECTOR;
	}
	return err;
}

int virtio_blk_read(struct virtio_blk *blk, uint64_t sector, uint64_t count, void *buf)
{
	return transfer(blk, BLK_T_IN, sector, count, buf);
}

int virtio_blk_write(struct virtio_blk *blk, uint64_t sector, uint64_t count, const void *buf)
{
	return virtio_blk_read_only(blk) ? -EROFS : transfer(blk, BLK_T_OUT, sector, count, buf);
}

/* A read of the first sector; without one it fails, and is completed as well. */
static int blk_raise(struct pci_function *fn, unsigned vector)
{
	struct virtio_blk *blk = fn->driver_data;
	struct virtq_segment segments[SEGMENTS_A_REQUEST];

	if (vector != blk->queue.vector)
		return -EINVAL;
	if (!virtio_request_is_done(&blk->raise))
		return -EBUSY;
	fill(blk->raise_slot, BLK_T_IN, 0, blk->raise_buf, VIRTIO_BLK_SECTOR, segments);
	/* relaxed: the handler finds the request behind the queue's lock */
	atomic_store_explicit(&blk->raise.done, 0, memory_order_relaxed);
	return virtq_submit(&blk->queue, segments, SEGMENTS_A_REQUEST, &blk->raise);
}

/* Slots, that of raises, and its data. */
#define DMA_BYTES ((NR_SLOTS + 1) * sizeof(struct blk_slot) + VIRTIO_BLK_SECTOR)

static void blk_free(struct virtio_blk *blk)
{
	if (blk->slots)
		dma_free(blk->slots, DMA_BYTES);
	page_free(blk, sizeof(*blk));
}

static int blk_prepare(struct virtio_blk *blk)
{
	uint32_t most = MAX_TRANSFER;

	if (blk->dev.features & BLK_F_SIZE_MAX)
		most = MIN(most, virtio_config32(&blk->dev, BLK_SIZE_MAX));
	blk->max_sectors = most / VIRTIO_BLK_SECTOR;
	if (!blk->max_sectors)
		return -EINVAL;
	blk->slots = dma_alloc(DMA_BYTES, UINT64_MAX);
	if (!blk->slots)
		return -ENOMEM;
	blk->raise_slot = &blk->slots[NR_SLOTS];
	blk->raise_buf = (uint8_t *)&blk->slots[NR_SLOTS + 1];
	blk->free = BIT(NR_SLOTS) - 1;
	virtio_request_init(&blk->raise);
	blk->queue.name = "virtio-blk requests";
	blk->queue.done = virtio_request_done;
	blk->dev.queues[0] = &blk->queue;
	blk->dev.nr_queues = 1;
	return 0;
}

static int blk_start(struct pci_function *fn, struct virtio_blk *blk)
{
	int err = virtio_open(&blk->dev, fn, "virtio-blk", BLK_F_SIZE_MAX | BLK_F_RO);

	if (!err)
		err = blk_prepare(blk);
	return err ? err : virtio_run(&blk->dev);
}

static int blk_probe(struct pci_function *fn)
{
	struct virtio_blk *blk = page_alloc(sizeof(*blk), 0);
	int err;

	if (!blk)
		return -ENOMEM;
	err = blk_start(fn, blk);
	if (err) {
		virtio_give_up(&blk->dev);
		blk_free(blk);
		return err;
	}
	fn->driver_data = blk;
	log_info("%s: virtio-blk: %llu sectors%s", fn->msi.name,
		 (unsigned long long)virtio_blk_capacity(blk),
		 virtio_blk_read_only(blk) ? ", read only" : "");
	return 0;
}

static void blk_remove(struct pci_function *fn)
{
	struct virtio_blk *blk = fn->driver_data;

	virtio_close(&blk->dev);
	blk_free(blk);
}

static const struct pci_id blk_ids[] = { VIRTIO_PCI_IDS(2, 0x1001) };

TABLE_ENTRY(struct pci_driver, pci_driver, 5, virtio_blk) = {
	.name = "virtio-blk",
	.ids = blk_ids,
	.nr_ids = ARRAY_SIZE(blk_ids),
	.probe = blk_probe,
	.raise = blk_raise,
	.remove = blk_remove,
};

struct virtio_blk *virtio_blk_of(const struct pci_function *fn)
{
	return fn->driver == &pci_driver_entry_virtio_blk ? fn->driver_data : NULL;
}

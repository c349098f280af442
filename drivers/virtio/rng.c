// SPDX-License-Identifier: Apache-2.0
#include "drivers/virtio/rng.h"

#include <errno.h>
#include <limits.h>

#include "drivers/virtio/virtio.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"

#define RAISE_BYTES 8

struct virtio_rng {
	struct virtio_device dev;
	struct virtq queue;
	struct virtio_request raise;
	void *raise_buf;
};

int virtio_rng_read(struct virtio_rng *rng, void *buf, uint32_t bytes)
{
	struct virtq_segment segment = { buf, bytes, true };
	struct virtio_request request;
	int err;

	if (!bytes || bytes > INT_MAX)
		return -EINVAL;
	err = virtio_execute(&rng->dev, &rng->queue, &segment, 1, &request);
	return err ? err : (int)request.written;
}

/* One buffer is one message; the one before must have come. */
static int rng_raise(struct pci_function *fn, unsigned vector)
{
	struct virtio_rng *rng = fn->driver_data;
	struct virtq_segment segment = { rng->raise_buf, RAISE_BYTES, true };

	if (vector != rng->queue.vector)
		return -EINVAL;
	if (!virtio_request_is_done(&rng->raise))
		return -EBUSY;
	/* relaxed: the handler finds the request behind the queue's lock */
	atomic_store_explicit(&rng->raise.done, 0, memory_order_relaxed);
	return virtq_submit(&rng->queue, &segment, 1, &rng->raise);
}

static void rng_free(struct virtio_rng *rng)
{
	if (rng->raise_buf)
		dma_free(rng->raise_buf, RAISE_BYTES);
	page_free(rng, sizeof(*rng));
}

static int rng_start(struct pci_function *fn, struct virtio_rng *rng)
{
	int err = virtio_open(&rng->dev, fn, "virtio-rng", 0);

	if (err)
		return err;
	rng->queue.name = "virtio-rng requests";
	rng->queue.done = virtio_request_done;
	rng->dev.queues[0] = &rng->queue;
	rng->dev.nr_queues = 1;
	rng->raise_buf = dma_alloc(RAISE_BYTES, UINT64_MAX);
	virtio_request_init(&rng->raise);
	return rng->raise_buf ? virtio_run(&rng->dev) : -ENOMEM;
}

static int rng_probe(struct pci_function *fn)
{
	struct virtio_rng *rng = page_alloc(sizeof(*rng), 0);
	int err;

	if (!rng)
		return -ENOMEM;
	err = rng_start(fn, rng);
	if (err) {
		virtio_give_up(&rng->dev);
		rng_free(rng);
		return err;
	}
	fn->driver_data = rng;
	return 0;
}

static void rng_remove(struct pci_function *fn)
{
	struct virtio_rng *rng = fn->driver_data;

	virtio_close(&rng->dev);
	rng_free(rng);
}

static const struct pci_id rng_ids[] = { VIRTIO_PCI_IDS(4, 0x1005) };

TABLE_ENTRY(struct pci_driver, pci_driver, 5, virtio_rng) = {
	.name = "virtio-rng",
	.ids = rng_ids,
	.nr_ids = ARRAY_SIZE(rng_ids),
	.probe = rng_probe,
	.raise = rng_raise,
	.remove = rng_remove,
};

struct virtio_rng *virtio_rng_of(const struct pci_function *fn)
{
	return fn->driver == &pci_driver_entry_virtio_rng ? fn->driver_data : NULL;
}

// SPDX-License-Identifier: Apache-2.0
/* What a running device is asked: its configuration, and chains that somebody waits for. */
#include <errno.h>

#include "arch/barrier.h"
#include "drivers/pci/mmio.h"
#include "drivers/virtio/virtio.h"
#include "kernel/lib/log.h"
#include "kernel/time.h"

#define REQUEST_TIMEOUT_MS 30000
/* How often a configuration that changes while it is read is read again. */
#define CONFIG_TRIES 100

static bool config_has(const struct virtio_device *dev, unsigned offset, unsigned bytes)
{
	return offset + bytes <= dev->config_bytes;
}

uint8_t virtio_config8(const struct virtio_device *dev, unsigned offset)
{
	return config_has(dev, offset, 1) ? pci_mmio_read8(dev->fn, dev->config + offset) : 0;
}

uint32_t virtio_config32(const struct virtio_device *dev, unsigned offset)
{
	return config_has(dev, offset, 4) ? pci_mmio_read32(dev->fn, dev->config + offset) : 0;
}

static uint8_t generation(const struct virtio_device *dev)
{
	uint8_t now;

	/* Reads before it and behind it stay there. */
	barrier_mmio();
	now = pci_mmio_read8(dev->fn, dev->common + VIRTIO_CONFIG_GENERATION);
	barrier_mmio();
	return now;
}

uint64_t virtio_config64(const struct virtio_device *dev, unsigned offset)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < CONFIG_TRIES; i++) {
		uint8_t before = generation(dev);

		value = virtio_config32(dev, offset) | (uint64_t)virtio_config32(dev, offset + 4)
							       << 32;
		if (generation(dev) == before)
			break;
	}
	return value;
}

void virtio_request_init(struct virtio_request *request)
{
	*request = (struct virtio_request){ .done = 1 };
}

void virtio_request_done(struct virtq *queue, void *token, uint32_t written)
{
	struct virtio_request *request = token;

	(void)queue;
	request->written = written;
	/* release pairs with the acquire in virtio_request_is_done(); *request is the waiter's again */
	atomic_store_explicit(&request->done, 1, memory_order_release);
}

bool virtio_request_is_done(const struct virtio_request *request)
{
	return atomic_load_explicit(&request->done, memory_order_acquire);
}

struct wait {
	const struct virtq *queue;
	const struct virtio_request *request;
};

static bool ended(void *arg)
{
	const struct wait *wait = arg;

	return virtio_request_is_done(wait->request) || wait->queue->broken;
}

/*
 * Its chain is the device's until that is reset, or gone, and the request the queue's until it is
 * broken. All that wait come here: one says why.
 */
static int fail(struct virtio_device *dev, struct virtq *queue, int err)
{
	err = pci_gone(dev->fn) ? -ENODEV : err;
	if (!atomic_exchange_explicit(&dev->failed, 1, memory_order_relaxed))
		log_error("%s: %s: given up: %s", dev->fn->msi.name, dev->name,
			  err == -EIO      ? "its queue is broken"
			  : err == -ENODEV ? "it is gone"
					   : "a request does not end");
	virtio_reset(dev);
	virtq_break(queue);
	return err;
}

int virtio_execute(struct virtio_device *dev, struct virtq *queue,
		   const struct virtq_segment *segments, unsigned n, struct virtio_request *request)
{
	struct wait wait = { queue, request };
	int err;

	/* relaxed: who comes too early finds the queue broken, or times out as well */
	if (atomic_load_explicit(&dev->failed, memory_order_relaxed))
		return -ENODEV;
	*request = (struct virtio_request){ 0 };
	err = virtq_submit(queue, segments, n, request);
	if (err)
		return err;
	err = pci_wait(dev->fn, ended, &wait, REQUEST_TIMEOUT_MS);
	if (err)
		return fail(dev, queue, err);
	return virtio_request_is_done(request) ? 0 : fail(dev, queue, -EIO);
}

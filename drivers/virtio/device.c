// SPDX-License-Identifier: Apache-2.0
/* From reset to DRIVER_OK (Virtio 1.2, 3.1 "Device Initialization", 4.1.5). */
#include <errno.h>

#include "arch/barrier.h"
#include "drivers/pci/mmio.h"
#include "drivers/pci/pci_regs.h"
#include "drivers/virtio/caps.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"
#include "kernel/time.h"

#define NO_VECTOR        0xffff
#define RESET_TIMEOUT_MS 1000

static uint8_t status(const struct virtio_device *dev)
{
	return pci_mmio_read8(dev->fn, dev->common + VIRTIO_DEVICE_STATUS);
}

static uint8_t add_status(const struct virtio_device *dev, uint8_t bits)
{
	pci_mmio_write8(dev->fn, dev->common + VIRTIO_DEVICE_STATUS, status(dev) | bits);
	return status(dev);
}

static bool is_reset(void *arg)
{
	return !status(arg);
}

int virtio_reset(struct virtio_device *dev)
{
	pci_mmio_write8(dev->fn, dev->common + VIRTIO_DEVICE_STATUS, 0);
	/* One that is gone does nothing any more either. */
	if (pci_wait(dev->fn, is_reset, dev, RESET_TIMEOUT_MS) != -ETIMEDOUT)
		return 0;
	/* One that does not let itself be reset loses the bus instead. */
	pci_write16(dev->fn, PCI_COMMAND,
		    pci_read16(dev->fn, PCI_COMMAND) & (uint16_t)~PCI_COMMAND_MASTER);
	return -EIO;
}

static uint64_t offered(const struct virtio_device *dev)
{
	uint64_t features = 0;

	for (unsigned i = 0; i < 2; i++) {
		pci_mmio_write32(dev->fn, dev->common + VIRTIO_DEVICE_FEATURE_SELECT, i);
		barrier_mmio();
		features |= (uint64_t)pci_mmio_read32(dev->fn, dev->common + VIRTIO_DEVICE_FEATURE)
			    << (32 * i);
		barrier_mmio();
	}
	return features;
}

static void accept(const struct virtio_device *dev)
{
	for (unsigned i = 0; i < 2; i++) {
		pci_mmio_write32(dev->fn, dev->common + VIRTIO_DRIVER_FEATURE_SELECT, i);
		pci_mmio_write32(dev->fn, dev->common + VIRTIO_DRIVER_FEATURE,
				 (uint32_t)(dev->features >> (32 * i)));
	}
}

static int refuse(const struct virtio_device *dev, int err, const char *why)
{
	log_error("%s: %s: %s", dev->fn->msi.name, dev->name, why);
	return err;
}

static int negotiate(struct virtio_device *dev, uint64_t wanted)
{
	add_status(dev, VIRTIO_STATUS_ACKNOWLEDGE);
	add_status(dev, VIRTIO_STATUS_DRIVER);
	/* The platform's ways of access and order are ours anyway: addresses are physical. */
	dev->features = offered(dev) & (wanted | VIRTIO_F_VERSION_1 | VIRTIO_F_ACCESS_PLATFORM |
					VIRTIO_F_ORDER_PLATFORM);
	if (!(dev->features & VIRTIO_F_VERSION_1))
		return refuse(dev, -ENODEV, "the device does not offer VERSION_1");
	accept(dev);
	if (!(add_status(dev, VIRTIO_STATUS_FEATURES_OK) & VIRTIO_STATUS_FEATURES_OK))
		return refuse(dev, -EIO, "the device does not accept our features");
	return 0;
}

int virtio_open(struct virtio_device *dev, struct pci_function *fn, const char *name,
		uint64_t wanted)
{
	dev->fn = fn;
	dev->name = name;
	pci_enable(fn);
	if (virtio_find_structures(dev))
		return refuse(dev, -ENODEV, "no usable modern interface");
	if (virtio_reset(dev))
		return refuse(dev, -EIO, "the device does not reset");
	return negotiate(dev, wanted);
}

static void config_interrupt(void *arg)
{
	struct virtio_device *dev = arg;

	atomic_fetch_add_explicit(&dev->config_changes, 1, memory_order_relaxed);
	virtq_interrupt(dev->sharing);
}

static void intx_interrupt(void *arg)
{
	struct virtio_device *dev = arg;
	uint8_t isr = pci_mmio_read8(dev->fn, dev->isr);

	/* The read pulled the device's writes before it; the queues' indices are among them. */
	barrier_after_device_read();
	if (isr & VIRTIO_ISR_CONFIG)
		atomic_fetch_add_explicit(&dev->config_changes, 1, memory_order_relaxed);
	if (isr & VIRTIO_ISR_QUEUE)
		virtq_interrupt(dev->sharing);
}

/* Queue i on vector 1 + i, round again where there are fewer, on 0 when that is all. */
static int request_vectors(struct virtio_device *dev, unsigned granted)
{
	struct virtq *first[1 + VIRTIO_MAX_QUEUES] = { NULL };
	int err;

	for (unsigned i = dev->nr_queues; i-- > 0;) {
		struct virtq *queue = dev->queues[i];

		queue->vector = granted > 1 ? (uint16_t)(1 + i % (granted - 1)) : 0;
		queue->next_on_vector = first[queue->vector];
		first[queue->vector] = queue;
	}
	dev->sharing = first[0];
	err = msi_request(&dev->fn->msi, 0, dev->intx ? intx_interrupt : config_interrupt, dev,
			  dev->name);
	for (unsigned v = 1; v < granted && !err; v++)
		err = msi_request(&dev->fn->msi, v, virtq_interrupt, first[v], first[v]->name);
	return err;
}

static int start_vectors(struct virtio_device *dev)
{
	struct msi_function *msi = &dev->fn->msi;
	int granted = msi_alloc(msi, 1, 1 + dev->nr_queues, MSI_ALLOW_MSIX | MSI_ALLOW_INTX, NULL);
	int err;

	if (granted < 0)
		return granted;
	dev->intx = msi->ops->type == MSI_INTX;
	err = request_vectors(dev, (unsigned)granted);
	return err ? err : msi_enable(msi);
}

/* The device answers NO_VECTOR when it has no room for one more. */
static int set_vector(const struct virtio_device *dev, unsigned reg, uint16_t vector)
{
	if (dev->intx)
		return 0;
	pci_mmio_write16(dev->fn, dev->common + reg, vector);
	barrier_mmio();
	if (pci_mmio_read16(dev->fn, dev->common + reg) == vector)
		return 0;
	return refuse(dev, -EIO, "the device does not take a vector");
}

static void write64(const struct virtio_device *dev, unsigned reg, uint64_t value)
{
	pci_mmio_write32(dev->fn, dev->common + reg, (uint32_t)value);
	pci_mmio_write32(dev->fn, dev->common + reg + 4, (uint32_t)(value >> 32));
}

/* The queue is selected. */
static int size_queue(const struct virtio_device *dev, struct virtq *queue)
{
	unsigned most = pci_mmio_read16(dev->fn, dev->common + VIRTIO_QUEUE_SIZE), size;

	if (!is_power_of_two(most))
		return refuse(dev, -EIO, "the device has a queue of no possible size");
	size = MIN(most, VIRTQ_MAX_SIZE);
	pci_mmio_write16(dev->fn, dev->common + VIRTIO_QUEUE_SIZE, (uint16_t)size);
	queue->doorbell = virtio_doorbell(
		dev, pci_mmio_read16(dev->fn, dev->common + VIRTIO_QUEUE_NOTIFY_OFF));
	if (!queue->doorbell)
		return refuse(dev, -EIO, "a queue's notification register is not there");
	return virtq_alloc(queue, size);
}

static int start_queue(const struct virtio_device *dev, unsigned index)
{
	struct virtq *queue = dev->queues[index];
	int err;

	queue->fn = dev->fn;
	queue->index = (uint16_t)index;
	pci_mmio_write16(dev->fn, dev->common + VIRTIO_QUEUE_SELECT, queue->index);
	barrier_mmio();
	err = size_queue(dev, queue);
	if (!err)
		err = set_vector(dev, VIRTIO_QUEUE_MSIX_VECTOR, queue->vector);
	if (err)
		return err;
	write64(dev, VIRTIO_QUEUE_DESC, dma_address(queue->desc));
	write64(dev, VIRTIO_QUEUE_DRIVER, dma_address((void *)queue->avail));
	write64(dev, VIRTIO_QUEUE_DEVICE, dma_address((void *)queue->used));
	/* The empty rings are in memory before the device looks at them. */
	barrier_publish_to_device();
	pci_mmio_write16(dev->fn, dev->common + VIRTIO_QUEUE_ENABLE, 1);
	return 0;
}

int virtio_run(struct virtio_device *dev)
{
	int err;

	if (pci_mmio_read16(dev->fn, dev->common + VIRTIO_NUM_QUEUES) < dev->nr_queues)
		return refuse(dev, -EIO, "the device has too few queues");
	err = start_vectors(dev);
	if (!err)
		err = set_vector(dev, VIRTIO_CONFIG_MSIX_VECTOR, 0);
	for (unsigned i = 0; i < dev->nr_queues && !err; i++)
		err = start_queue(dev, i);
	if (!err)
		add_status(dev, VIRTIO_STATUS_DRIVER_OK);
	return err;
}

void virtio_close(struct virtio_device *dev)
{
	if (dev->common)
		virtio_reset(dev);
	msi_free(&dev->fn->msi);
	for (unsigned i = 0; i < dev->nr_queues; i++)
		virtq_free(dev->queues[i]);
}

void virtio_give_up(struct virtio_device *dev)
{
	virtio_close(dev);
	if (dev->common)
		add_status(dev, VIRTIO_STATUS_FAILED);
}

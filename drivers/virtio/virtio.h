/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "drivers/pci/pci.h"
#include "drivers/virtio/queue.h"

/*
 * Virtio devices on PCI by the modern interface (Virtio 1.2, 4.1 "Virtio Over PCI Bus"),
 * transitional ones too. A driver's probe: virtio_open(), its configuration, its queues,
 * virtio_run(); on an error virtio_give_up(). Its remove: virtio_close().
 */

#define VIRTIO_MAX_QUEUES 2

/* Of a device type (5 "Device Types"), and of its transitional form: a list for pci_driver.ids. */
#define VIRTIO_PCI_IDS(type, transitional)                 \
	{ .vendor = 0x1af4, .device = 0x1040 + (type) },   \
	{                                                  \
		.vendor = 0x1af4, .device = (transitional) \
	}

struct virtio_device {
	struct pci_function *fn;
	const char *name; /* of its driver */
	uintptr_t common, notify, isr, config;
	uint32_t notify_bytes, notify_multiplier, config_bytes;
	uint64_t features; /* negotiated */
	/* The driver's queues, by number; set before virtio_run(). */
	struct virtq *queues[VIRTIO_MAX_QUEUES];
	unsigned nr_queues;
	struct virtq *sharing; /* queues on vector 0 */
	bool intx;             /* no MSI-X: one level for everything */
	_Atomic uint32_t config_changes;
	_Atomic uint32_t failed;
};

/*
 * Finds the structures, resets the device and agrees on features: of `wanted` those that
 * it offers. 0; -ENODEV: no modern interface, or no VERSION_1; -EIO: the device does not
 * play along; both logged. Thread context.
 */
int virtio_open(struct virtio_device *dev, struct pci_function *fn, const char *name,
		uint64_t wanted);
/*
 * Takes vectors, configuration changes on 0 and the queues on those behind it as far as
 * there are some (INTx is one for all), sets the queues up and sets DRIVER_OK. 0, -ENOMEM, -EIO, or what
 * msi_alloc() says. Thread context.
 */
int virtio_run(struct virtio_device *dev);
/*
 * After it the device reads and writes no memory and sends no interrupt, also when it did
 * not reset (-EIO). Thread context.
 */
int virtio_reset(struct virtio_device *dev);
/* Resets the device, then gives back vectors and queues. Thread context. */
void virtio_close(struct virtio_device *dev);
/* The same, and says FAILED to the device. */
void virtio_give_up(struct virtio_device *dev);

/*
 * Device configuration; 64 bits as the device means them at one time. 0 beyond its end.
 * Any context.
 */
uint8_t virtio_config8(const struct virtio_device *dev, unsigned offset);
uint32_t virtio_config32(const struct virtio_device *dev, unsigned offset);
uint64_t virtio_config64(const struct virtio_device *dev, unsigned offset);

/* A chain that somebody waits for; the token of virtq_submit(). */
struct virtio_request {
	uint32_t written;
	_Atomic uint32_t done;
};
/* For virtq.done. */
void virtio_request_done(struct virtq *queue, void *token, uint32_t written);
/* A request that nobody waits for yet: it is done. */
void virtio_request_init(struct virtio_request *request);
bool virtio_request_is_done(const struct virtio_request *request);
/*
 * Submits and waits. 0; -ENODEV: the device has failed; -EAGAIN: no room; -EIO: the queue
 * is broken; -ETIMEDOUT: the device was reset, so that it touches nothing any more.
 * Thread context.
 */
int virtio_execute(struct virtio_device *dev, struct virtq *queue,
		   const struct virtq_segment *segments, unsigned n,
		   struct virtio_request *request);

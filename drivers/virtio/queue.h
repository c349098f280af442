/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "drivers/pci/pci.h"
#include "drivers/virtio/regs.h"
#include "kernel/spinlock.h"

/* Split virtqueues (Virtio 1.2, 2.7 "Split Virtqueues"). */

#define VIRTQ_MAX_SIZE 128

/* A piece of a buffer chain; buf is from dma_alloc(). Those the device writes come last. */
struct virtq_segment {
	const void *buf;
	uint32_t bytes;
	bool from_device;
};

/* What the driver knows about a descriptor, where the device cannot reach it. */
struct virtq_slot {
	void *token;       /* of a chain that begins here and is under way; else NULL */
	uint32_t writable; /* bytes of the chain that the device may write */
	uint16_t next;     /* in the chain, or in the list of free ones */
	uint16_t length;   /* descriptors of the chain */
};

struct virtq {
	/* The driver's, before virtio_run(). */
	const char *name;
	/* From the interrupt: the device is done with the token's chain, and wrote so much. */
	void (*done)(struct virtq *queue, void *token, uint32_t written);

	struct spinlock lock;
	uint16_t index, size;
	uint16_t vector;
	uint16_t avail_index, used_index;
	uint16_t first_free, nr_free;
	uint16_t under_way; /* chains */
	bool broken;        /* the device gave nonsense: nothing goes in or comes out any more */
	struct virtq_desc *desc;
	volatile struct virtq_avail *avail;
	volatile struct virtq_used *used;
	const struct pci_function *fn; /* whose register the doorbell is */
	uintptr_t doorbell;
	struct virtq *next_on_vector;
	struct virtq_slot slots[VIRTQ_MAX_SIZE];
};

/* Memory for size descriptors (a power of two, at most VIRTQ_MAX_SIZE). 0, -ENOMEM. Thread context. */
int virtq_alloc(struct virtq *queue, unsigned size);
/* The device has been reset, or has never seen it. */
void virtq_free(struct virtq *queue);

/*
 * Gives a chain to the device; token is not NULL. 0; -EAGAIN: no room; -EIO: the queue
 * is broken. Any context.
 */
int virtq_submit(struct virtq *queue, const struct virtq_segment *segments, unsigned n,
		 void *token);
/*
 * The token of the next chain that the device is done with, and how much it wrote: never
 * more than it was given room for. NULL: none. Any context.
 */
void *virtq_take(struct virtq *queue, uint32_t *written);
/* Nothing goes in or comes out from now on; tokens under way are not the queue's any more. */
void virtq_break(struct virtq *queue);

/* The handler, each token to queue->done: arg is the first queue of its vector. */
void virtq_interrupt(void *arg);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "drivers/nvme/nvme.h"
#include "drivers/nvme/regs.h"
#include "kernel/spinlock.h"

/*
 * One submission queue with its completion queue. Every command has a slot; there are
 * fewer slots than entries, so a free slot is also room in both queues. A command
 * identifier is the slot and a count, so that what ended late is not taken for a later one.
 */
#define NVME_MAX_ENTRIES  64
#define NVME_SLOT_MASK    GENMASK(5, 0)
#define NVME_LIST_ENTRIES 64

struct nvme_slot {
	struct nvme_request *request; /* NULL: nobody waits */
	uint16_t cid;
};

struct nvme_queue {
	struct spinlock lock; /* all below up to vector */
	uint16_t sq_tail, cq_head;
	bool phase;            /* of new completions */
	bool stopped;          /* takes no commands any more */
	uint32_t bogus;        /* completions that name no command under way */
	_Atomic uint64_t free; /* slots; a look without the lock is a hint */
	struct nvme_slot slots[NVME_MAX_ENTRIES];

	const struct pci_function *fn; /* whose registers the doorbells are */
	uint16_t id, entries;
	uint16_t vector, hart;
	uint8_t page_shift;
	struct nvme_sqe *sq;
	volatile struct nvme_cqe *cq;
	uint64_t *lists; /* PRP list of each slot */
	uintptr_t sq_doorbell, cq_doorbell;
	struct nvme_queue *next_on_vector;
	char name[16];
};

/* Memory and first state; ids and doorbells are the caller's. 0 or -ENOMEM. Thread context. */
int nvme_queue_alloc(struct nvme_queue *queue, unsigned entries, unsigned page_shift);
void nvme_queue_free(struct nvme_queue *queue);
/* As it was when allocated, none under way: the controller has forgotten it. Any context. */
void nvme_queue_reset(struct nvme_queue *queue);

/*
 * Sends a command; its identifier and, with bytes, its PRP entries for buf are filled in.
 * request NULL: nobody waits. 0, -EAGAIN: no free slot, -ENODEV: stopped, or what
 * nvme_prp_build() says. Any thread context.
 */
int nvme_submit(struct nvme_queue *queue, const struct nvme_sqe *command, const void *buf,
		uint32_t bytes, struct nvme_request *request);

/* Takes all completions that are there. Any context. */
void nvme_queue_reap(struct nvme_queue *queue);
/* The handler: arg is the first queue of its vector. */
void nvme_queue_interrupt(void *arg);

/* No command from now on; those under way stay. Any context. */
void nvme_queue_stop(struct nvme_queue *queue);
/* Ends what is under way with the error: the controller touches no memory any more. */
void nvme_queue_fail(struct nvme_queue *queue, int error);

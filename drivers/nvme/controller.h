/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "drivers/nvme/nvme.h"
#include "drivers/nvme/queue.h"
#include "drivers/nvme/regs.h"

#define NVME_MAX_NAMESPACES   128
#define NVME_ADMIN_TIMEOUT_MS 10000
#define NVME_IO_TIMEOUT_MS    30000

struct nvme {
	struct pci_function *fn;
	unsigned number; /* in the names of its queues, in order of probes */
	uintptr_t regs;
	unsigned page_shift;     /* of memory pages, CC.MPS */
	unsigned doorbell_shift; /* bytes between doorbells */
	unsigned max_entries;    /* of an I/O queue */
	uint32_t ready_timeout_ms;
	bool only_csi; /* CAP.CSS: the NVM command set is chosen by CC.CSS 110b */
	_Atomic uint32_t failed;
	struct nvme_info info;
	struct nvme_queue admin;
	struct nvme_queue *io; /* info.nr_queues of them */
	unsigned io_limit;     /* no more I/O queues than this */
	unsigned nr_io_room;   /* length of io */
	unsigned nr_io_wanted; /* that have a vector */
	void *raise_buf;       /* one block of the first usable namespace; nvme_raise() alone */
	struct nvme_namespace namespaces[NVME_MAX_NAMESPACES];
};

/*
 * Maps and reads the controller's capabilities, disables it, takes memory for the admin
 * queue. 0, -ENODEV, -ENOMEM, -ETIMEDOUT. Thread context.
 */
int nvme_controller_prepare(struct nvme *nvme);
/*
 * Enables it. Its MSIs are enabled: controllers exist (QEMU's) that look only now whether
 * the admin queue's completions have a vector. 0, -ENODEV, -EIO, -ETIMEDOUT.
 */
int nvme_controller_enable(struct nvme *nvme);
/* Disables it; what is under way ends with -ECANCELED, and no more is taken. Thread context. */
void nvme_controller_quiet(struct nvme *nvme);
/* Disables it and frees the admin queue. Thread context. */
void nvme_controller_end(struct nvme *nvme);

/* How many I/O queue pairs have doorbells in the mapped BAR. */
unsigned nvme_controller_doorbells(const struct nvme *nvme);
/* Fills in the doorbells of a queue whose id is set. */
void nvme_controller_attach(const struct nvme *nvme, struct nvme_queue *queue);

/*
 * Waits for a request: 0, the controller's error -EIO with request->status, -ENODEV (the
 * controller failed or is gone), -ETIMEDOUT (still under way). Thread context.
 */
int nvme_wait(struct nvme *nvme, struct nvme_request *request, uint32_t timeout_ms);
/*
 * Asks the controller to abort what is under way; 0 when the request has ended by then,
 * with its own status, -EIO: the controller refused, -ETIMEDOUT: it is still under way.
 * Thread context.
 */
int nvme_abort(struct nvme *nvme, struct nvme_request *request);
/*
 * As nvme_wait(), but the request has always ended: on a time-out it is aborted, and if
 * that does not help the controller is given up.
 */
int nvme_complete(struct nvme *nvme, struct nvme_request *request, uint32_t timeout_ms);
/* nvme_submit() and nvme_complete(); waits for a free slot. */
int nvme_execute(struct nvme *nvme, struct nvme_queue *queue, const struct nvme_sqe *command,
		 const void *buf, uint32_t bytes, struct nvme_request *request);

/* Gives the controller up: no DMA from now on, everything under way ends with -ENODEV. */
void nvme_controller_fail(struct nvme *nvme, const char *why);

/* Identify: controller and namespaces into *nvme. After start. */
int nvme_identify(struct nvme *nvme);

/*
 * Takes and enables vectors: from one, for all queues, up to one for each hart and the
 * admin queue's. Between prepare and enable; on an error none is held. Thread context.
 */
int nvme_vectors_start(struct nvme *nvme);
/*
 * Asks for I/O queues and creates them: info.nr_queues. -EAGAIN: the controller has fewer
 * than vectors were taken for, now in io_limit. Thread context.
 */
int nvme_queues_start(struct nvme *nvme);
/* Creates the queues that it had anew, after a reset. 0 or -errno. Thread context. */
int nvme_queues_restart(struct nvme *nvme);
/* After nvme_controller_end(). */
void nvme_queues_free(struct nvme *nvme);

/* A read or write within a namespace, unchecked. */
struct nvme_sqe nvme_rw_command(enum nvme_io_opcode opcode, uint32_t nsid, uint64_t lba,
				uint32_t blocks);
/* The I/O queue of the calling hart; NULL: there is none. */
struct nvme_queue *nvme_queue_here(struct nvme *nvme);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "drivers/pci/pci.h"

/*
 * NVMe controllers on PCI Express: one queue pair for each hart as far as vectors and
 * controller allow, its completions on that hart (NVM Express Base Specification and
 * NVM Command Set Specification).
 */
struct nvme;

struct nvme_namespace {
	uint32_t nsid;
	uint32_t block_size; /* bytes of a logical block */
	uint64_t blocks;     /* may be 0 */
	const char *problem; /* why it cannot be read or written, a literal; NULL: it can */
};

struct nvme_info {
	char model[41], serial[21], firmware[9]; /* printable, trimmed */
	uint32_t version;                        /* VS: major, minor, tertiary */
	uint32_t max_transfer;                   /* bytes of one command */
	unsigned nr_namespaces;
	unsigned nr_queues; /* I/O queue pairs */
};

/* An I/O queue pair. */
struct nvme_queue_info {
	const char *name;
	unsigned entries;
	unsigned vector; /* MSI-X entry or MSI message of its completions */
	unsigned hart;   /* whose queue it is, by index */
};

/* NULL: not a function that this driver has. */
struct nvme *nvme_of(const struct pci_function *fn);
/* false: it failed or is gone; every call gives -ENODEV. Any context. */
bool nvme_alive(const struct nvme *nvme);
const struct nvme_info *nvme_info(const struct nvme *nvme);
/* i-th in order of namespace identifiers; NULL beyond the last. */
const struct nvme_namespace *nvme_namespace(const struct nvme *nvme, unsigned i);
/* The first that can be read; NULL: none. */
const struct nvme_namespace *nvme_first_usable(const struct nvme *nvme);
/* false beyond the last. */
bool nvme_queue_info(const struct nvme *nvme, unsigned i, struct nvme_queue_info *info);
/* Which I/O queue a caller on the hart uses, for nvme_queue_info(); -ENODEV: there is none. */
int nvme_queue_of_hart(const struct nvme *nvme, unsigned hart);

/*
 * Blocks through the queue of the calling hart; any number of them, in pieces of at most
 * max_transfer. buf is from dma_alloc(). Thread context. 0; -ERANGE: not all in the
 * namespace; -EINVAL: namespace not usable; -EIO: the controller's error, logged;
 * -ETIMEDOUT; -ENODEV. On an error some pieces may have been transferred.
 */
int nvme_read(struct nvme *nvme, const struct nvme_namespace *ns, uint64_t lba, uint64_t blocks,
	      void *buf);
int nvme_write(struct nvme *nvme, const struct nvme_namespace *ns, uint64_t lba, uint64_t blocks,
	       const void *buf);

/* A command under way: the caller's memory, until nvme_finish() returned. */
struct nvme_request {
	struct nvme_queue *queue;
	uint32_t result; /* dword 0 of the completion */
	uint16_t status; /* status field of the completion, 0: success */
	uint16_t cid;
	int error; /* ended without a completion: -ENODEV */
	_Atomic uint32_t done;
};

/*
 * One read of at most max_transfer bytes without waiting; every started request is
 * finished. As nvme_read(); -EAGAIN: the queue is full.
 */
int nvme_read_start(struct nvme *nvme, const struct nvme_namespace *ns, uint64_t lba,
		    uint32_t blocks, void *buf, struct nvme_request *request);
int nvme_finish(struct nvme *nvme, struct nvme_request *request);

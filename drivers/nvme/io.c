// SPDX-License-Identifier: Apache-2.0
#include <errno.h>

#include "drivers/nvme/controller.h"
#include "drivers/nvme/status.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/endian.h"
#include "kernel/lib/log.h"
#include "kernel/smp.h"

struct nvme_sqe nvme_rw_command(enum nvme_io_opcode opcode, uint32_t nsid, uint64_t lba,
				uint32_t blocks)
{
	return (struct nvme_sqe){ .cdw0 = le32(opcode),
				  .nsid = le32(nsid),
				  .cdw10 = le32((uint32_t)lba),
				  .cdw11 = le32((uint32_t)(lba >> 32)),
				  .cdw12 = le32(blocks - 1) };
}

int nvme_queue_of_hart(const struct nvme *nvme, unsigned hart)
{
	unsigned nr = nvme->info.nr_queues, guess;

	if (!nr)
		return -ENODEV;
	guess = hart % nr;
	if (nvme->io[guess].hart == hart)
		return (int)guess;
	for (unsigned i = 0; i < nr; i++) {
		if (nvme->io[i].hart == hart)
			return (int)i;
	}
	return (int)guess;
}

struct nvme_queue *nvme_queue_here(struct nvme *nvme)
{
	int i = nvme_queue_of_hart(nvme, smp_index());

	return i < 0 ? NULL : &nvme->io[i];
}

static int check_range(const struct nvme *nvme, const struct nvme_namespace *ns, uint64_t lba,
		       uint64_t blocks)
{
	if (!nvme_alive(nvme) || !nvme->info.nr_queues)
		return -ENODEV;
	if (ns->problem || !blocks)
		return -EINVAL;
	return lba < ns->blocks && blocks <= ns->blocks - lba ? 0 : -ERANGE;
}

static void say(const struct nvme_request *request, enum nvme_io_opcode opcode, uint64_t lba)
{
	log_warn("%s: %s of LBA %llu: %s (status %04x)", request->queue->name,
		 opcode == NVME_IO_READ ? "read" : "write", (unsigned long long)lba,
		 nvme_status_name(request->status), request->status);
}

static int transfer(struct nvme *nvme, enum nvme_io_opcode opcode, const struct nvme_namespace *ns,
		    uint64_t lba, uint64_t blocks, const char *buf)
{
	uint64_t most = nvme->info.max_transfer / ns->block_size;
	int err = check_range(nvme, ns, lba, blocks);

	while (!err && blocks) {
		uint32_t now = (uint32_t)MIN(blocks, most);
		struct nvme_sqe command = nvme_rw_command(opcode, ns->nsid, lba, now);
		struct nvme_request request;

		err = nvme_execute(nvme, nvme_queue_here(nvme), &command, buf, now * ns->block_size,
				   &request);
		if (err == -EIO)
			say(&request, opcode, lba);
		lba += now;
		blocks -= now;
		buf += now * ns->block_size;
	}
	return err;
}

int nvme_read(struct nvme *nvme, const struct nvme_namespace *ns, uint64_t lba, uint64_t blocks,
	      void *buf)
{
	return transfer(nvme, NVME_IO_READ, ns, lba, blocks, buf);
}

int nvme_write(struct nvme *nvme, const struct nvme_namespace *ns, uint64_t lba, uint64_t blocks,
	       const void *buf)
{
	return transfer(nvme, NVME_IO_WRITE, ns, lba, blocks, buf);
}

int nvme_read_start(struct nvme *nvme, const struct nvme_namespace *ns, uint64_t lba,
		    uint32_t blocks, void *buf, struct nvme_request *request)
{
	struct nvme_sqe command = nvme_rw_command(NVME_IO_READ, ns->nsid, lba, blocks);
	int err = check_range(nvme, ns, lba, blocks);

	if (!err && blocks > nvme->info.max_transfer / ns->block_size)
		err = -EINVAL;
	return err ? err
		   : nvme_submit(nvme_queue_here(nvme), &command, buf, blocks * ns->block_size,
				 request);
}

int nvme_finish(struct nvme *nvme, struct nvme_request *request)
{
	return nvme_complete(nvme, request, NVME_IO_TIMEOUT_MS);
}

const struct nvme_info *nvme_info(const struct nvme *nvme)
{
	return &nvme->info;
}

const struct nvme_namespace *nvme_namespace(const struct nvme *nvme, unsigned i)
{
	return i < nvme->info.nr_namespaces ? &nvme->namespaces[i] : NULL;
}

const struct nvme_namespace *nvme_first_usable(const struct nvme *nvme)
{
	for (unsigned i = 0; i < nvme->info.nr_namespaces; i++) {
		if (!nvme->namespaces[i].problem)
			return &nvme->namespaces[i];
	}
	return NULL;
}

bool nvme_queue_info(const struct nvme *nvme, unsigned i, struct nvme_queue_info *info)
{
	const struct nvme_queue *queue;

	if (i >= nvme->info.nr_queues)
		return false;
	queue = &nvme->io[i];
	*info = (struct nvme_queue_info){ queue->name, queue->entries, queue->vector, queue->hart };
	return true;
}

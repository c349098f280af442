// SPDX-License-Identifier: Apache-2.0
/* The I/O queues and their vectors: how many, where, and their creation. */
#include <errno.h>

#include "drivers/nvme/controller.h"
#include "drivers/nvme/status.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/endian.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"
#include "kernel/smp.h"

static int admin_command(struct nvme *nvme, struct nvme_sqe command, const char *what,
			 uint32_t *result)
{
	struct nvme_request request;
	int err = nvme_execute(nvme, &nvme->admin, &command, NULL, 0, &request);

	if (err == -EIO)
		log_error("%s: nvme: %s: %s (status %04x)", nvme->fn->msi.name, what,
			  nvme_status_name(request.status), request.status);
	else if (!err && result)
		*result = request.result;
	return err;
}

static unsigned online_harts(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < smp_count(); i++)
		n += smp_online(i);
	return n;
}

/* The index of the n-th online hart. */
static unsigned nth_online(unsigned n)
{
	unsigned i = 0;

	for (unsigned left = n + 1; left; i++)
		left -= smp_online(i);
	return i - 1;
}

static void prepare_queue(struct nvme *nvme, unsigned i)
{
	struct nvme_queue *queue = &nvme->io[i];

	queue->id = (uint16_t)(i + 1);
	queue->hart = (uint16_t)nth_online(i);
	format_string(queue->name, sizeof(queue->name), "nvme%uq%u", nvme->number, i + 1);
	nvme_controller_attach(nvme, queue);
}

/* One a hart, as far as there are doorbells; without memory yet, they complete nothing. */
static int prepare_queues(struct nvme *nvme)
{
	unsigned count = MIN(MIN(online_harts(), nvme->io_limit), nvme_controller_doorbells(nvme));

	if (!count)
		return 0;
	nvme->io = page_alloc(count * sizeof(*nvme->io), 0);
	if (!nvme->io)
		return -ENOMEM;
	nvme->nr_io_room = count;
	for (unsigned i = 0; i < count; i++)
		prepare_queue(nvme, i);
	return 0;
}

/* Vector 0 is the admin queue's; one for each I/O queue, wished to its hart. */
static int alloc_vectors(struct nvme *nvme)
{
	unsigned max = 1 + nvme->nr_io_room;
	uint16_t *wish = page_alloc(max * sizeof(*wish), 0);
	int granted;

	if (!wish)
		return -ENOMEM;
	wish[0] = MSI_ANY_HART;
	for (unsigned i = 1; i < max; i++)
		wish[i] = nvme->io[i - 1].hart;
	granted = msi_alloc(&nvme->fn->msi, 1, max, MSI_ALLOW_ANY, wish);
	page_free(wish, max * sizeof(*wish));
	return granted;
}

static int request_vectors(struct nvme *nvme, unsigned granted)
{
	int err = msi_request(&nvme->fn->msi, 0, nvme_queue_interrupt, &nvme->admin,
			      nvme->admin.name);

	if (granted == 1 && nvme->nr_io_room) {
		/* One vector, 0, for both queues: the handler looks at both. */
		nvme->admin.next_on_vector = &nvme->io[0];
		return err;
	}
	for (unsigned i = 1; i < granted && !err; i++) {
		struct nvme_queue *queue = &nvme->io[i - 1];

		queue->vector = (uint16_t)i;
		err = msi_request(&nvme->fn->msi, i, nvme_queue_interrupt, queue, queue->name);
	}
	return err;
}

int nvme_vectors_start(struct nvme *nvme)
{
	int err = prepare_queues(nvme), granted;

	if (err)
		return err;
	granted = alloc_vectors(nvme);
	if (granted < 0)
		return granted;
	nvme->nr_io_wanted = MIN(nvme->nr_io_room, MAX((unsigned)granted - 1, 1u));
	err = request_vectors(nvme, (unsigned)granted);
	if (!err)
		err = msi_enable(&nvme->fn->msi);
	if (err)
		msi_free(&nvme->fn->msi);
	return err;
}

/* How many of the wanted I/O queue pairs the controller grants. */
static int negotiate_queues(struct nvme *nvme, unsigned *count)
{
	uint32_t want = nvme->nr_io_wanted, granted;
	int err;

	*count = 0;
	if (!want)
		return 0;
	err = admin_command(nvme,
			    (struct nvme_sqe){ .cdw0 = le32(NVME_ADMIN_SET_FEATURES),
					       .cdw10 = le32(NVME_FEATURE_NUMBER_OF_QUEUES),
					       .cdw11 = le32((want - 1) << 16 | (want - 1)) },
			    "Set Features, Number of Queues", &granted);
	if (err)
		return err;
	/* Both counts are less 1. */
	*count = MIN(want, MIN(granted & 0xffff, granted >> 16) + 1);
	if (*count == want)
		return 0;
	nvme->io_limit = *count;
	return -EAGAIN;
}

static int create_queue(struct nvme *nvme, struct nvme_queue *queue)
{
	uint32_t size_id = (queue->entries - 1u) << 16 | queue->id;
	int err = admin_command(
		nvme,
		(struct nvme_sqe){ .cdw0 = le32(NVME_ADMIN_CREATE_CQ),
				   .prp1 = le64(dma_address((void *)queue->cq)),
				   .cdw10 = le32(size_id),
				   .cdw11 = le32((uint32_t)queue->vector << 16 |
						 NVME_CREATE_CQ_IEN | NVME_CREATE_CONTIGUOUS) },
		"Create I/O Completion Queue", NULL);

	if (err)
		return err;
	return admin_command(nvme,
			     (struct nvme_sqe){ .cdw0 = le32(NVME_ADMIN_CREATE_SQ),
						.prp1 = le64(dma_address(queue->sq)),
						.cdw10 = le32(size_id),
						.cdw11 = le32((uint32_t)queue->id << 16 |
							      NVME_CREATE_CONTIGUOUS) },
			     "Create I/O Submission Queue", NULL);
}

static int start_queue(struct nvme *nvme, struct nvme_queue *queue)
{
	int err = nvme_queue_alloc(queue, nvme->max_entries, nvme->page_shift);

	return err ? err : create_queue(nvme, queue);
}

/* A queue that the controller refuses ends the list; the harts share those before it. */
int nvme_queues_start(struct nvme *nvme)
{
	unsigned count;
	int err = negotiate_queues(nvme, &count);

	for (unsigned i = 0; i < count && !err; i++) {
		err = start_queue(nvme, &nvme->io[i]);
		if (!err)
			nvme->info.nr_queues = i + 1;
	}
	return err == -EIO && nvme->info.nr_queues ? 0 : err;
}

int nvme_queues_restart(struct nvme *nvme)
{
	unsigned count;
	int err = negotiate_queues(nvme, &count);

	if (!err && count < nvme->info.nr_queues)
		err = -EIO;
	for (unsigned i = 0; i < nvme->info.nr_queues && !err; i++)
		err = create_queue(nvme, &nvme->io[i]);
	return err;
}

void nvme_queues_free(struct nvme *nvme)
{
	for (unsigned i = 0; i < nvme->nr_io_room; i++)
		nvme_queue_free(&nvme->io[i]);
	if (nvme->io)
		page_free(nvme->io, nvme->nr_io_room * sizeof(*nvme->io));
}

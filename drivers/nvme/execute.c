// SPDX-License-Identifier: Apache-2.0
#include <errno.h>

#include "drivers/nvme/controller.h"
#include "drivers/pci/mmio.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/endian.h"
#include "kernel/lib/log.h"
#include "kernel/time.h"

/* How often a wait looks whether the controller still lives. */
#define SLICE_MS 100u
/* How long an aborted command may take to end. */
#define ABORT_MS 1000u

static bool request_done(void *arg)
{
	struct nvme_request *request = arg;

	/* acquire pairs with the release in request_end() */
	return atomic_load_explicit(&request->done, memory_order_acquire);
}

static bool slot_free(void *arg)
{
	struct nvme_queue *queue = arg;

	/* relaxed: a hint, nvme_submit() decides */
	return queue->stopped || pci_gone(queue->fn) ||
	       atomic_load_explicit(&queue->free, memory_order_relaxed);
}

static void look_at_controller(struct nvme *nvme)
{
	uint32_t now = pci_mmio_read32(nvme->fn, nvme->regs + NVME_CSTS);

	if (now == NVME_ALL_ONES && !pci_lost(nvme->fn))
		nvme_controller_fail(nvme, "it does not answer any more");
	else if (now & NVME_CSTS_CFS)
		nvme_controller_fail(nvme, "controller fatal status");
}

static int request_result(const struct nvme_request *request)
{
	if (request->error)
		return request->error;
	return request->status ? -EIO : 0;
}

/* The last look: was the completion there, and only its interrupt missing? */
static bool done_without_interrupt(struct nvme_request *request)
{
	nvme_queue_reap(request->queue);
	if (!request_done(request))
		return false;
	log_warn("%s: a completion came without its interrupt", request->queue->name);
	return true;
}

/* It touches no memory any more: whoever comes first ends all that is under way. */
static int end_gone(struct nvme *nvme, struct nvme_request *request)
{
	nvme_controller_fail(nvme, "it is gone");
	while (!time_wait(request_done, request, SLICE_MS))
		;
	return request_result(request);
}

int nvme_wait(struct nvme *nvme, struct nvme_request *request, uint32_t timeout_ms)
{
	uint32_t slice;

	for (uint32_t left = timeout_ms; left; left -= slice) {
		slice = MIN(left, SLICE_MS);
		switch (pci_wait(nvme->fn, request_done, request, slice)) {
		case 0:
			return request_result(request);
		case -ENODEV:
			return end_gone(nvme, request);
		}
		if (nvme_alive(nvme))
			look_at_controller(nvme);
	}
	return done_without_interrupt(request) ? request_result(request) : -ETIMEDOUT;
}

static int abort_command(struct nvme *nvme, uint16_t sqid, uint16_t cid)
{
	struct nvme_sqe command = { .cdw0 = le32(NVME_ADMIN_ABORT),
				    .cdw10 = le32((uint32_t)cid << 16 | sqid) };
	struct nvme_request request;
	int err = nvme_submit(&nvme->admin, &command, NULL, 0, &request);

	if (err)
		return err;
	err = nvme_wait(nvme, &request, NVME_ADMIN_TIMEOUT_MS);
	if (err == -ETIMEDOUT)
		nvme_controller_fail(nvme, "it does not answer Abort");
	/* Given up by us or by another hart: that ends it, and the request is on this stack. */
	while (!time_wait(request_done, &request, SLICE_MS))
		;
	return err;
}

int nvme_abort(struct nvme *nvme, struct nvme_request *request)
{
	int err = abort_command(nvme, request->queue->id, request->cid);

	if (time_wait(request_done, request, ABORT_MS))
		return 0;
	return err == -EIO ? -EIO : -ETIMEDOUT;
}

int nvme_complete(struct nvme *nvme, struct nvme_request *request, uint32_t timeout_ms)
{
	int err = nvme_wait(nvme, request, timeout_ms);

	if (err != -ETIMEDOUT)
		return err;
	log_warn("%s: command %04x timed out", request->queue->name, request->cid);
	if (nvme_abort(nvme, request)) {
		nvme_controller_fail(nvme, "a command does not end");
		while (!time_wait(request_done, request, SLICE_MS))
			;
	}
	/* It may have succeeded just before it was aborted. */
	return request->status || request->error ? -ETIMEDOUT : 0;
}

int nvme_execute(struct nvme *nvme, struct nvme_queue *queue, const struct nvme_sqe *command,
		 const void *buf, uint32_t bytes, struct nvme_request *request)
{
	uint32_t timeout_ms = queue->id ? NVME_IO_TIMEOUT_MS : NVME_ADMIN_TIMEOUT_MS;
	int err;

	for (;;) {
		err = nvme_submit(queue, command, buf, bytes, request);
		if (err != -EAGAIN)
			break;
		if (!time_wait(slot_free, queue, timeout_ms))
			return -ETIMEDOUT;
	}
	return err ? err : nvme_complete(nvme, request, timeout_ms);
}

bool nvme_alive(const struct nvme *nvme)
{
	/* acquire pairs with the exchange in nvme_controller_fail() */
	return !atomic_load_explicit(&nvme->failed, memory_order_acquire);
}

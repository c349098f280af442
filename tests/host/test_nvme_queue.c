// SPDX-License-Identifier: Apache-2.0
// SOURCES: drivers/nvme/queue.c drivers/nvme/prp.c
#include "tests/host/cmocka_test.h"

#include <errno.h>
#include <string.h>

#include "drivers/nvme/queue.h"
#include "kernel/lib/endian.h"
#include "tests/host/fake_mmio.h"
#include "tests/host/host_support.h"

#define DOORBELLS 0x1000
#define ID        3
#define ENTRIES   4
#define SLOTS     (ENTRIES - 1)

static struct nvme_queue queue;
static struct pci_function function;
static uint32_t doorbells[2];
/* The controller's side of the completion queue. */
static unsigned posted;

static int setup(void **state)
{
	(void)state;
	fake_mmio_reset();
	memset(doorbells, 0xff, sizeof(doorbells));
	fake_mmio_map_memory(DOORBELLS, sizeof(doorbells), doorbells);
	host_log_clear();
	memset(&queue, 0, sizeof(queue));
	assert_int_equal(nvme_queue_alloc(&queue, ENTRIES, 12), 0);
	function.msi.removed = 0;
	queue.fn = &function;
	queue.id = ID;
	queue.sq_doorbell = DOORBELLS;
	queue.cq_doorbell = DOORBELLS + 4;
	posted = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nvme_queue_free(&queue);
	return 0;
}

static int submit(struct nvme_request *request)
{
	struct nvme_sqe command = { .cdw0 = le32(NVME_IO_READ), .nsid = le32(7) };

	return nvme_submit(&queue, &command, NULL, 0, request);
}

/* As the controller does: the phase changes each time around. */
static void post(uint32_t dw0, uint32_t dw2, uint32_t cid_status)
{
	struct nvme_cqe *cqe = (struct nvme_cqe *)&queue.cq[posted % ENTRIES];
	uint32_t phase = posted / ENTRIES % 2 ? 0 : NVME_DW3_PHASE;

	cqe->dw0 = le32(dw0);
	cqe->dw2 = le32(dw2);
	cqe->dw3 = le32(cid_status | phase);
	posted++;
}

static void post_success(const struct nvme_request *request)
{
	post(0, FIELD_PREP(NVME_DW2_SQID, ID), request->cid);
}

static void a_command_goes_out(void **state)
{
	struct nvme_request request;

	(void)state;
	assert_int_equal(submit(&request), 0);
	assert_int_equal(le32(queue.sq[0].cdw0), (uint32_t)request.cid << 16 | NVME_IO_READ);
	assert_int_equal(le32(queue.sq[0].nsid), 7);
	assert_int_equal(fake_mmio_log_length(), 2);
	assert_int_equal(fake_mmio_log(0)->kind, FAKE_PUBLISH_TO_DEVICE);
	assert_int_equal(fake_mmio_log(1)->kind, FAKE_WRITE);
	assert_int_equal(fake_mmio_log(1)->addr, DOORBELLS);
	assert_int_equal(fake_mmio_log(1)->value, 1);
	assert_false(request.done);
}

static void a_completion_comes_in(void **state)
{
	struct nvme_request request;

	(void)state;
	submit(&request);
	post(0x12345678, FIELD_PREP(NVME_DW2_SQID, ID) | 1,
	     request.cid | FIELD_PREP(NVME_DW3_STATUS, 0x4080));
	fake_mmio_log_clear();
	nvme_queue_interrupt(&queue);
	assert_true(request.done);
	assert_int_equal(request.error, 0);
	assert_int_equal(request.status, 0x4080);
	assert_int_equal(request.result, 0x12345678);
	/* One doorbell, after all that was read. */
	assert_int_equal(fake_mmio_log_length(), 3);
	assert_int_equal(fake_mmio_log(0)->kind, FAKE_DMA_READ);
	assert_int_equal(fake_mmio_log(1)->kind, FAKE_RELEASE_TO_DEVICE);
	assert_int_equal(fake_mmio_log(2)->addr, DOORBELLS + 4);
	assert_int_equal(fake_mmio_log(2)->value, 1);
}

static void nothing_new_touches_nothing(void **state)
{
	struct nvme_request request;

	(void)state;
	submit(&request);
	fake_mmio_log_clear();
	nvme_queue_interrupt(&queue);
	assert_false(request.done);
	assert_int_equal(fake_mmio_log_length(), 0);
}

static void full_and_free_again(void **state)
{
	struct nvme_request requests[SLOTS + 1];

	(void)state;
	for (unsigned i = 0; i < SLOTS; i++)
		assert_int_equal(submit(&requests[i]), 0);
	assert_int_equal(submit(&requests[SLOTS]), -EAGAIN);
	post_success(&requests[1]);
	nvme_queue_reap(&queue);
	assert_true(requests[1].done);
	assert_int_equal(submit(&requests[SLOTS]), 0);
	/* Same slot, another identifier. */
	assert_int_equal(requests[SLOTS].cid & NVME_SLOT_MASK, requests[1].cid & NVME_SLOT_MASK);
	assert_int_not_equal(requests[SLOTS].cid, requests[1].cid);
}

/* Around the ring many times, also around the uses that an identifier counts. */
static void around_and_around(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5000; i++) {
		struct nvme_request request;

		fake_mmio_log_clear();
		assert_int_equal(submit(&request), 0);
		post_success(&request);
		nvme_queue_reap(&queue);
		assert_true(request.done);
		assert_int_equal(doorbells[0], (i + 1) % ENTRIES);
		assert_int_equal(doorbells[1], (i + 1) % ENTRIES);
	}
	assert_int_equal(host_log_lines(), 0);
}

static void wrong_completions_complete_nothing(void **state)
{
	struct nvme_request request, old;
	uint32_t sqid = FIELD_PREP(NVME_DW2_SQID, ID);

	(void)state;
	submit(&old);
	post_success(&old);
	nvme_queue_reap(&queue);
	submit(&request);
	post(0, FIELD_PREP(NVME_DW2_SQID, ID + 1), request.cid);
	post(0, sqid | ENTRIES, request.cid);
	post(0, sqid, (request.cid + 1) & 0xffff); /* a slot that is free */
	nvme_queue_reap(&queue);
	post(0, sqid, request.cid | NVME_SLOT_MASK); /* no such slot */
	post(0, sqid, old.cid);                      /* an earlier use of the slot */
	nvme_queue_reap(&queue);
	assert_false(request.done);
	assert_int_equal(queue.bogus, 5);
	assert_int_equal(host_log_lines(), 1);
	/* The entries were given back, and the right one still counts. */
	assert_int_equal(doorbells[1], posted % ENTRIES);
	post_success(&request);
	nvme_queue_reap(&queue);
	assert_true(request.done);
}

static void completed_twice_is_wrong(void **state)
{
	struct nvme_request request;

	(void)state;
	submit(&request);
	post_success(&request);
	post_success(&request);
	nvme_queue_reap(&queue);
	assert_true(request.done);
	assert_int_equal(queue.bogus, 1);
}

static void refused_buffer_takes_no_slot(void **state)
{
	struct nvme_sqe command = { .cdw0 = le32(NVME_IO_READ) };
	struct nvme_request request;

	(void)state;
	for (unsigned i = 0; i < 2 * SLOTS; i++)
		assert_int_equal(nvme_submit(&queue, &command, (void *)0x1002, 512, &request),
				 -EINVAL);
	assert_int_equal(nvme_submit(&queue, &command, (void *)0x1000,
				     (NVME_LIST_ENTRIES + 2) * 4096, &request),
			 -EMSGSIZE);
	assert_int_equal(fake_mmio_log_length(), 0);
	for (unsigned i = 0; i < SLOTS; i++)
		assert_int_equal(submit(NULL), 0);
}

/* Each slot has its own list: two long transfers do not share one. */
static void lists_are_apart(void **state)
{
	struct nvme_sqe command = { .cdw0 = le32(NVME_IO_READ) };

	(void)state;
	for (unsigned i = 0; i < SLOTS; i++)
		assert_int_equal(nvme_submit(&queue, &command, (void *)(0x100000ul * (i + 1)),
					     (NVME_LIST_ENTRIES + 1) * 4096, NULL),
				 0);
	for (unsigned i = 0; i < SLOTS; i++) {
		uint64_t *list = (uint64_t *)(uintptr_t)le64(queue.sq[i].prp2);

		assert_int_equal(le64(queue.sq[i].prp1), 0x100000ul * (i + 1));
		assert_int_equal(le64(list[0]), 0x101000ul + 0x100000ul * i);
		assert_int_equal(le64(list[NVME_LIST_ENTRIES - 1]), 0x140000ul + 0x100000ul * i);
	}
}

static void stop_and_fail(void **state)
{
	struct nvme_request request, late;

	(void)state;
	submit(&request);
	nvme_queue_stop(&queue);
	assert_int_equal(submit(&late), -ENODEV);
	nvme_queue_fail(&queue, -ENODEV);
	assert_true(request.done);
	assert_int_equal(request.error, -ENODEV);
	/* What the controller had still written ends nothing and rings nothing. */
	post_success(&request);
	fake_mmio_log_clear();
	nvme_queue_interrupt(&queue);
	assert_int_equal(fake_mmio_log_length(), 1);
	assert_int_equal(fake_mmio_log(0)->kind, FAKE_DMA_READ);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static void a_gone_controller_has_no_doorbells(void **state)
{
	struct nvme_request request, late;

	(void)state;
	assert_int_equal(submit(&request), 0);
	post_success(&request);
	function.msi.removed = 1;
	fake_mmio_log_clear();
	assert_int_equal(submit(&late), -ENODEV);
	nvme_queue_interrupt(&queue);
	assert_int_equal(request.done, 1);
	for (size_t n = 0; n < fake_mmio_log_length(); n++)
		assert_int_not_equal(fake_mmio_log(n)->kind, FAKE_WRITE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_command_goes_out),
		T(a_completion_comes_in),
		T(nothing_new_touches_nothing),
		T(full_and_free_again),
		T(around_and_around),
		T(wrong_completions_complete_nothing),
		T(completed_twice_is_wrong),
		T(refused_buffer_takes_no_slot),
		T(lists_are_apart),
		T(stop_and_fail),
		T(a_gone_controller_has_no_doorbells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
// SOURCES: drivers/virtio/queue.c
#include "tests/host/cmocka_test.h"

#include <errno.h>
#include <string.h>

#include "drivers/virtio/queue.h"
#include "kernel/lib/endian.h"
#include "tests/host/fake_mmio.h"
#include "tests/host/host_support.h"

#define DOORBELL 0x1000
#define SIZE     4
#define INDEX    3

static struct virtq queue;
static struct pci_function function;
static uint16_t doorbell;
static char buf[64];
static unsigned nr_done;
static uint32_t last_written;

static void done(struct virtq *q, void *token, uint32_t written)
{
	assert_ptr_equal(q, &queue);
	assert_non_null(token);
	nr_done++;
	last_written = written;
}

static int setup(void **state)
{
	(void)state;
	fake_mmio_reset();
	fake_mmio_map_memory(DOORBELL, sizeof(doorbell), &doorbell);
	host_log_clear();
	memset(&queue, 0, sizeof(queue));
	queue.name = "test";
	queue.done = done;
	function.msi.removed = 0;
	queue.fn = &function;
	queue.index = INDEX;
	queue.doorbell = DOORBELL;
	nr_done = 0;
	assert_int_equal(virtq_alloc(&queue, SIZE), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	virtq_free(&queue);
	return 0;
}

/* out bytes to the device, in bytes from it; a token of its own. */
static int submit(uint32_t out, uint32_t in, void *token)
{
	struct virtq_segment segments[] = { { buf, out, false }, { buf + 32, in, true } };

	return virtq_submit(&queue, segments, 2, token);
}

/* As the device does. */
static void use(uint32_t id, uint32_t bytes)
{
	struct virtq_used *used = (struct virtq_used *)queue.used;
	uint16_t at = le16(used->index);

	used->ring[at % SIZE] = (struct virtq_used_element){ le32(id), le32(bytes) };
	used->index = le16((uint16_t)(at + 1));
}

static unsigned last_head(void)
{
	return le16(queue.avail->ring[(le16(queue.avail->index) - 1u) % SIZE]);
}

static void a_chain_goes_out(void **state)
{
	unsigned head;

	(void)state;
	assert_int_equal(submit(10, 20, buf), 0);
	head = last_head();
	assert_int_equal(le16(queue.avail->index), 1);
	assert_int_equal(le64(queue.desc[head].address), (uintptr_t)buf);
	assert_int_equal(le32(queue.desc[head].bytes), 10);
	assert_int_equal(le16(queue.desc[head].flags), VIRTQ_DESC_NEXT);
	head = le16(queue.desc[head].next);
	assert_int_equal(le32(queue.desc[head].bytes), 20);
	assert_int_equal(le16(queue.desc[head].flags), VIRTQ_DESC_WRITE);
	/* Entries, index, look at the flags, doorbell: in this order. */
	assert_int_equal(fake_mmio_log_length(), 4);
	assert_int_equal(fake_mmio_log(0)->kind, FAKE_DMA_WRITE);
	assert_int_equal(fake_mmio_log(1)->kind, FAKE_DMA_WRITE_BEFORE_READ);
	assert_int_equal(fake_mmio_log(2)->kind, FAKE_PUBLISH_TO_DEVICE);
	assert_int_equal(fake_mmio_log(3)->kind, FAKE_WRITE);
	assert_int_equal(fake_mmio_log(3)->size, 2);
	assert_int_equal(fake_mmio_log(3)->value, INDEX);
}

static void no_doorbell_when_not_wanted(void **state)
{
	(void)state;
	((struct virtq_used *)queue.used)->flags = le16(VIRTQ_USED_NO_NOTIFY);
	assert_int_equal(submit(1, 1, buf), 0);
	assert_int_equal(fake_mmio_log_length(), 2);
}

static void a_used_chain_comes_in(void **state)
{
	uint32_t written = 0;

	(void)state;
	submit(10, 20, buf);
	assert_null(virtq_take(&queue, &written));
	use(last_head(), 7);
	fake_mmio_log_clear();
	assert_ptr_equal(virtq_take(&queue, &written), buf);
	assert_int_equal(written, 7);
	assert_int_equal(fake_mmio_log(0)->kind, FAKE_DMA_READ);
	assert_null(virtq_take(&queue, &written));
}

static void more_than_was_given_room_for_is_cut(void **state)
{
	(void)state;
	submit(10, 20, buf);
	use(last_head(), UINT32_MAX);
	virtq_interrupt(&queue);
	assert_int_equal(nr_done, 1);
	assert_int_equal(last_written, 20);
}

static void full_and_around(void **state)
{
	char tokens[2];

	(void)state;
	/* Past the wrap of the 16-bit indices, out of order. */
	for (unsigned i = 0; i < 70000; i++) {
		unsigned first;

		assert_int_equal(submit(1, 1, &tokens[0]), 0);
		first = last_head();
		assert_int_equal(submit(1, 1, &tokens[1]), 0);
		assert_int_equal(submit(1, 1, buf), -EAGAIN);
		use(last_head(), 1);
		use(first, 1);
		virtq_interrupt(&queue);
		assert_int_equal(nr_done, 2 * (i + 1));
		fake_mmio_log_clear();
	}
	assert_int_equal(queue.nr_free, SIZE);
}

static void breaks(uint32_t id, unsigned times)
{
	uint32_t written;

	submit(1, 1, buf);
	for (unsigned i = 0; i < times; i++)
		use(id, 1);
	assert_null(virtq_take(&queue, &written));
	assert_true(queue.broken);
	assert_int_equal(submit(1, 1, buf), -EIO);
	virtq_interrupt(&queue);
	assert_int_equal(nr_done, 0);
}

static void an_id_beyond_the_queue_breaks_it(void **state)
{
	(void)state;
	breaks(SIZE, 1);
}

static void an_id_in_the_middle_of_a_chain_breaks_it(void **state)
{
	(void)state;
	breaks(1, 1);
}

static void more_entries_than_chains_break_it(void **state)
{
	(void)state;
	breaks(0, 2);
}

static void the_same_chain_twice_breaks_it(void **state)
{
	uint32_t written;
	unsigned head;

	(void)state;
	submit(1, 1, buf);
	head = last_head();
	submit(1, 1, buf + 1);
	use(head, 1);
	use(head, 1);
	assert_ptr_equal(virtq_take(&queue, &written), buf);
	assert_null(virtq_take(&queue, &written));
	assert_true(queue.broken);
}

static void a_gone_device_is_not_told(void **state)
{
	(void)state;
	function.msi.removed = 1;
	fake_mmio_log_clear();
	assert_int_equal(submit(8, 8, buf), -ENODEV);
	assert_int_equal(fake_mmio_log_length(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_chain_goes_out, setup, teardown),
		cmocka_unit_test_setup_teardown(no_doorbell_when_not_wanted, setup, teardown),
		cmocka_unit_test_setup_teardown(a_used_chain_comes_in, setup, teardown),
		cmocka_unit_test_setup_teardown(more_than_was_given_room_for_is_cut, setup,
						teardown),
		cmocka_unit_test_setup_teardown(full_and_around, setup, teardown),
		cmocka_unit_test_setup_teardown(an_id_beyond_the_queue_breaks_it, setup, teardown),
		cmocka_unit_test_setup_teardown(an_id_in_the_middle_of_a_chain_breaks_it, setup,
						teardown),
		cmocka_unit_test_setup_teardown(more_entries_than_chains_break_it, setup, teardown),
		cmocka_unit_test_setup_teardown(the_same_chain_twice_breaks_it, setup, teardown),
		cmocka_unit_test_setup_teardown(a_gone_device_is_not_told, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

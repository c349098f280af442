// SPDX-License-Identifier: Apache-2.0
// SOURCES: kernel/desc.c kernel/msi_release.c kernel/vector.c kernel/vector_file.c
// SOURCES: kernel/irq_block.c drivers/msi/direct_move.c drivers/msi/direct_release.c
// SANITIZE: thread
/*
 * The order of what a place that is left leans on (docs/msi.md M11, M16): the flush, its fence, the
 * kick; the fence before DRAIN; a re-send, and the fence before its owner lets go.
 */
#include "tests/host/retire_machine.h"

static const uint16_t at_hart_0[VECTORS];

static struct irq_desc *begin(unsigned n)
{
	start_sized(3, 3, 63);
	assert_int_equal(live(0, n, 1, at_hart_0), n);
	marking = true;
	fake_mmio_log_clear();
	return functions[0].descs[0];
}

static void end(void)
{
	marking = false;
	if (functions[0].count)
		die(0);
	run_all();
	check_all_free();
}

/* Where it stands first from `from` on; -1: nowhere. */
static int find(size_t from, enum fake_kind kind, uint64_t number)
{
	for (size_t i = from; i < fake_mmio_log_length(); i++) {
		const struct fake_access *entry = fake_mmio_log(i);

		if (entry->kind == kind && (kind != FAKE_MARK || entry->value == number))
			return (int)i;
	}
	return -1;
}

static void check_flush_fence_kick(void)
{
	int kick = find(0, FAKE_MARK, MARK_KICK), flush = find(0, FAKE_MARK, MARK_FLUSH), fence;

	assert_true(flush >= 0 && kick > flush);
	/* The last of them before the kick. */
	for (int next = flush; next >= 0 && next < kick;) {
		flush = next;
		next = find((size_t)flush + 1, FAKE_MARK, MARK_FLUSH);
	}
	fence = find((size_t)flush, FAKE_READ_BEFORE_WRITE, 0);
	assert_in_range(fence, flush + 1, kick - 1);
}

static void place_is_left_after_the_flush(void **state)
{
	struct irq_desc *desc = begin(1);

	(void)state;
	assert_int_equal(irq_set_affinity(desc, 1), 0);
	check_flush_fence_kick();
	end();
}

static void set_is_left_after_the_flush(void **state)
{
	(void)state;
	begin(4);
	die(0);
	check_flush_fence_kick();
	end();
}

/* Its caller has flushed. */
static void block_is_left_after_a_fence(void **state)
{
	struct vector_place places[4];
	struct irq_desc *set[4];
	int fence;

	(void)state;
	begin(1);
	assert_int_equal(vector_claim_block(&room, 4, 1, places), 4);
	assert_int_equal(irq_desc_claim(4, set), 4);
	for (unsigned i = 0; i < 4; i++) {
		irq_desc_init(set[i], IRQ_KIND_MSI, &direct_chip, 1, places[0].identity + i);
		irq_slot_publish(1, places[0].identity + i, set[i]);
	}
	retire_block(set, 4, 1, places[0].identity);
	fence = find(0, FAKE_READ_BEFORE_WRITE, 0);
	assert_true(fence >= 0 && find(0, FAKE_MARK, MARK_KICK) > fence);
	end();
}

static void batch_is_taken_before_the_drain(void **state)
{
	struct irq_desc *desc = begin(1);
	int fence;

	(void)state;
	assert_int_equal(irq_set_affinity(desc, 1), 0);
	fake_mmio_log_clear();
	assert_true(take_interrupt()); /* KICK */
	fence = find(0, FAKE_RELEASE_TO_DEVICE, 0);
	assert_true(fence >= 0 && find(0, FAKE_MARK, MARK_DRAIN) > fence);
	end();
}

static void event_is_sent_again_before_the_owner_lets_go(void **state)
{
	struct irq_desc *desc = begin(1);
	int sent;

	(void)state;
	atomic_fetch_or(&desc->state, IRQ_OFF);
	raise_event(&sources[0][0]);
	flush(&functions[0]);
	unmask_entry(&functions[0], 0);
	run_all();
	assert_true(desc->state & IRQ_PEND);
	fake_mmio_log_clear();
	irq_unmask(desc);
	sent = find(0, FAKE_MARK, MARK_SEND);
	assert_true(sent >= 0 && find(0, FAKE_WRITE_BEFORE_RELEASE, 0) > sent);
	run_all();
	assert_int_equal(sources[0][0].seen, 1);
	end();
}

/* What is accessed at an offset of the first entry of functions[1], from `from` on; -1: nowhere. */
static int find_access(size_t from, enum fake_kind kind, unsigned offset)
{
	for (size_t i = from; i < fake_mmio_log_length(); i++) {
		const struct fake_access *entry = fake_mmio_log(i);

		if (entry->kind == kind && entry->addr == functions[1].entries + offset)
			return (int)i;
	}
	return -1;
}

/* M7 in one piece: mask, fence, message, its flush, unmask, and only then the old place is left. */
static void entry_is_led_under_mask_and_flushed(void **state)
{
	int mask, fence, low, data, flush, open, kick;

	(void)state;
	start_sized(3, 3, 63);
	assert_int_equal(live(1, 1, 1, at_hart_0), 1);
	marking = true;
	fake_mmio_log_clear();
	assert_int_equal(irq_set_affinity(functions[1].descs[0], 1), 0);
	mask = find_access(0, FAKE_WRITE, MSI_ENTRY_CONTROL);
	assert_true(mask >= 0 && fake_mmio_log((size_t)mask)->value & 1);
	low = find_access((size_t)mask, FAKE_WRITE, MSI_ENTRY_ADDRESS);
	fence = find((size_t)mask, FAKE_PUBLISH_TO_DEVICE, 0);
	assert_in_range(fence, mask + 1, low - 1);
	data = find_access((size_t)low, FAKE_WRITE, MSI_ENTRY_DATA);
	open = find_access((size_t)low, FAKE_WRITE, MSI_ENTRY_CONTROL);
	flush = find_access((size_t)low, FAKE_READ, MSI_ENTRY_DATA);
	assert_true(open >= 0 && !(fake_mmio_log((size_t)open)->value & 1));
	assert_in_range(data, low + 1, open - 1);
	assert_in_range(flush, data + 1, open - 1);
	kick = find(0, FAKE_MARK, MARK_KICK);
	assert_true(kick > open && find((size_t)open, FAKE_READ_BEFORE_WRITE, 0) < kick);
	marking = false;
	die(1);
	run_all();
	check_all_free();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(place_is_left_after_the_flush),
		cmocka_unit_test(set_is_left_after_the_flush),
		cmocka_unit_test(block_is_left_after_a_fence),
		cmocka_unit_test(batch_is_taken_before_the_drain),
		cmocka_unit_test(entry_is_led_under_mask_and_flushed),
		cmocka_unit_test(event_is_sent_again_before_the_owner_lets_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

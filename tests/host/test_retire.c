// SPDX-License-Identifier: Apache-2.0
// SOURCES: kernel/desc.c kernel/msi_release.c kernel/vector.c kernel/vector_file.c
// SOURCES: kernel/irq_block.c drivers/msi/direct_move.c drivers/msi/direct_release.c
// SANITIZE: thread
/* Retirement in one thread, step by step: tests/host/retire_machine.h. */
#include "tests/host/retire_machine.h"

#define HARTS  3
#define FIRST  60
#define MAX_ID 69 /* few places, in two words */
#define ROOM   (HARTS * (MAX_ID - FIRST + 1))

static void start(void)
{
	start_sized(HARTS, FIRST, MAX_ID);
}

static enum retire_tag tag_at(unsigned hart, unsigned identity)
{
	return tag_of(harts[hart].parked[identity]);
}

static void freed_set_is_drained(void **state)
{
	(void)state;
	start();
	assert_int_equal(live(0, 4, 1, NULL), 4);
	die(0);
	assert_int_equal((uint32_t)room.credit, ROOM - 4);
	assert_int_equal(room.credit >> 32, 4);
	run_all();
	/* A set kicks each hart once. */
	for (unsigned i = 0; i < HARTS; i++)
		assert_int_equal(kicks[i], 1);
	check_all_free();
}

static void left_place_is_drained(void **state)
{
	const uint16_t wish = 0;
	struct irq_desc *desc;
	unsigned identity;

	(void)state;
	start();
	assert_int_equal(live(0, 1, 1, &wish), 1);
	desc = functions[0].descs[0];
	identity = desc->identity;
	assert_int_equal(irq_set_affinity(desc, 1), 0);
	assert_int_equal(desc->places, 2);
	assert_int_equal(tag_at(0, identity), RETIRE_LEFT);
	assert_true(take_interrupt()); /* KICK */
	assert_int_equal(tag_at(0, identity), RETIRE_BATCH);
	assert_ptr_equal(harts[0].slots[identity], &irq_parked);
	assert_true(take_interrupt()); /* DRAIN */
	assert_false(take_interrupt());
	assert_ptr_equal(harts[0].slots[identity], &irq_unowned);
	assert_int_equal(desc->places, 1);
	die(0);
	run_all();
	check_all_free();
}

static void pending_place_is_left_again_by_its_claim(void **state)
{
	const uint16_t wish = 0;
	struct irq_desc *desc;
	unsigned identity;

	(void)state;
	start();
	assert_int_equal(live(0, 1, 1, &wish), 1);
	desc = functions[0].descs[0];
	identity = desc->identity;
	raise_event(&sources[0][0]);
	assert_int_equal(irq_set_affinity(desc, 1), 0);
	assert_true(take_interrupt()); /* KICK */
	assert_true(take_interrupt()); /* DRAIN: the message is pending */
	assert_int_equal(tag_at(0, identity), RETIRE_SEEN);
	assert_int_equal(sources[0][0].seen, 0);
	assert_true(take_interrupt()); /* the message */
	assert_int_equal(sources[0][0].seen, 1);
	assert_int_equal(desc->late, 1);
	assert_int_equal(tag_at(0, identity), RETIRE_LEFT);
	run_hart(0);
	assert_ptr_equal(harts[0].slots[identity], &irq_unowned);
	die(0);
	run_all();
	assert_int_equal(irq_gone.late, 1);
	check_all_free();
}

/* From each tag; then the old bits and batches free nothing that was left later. */
static void place_is_taken_back(void **state)
{
	const uint16_t wish = 0;

	(void)state;
	for (unsigned claims = 0; claims < 3; claims++) {
		struct irq_desc *desc;
		unsigned identity;

		start();
		assert_int_equal(live(0, 1, 1, &wish), 1);
		desc = functions[0].descs[0];
		identity = desc->identity;
		raise_event(&sources[0][0]);
		assert_int_equal(irq_set_affinity(desc, 1), 0);
		for (unsigned i = 0; i < claims; i++)
			assert_true(take_interrupt());
		assert_int_equal(tag_at(0, identity), RETIRE_LEFT + claims);
		assert_int_equal(irq_set_affinity(desc, 0), 0);
		assert_int_equal(desc->identity, identity);
		assert_int_equal(tag_at(0, identity), RETIRE_HERE);
		assert_int_equal(desc->places, 2); /* and the one at hart 1 */
		run_hart(0);
		assert_ptr_equal(harts[0].slots[identity], desc);
		assert_int_equal(sources[0][0].seen, 1);
		assert_int_equal(desc->late, 0);
		die(0);
		run_all();
		check_all_free();
	}
}

/* Taken back and left again between KICK and DRAIN: that batch frees it no more. */
static void old_batch_frees_nothing_new(void **state)
{
	const uint16_t wish = 0;
	struct irq_desc *desc;
	unsigned identity;

	(void)state;
	start();
	assert_int_equal(live(0, 1, 1, &wish), 1);
	desc = functions[0].descs[0];
	identity = desc->identity;
	assert_int_equal(irq_set_affinity(desc, 1), 0);
	assert_true(take_interrupt()); /* KICK */
	assert_int_equal(irq_set_affinity(desc, 0), 0);
	raise_event(&sources[0][0]);
	assert_int_equal(irq_set_affinity(desc, 1), 0);
	assert_int_equal(tag_at(0, identity), RETIRE_LEFT);
	take_effect(&files[0]);
	/* As if both were still on their way. */
	files[0].eip[0] &= ~(BIT64(identity) | BIT64(KICK));
	assert_true(take_interrupt()); /* DRAIN */
	assert_int_equal(tag_at(0, identity), RETIRE_BATCH);
	assert_ptr_equal(harts[0].slots[identity], &irq_parked);
	run_hart(0);
	assert_ptr_equal(harts[0].slots[identity], &irq_unowned);
	die(0);
	run_all();
	check_all_free();
}

static void lost_place_is_claimed_anew(void **state)
{
	const uint16_t wish = 0;
	struct irq_desc *desc;

	(void)state;
	start();
	assert_int_equal(live(0, 1, 1, &wish), 1);
	desc = functions[0].descs[0];
	assert_int_equal(irq_set_affinity(desc, 1), 0);
	run_all();
	assert_int_equal(irq_set_affinity(desc, 0), 0);
	assert_int_equal(desc->hart, 0);
	assert_int_equal(desc->places, 2);
	raise_event(&sources[0][0]);
	flush(&functions[0]);
	run_all();
	assert_int_equal(sources[0][0].seen, 1);
	die(0);
	run_all();
	check_all_free();
}

static void full_hart_refuses_the_move(void **state)
{
	uint16_t wish[VECTORS] = { 1 };
	struct vector_place taken[ROOM];
	struct irq_desc *desc;

	(void)state;
	start();
	assert_int_equal(live(0, 1, 1, wish), 1);
	desc = functions[0].descs[0];
	assert_int_equal(vector_claim(&room, ROOM - 1, ROOM - 1, NULL, taken), ROOM - 1);
	assert_int_equal(irq_set_affinity(desc, 0), -ENOSPC);
	assert_int_equal(desc->hart, 1);
	assert_int_equal(desc->places, 1);
	assert_int_equal(FIELD_GET(IRQ_TARGET_MASK, desc->state), 1);
	for (unsigned i = 0; i < ROOM - 1; i++)
		vector_release(&room, &taken[i]);
	die(0);
	run_all();
	check_all_free();
}

static void dead_arrival_is_counted_at_the_function(void **state)
{
	const uint16_t wish = 0;

	(void)state;
	start();
	assert_int_equal(live(0, 1, 1, &wish), 1);
	raise_event(&sources[0][0]);
	die(0);
	run_all();
	assert_int_equal(sources[0][0].seen, 0);
	assert_int_equal(functions[0].gone.dead, 1);
	assert_int_equal(irq_gone.dead, 1);
	check_all_free();
}

static void kept_place_is_only_taken_back(void **state)
{
	const uint16_t wish = 0;
	struct irq_desc *desc;
	unsigned identity;

	(void)state;
	start();
	assert_int_equal(live(0, 1, 1, &wish), 1);
	desc = functions[0].descs[0];
	identity = desc->identity;
	/* It sits somewhere else. */
	desc->places++;
	retire_keep(desc, 0, identity);
	smp_kick(0);
	run_all();
	assert_int_equal(tag_at(0, identity), RETIRE_KEPT);
	assert_int_equal(retire_take_back(desc, 0), identity);
	desc->places--;
	assert_int_equal(room.credit, ROOM - 1);
	die(0);
	run_all();
	check_all_free();
}

static void fits_when_all_is_drained(void **state)
{
	uint16_t wish[VECTORS] = { 0 };

	(void)state;
	start();
	/* 60 to 69: a block of 4 at 60 and at 64, one of 8 nowhere. */
	assert_true(retire_would_fit(0, 0, 4));
	assert_false(retire_would_fit(0, 0, 8));
	assert_int_equal(live(0, 4, 1, wish), 4);
	assert_int_equal(functions[0].descs[0]->identity, 60);
	irq_set_affinity(functions[0].descs[0], 1);
	assert_true(retire_would_fit(0, 0, 4));
	assert_int_equal(live(1, 1, 1, wish), 1);
	assert_int_equal(functions[1].descs[0]->identity, 64);
	assert_false(retire_would_fit(0, 0, 4));
	die(1);
	assert_true(retire_would_fit(0, 0, 4));
	die(0);
	run_all();
	check_all_free();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(freed_set_is_drained),
		cmocka_unit_test(left_place_is_drained),
		cmocka_unit_test(pending_place_is_left_again_by_its_claim),
		cmocka_unit_test(place_is_taken_back),
		cmocka_unit_test(old_batch_frees_nothing_new),
		cmocka_unit_test(lost_place_is_claimed_anew),
		cmocka_unit_test(full_hart_refuses_the_move),
		cmocka_unit_test(dead_arrival_is_counted_at_the_function),
		cmocka_unit_test(kept_place_is_only_taken_back),
		cmocka_unit_test(fits_when_all_is_drained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

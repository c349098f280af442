// SPDX-License-Identifier: Apache-2.0
// SOURCES: drivers/msi/direct_move.c drivers/msi/direct_checked.c drivers/pci/msi_regs.c kernel/irq.c
// SOURCES: kernel/irq_block.c kernel/msi_checked.c kernel/vector.c kernel/vector_pair.c
// SOURCES: kernel/desc.c kernel/retire.c kernel/vector_file.c
/* Moves of plain MSI, one message and blocks (docs/msi.md M7 to M9): each step in its order. */
#include "tests/host/messages.h"

static const uint16_t shapes[] = { 0, PCI_MSI_CONTROL_64BIT };
static const unsigned counts[] = { 1, 2, 16, 32 };

/* The log of one move: what was accessed, and where the vectors sat then. */
static struct step {
	bool write;
	unsigned offset;
	uint32_t value;
	unsigned old_places, from_places, to_places; /* slots that lead to the vectors */
} steps[16];
static unsigned nr_steps;
static unsigned old_hart, old_first, new_hart;

static unsigned leads_here(unsigned hart, unsigned first)
{
	unsigned n = 0;

	for (unsigned i = 0; i < fn->held; i++)
		n += harts[hart].slots[first + i] == descs[i];
	return n;
}

/* The first identity of the vectors at the hart that is not the old one; 0: none. */
static unsigned new_first(unsigned hart)
{
	for (unsigned id = 1; id <= MAX_ID; id++)
		if (harts[hart].slots[id] == descs[0] && (hart != old_hart || id != old_first))
			return id;
	return 0;
}

static void note(bool write, unsigned offset, uint32_t value)
{
	unsigned via = new_first(old_hart), to = new_first(new_hart);

	/* What is read first after a write is a flush; the sanitizer's and others' reads are not. */
	if (!write && (!nr_steps || !steps[nr_steps - 1].write))
		return;
	if (nr_steps < ARRAY_SIZE(steps))
		steps[nr_steps++] = (struct step){
			.write = write,
			.offset = offset,
			.value = value,
			.old_places = leads_here(old_hart, old_first),
			.from_places = via ? leads_here(old_hart, via) : 0,
			.to_places = to ? leads_here(new_hart, to) : 0,
		};
}

static int moved(unsigned i, unsigned hart)
{
	int rc;

	old_hart = descs[0]->hart;
	old_first = descs[0]->identity;
	new_hart = hart;
	nr_steps = 0;
	on_access = note;
	rc = irq_set_affinity(descs[i], hart);
	on_access = NULL;
	return rc;
}

static void check_step(unsigned k, bool write, unsigned offset, uint32_t value)
{
	assert_in_range(k, 0, nr_steps - 1);
	assert_int_equal(steps[k].write, write);
	assert_int_equal(steps[k].offset, offset);
	assert_int_equal(steps[k].value, value);
}

static void all_come(unsigned hart)
{
	for (unsigned i = 0; i < fn->held; i++) {
		unsigned before = runs[i];
		uint64_t there = descs[i]->handled[hart];

		raise_message(i);
		drain();
		assert_int_equal(runs[i] - before, 1);
		assert_int_equal(descs[i]->handled[hart] - there, 1);
		assert_int_equal(descs[i]->late, 0);
	}
}

/* Takes the number of the block's last vector from the hart: the move needs others. */
static struct vector_place busy;

static void occupy(unsigned hart)
{
	unsigned id = descs[0]->identity + fn->held - 1u;

	assert_true(files[hart].free[id / 64] & BIT64(id % 64));
	files[hart].free[id / 64] &= ~BIT64(id % 64);
	files[hart].credit--;
	space.credit--;
	busy = (struct vector_place){ (uint16_t)hart, (uint16_t)id };
}

static void one_register_at_a_time(void **state)
{
	(void)state;
	for (unsigned s = 0; s < ARRAY_SIZE(shapes); s++) {
		for (unsigned c = 0; c < ARRAY_SIZE(counts); c++) {
			unsigned n = counts[c], data = shapes[s] ? 0xc : 0x8;

			start_all(shapes[s], n);
			occupy(2);
			assert_int_equal(moved(n - 1, 2), n - 1);
			assert_int_equal(nr_steps, 4);
			/* write_data, flush_data, write_address, flush_address */
			check_step(0, true, data, descs[0]->identity);
			check_step(1, false, data, descs[0]->identity);
			check_step(2, true, PCI_MSI_ADDRESS, (uint32_t)doorbell[2]);
			check_step(3, false, PCI_MSI_ADDRESS, (uint32_t)doorbell[2]);
			for (unsigned k = 0; k < 4; k++) {
				/* publish_both before, retire_both after the flush of each */
				assert_int_equal(steps[k].old_places, k < 2 ? n : 0);
				assert_int_equal(steps[k].from_places, n);
				assert_int_equal(steps[k].to_places, n);
			}
			assert_int_equal(descs[0]->identity % n, 0);
			assert_int_equal(leads_here(old_hart, old_first), 0);
			assert_int_equal(leads_here(old_hart, descs[0]->identity), 0);
			for (unsigned i = 0; i < n; i++)
				assert_int_equal(descs[i]->moved, 1);
			check_at_rest();
			all_come(2);
			vector_release(&space, &busy);
		}
	}
}

/* The numbers are free at the other hart: data stays as it is. */
static void one_register_in_all(void **state)
{
	(void)state;
	for (unsigned s = 0; s < ARRAY_SIZE(shapes); s++) {
		for (unsigned c = 0; c < ARRAY_SIZE(counts); c++) {
			unsigned n = counts[c];

			start_all(shapes[s], n);
			for (unsigned round = 0; round < 5; round++) {
				unsigned to = round % 3 == 0 ? 1 : round % 3 == 1 ? 2 : 0;

				assert_int_equal(moved(0, to), n - 1);
				assert_int_equal(nr_steps, 2);
				check_step(0, true, PCI_MSI_ADDRESS, (uint32_t)doorbell[to]);
				check_step(1, false, PCI_MSI_ADDRESS, (uint32_t)doorbell[to]);
				assert_int_equal(steps[0].old_places, n);
				assert_int_equal(steps[1].old_places, n);
				assert_int_equal(steps[0].to_places, n);
				assert_int_equal(descs[0]->identity, old_first);
				assert_int_equal(leads_here(old_hart, old_first), 0);
				check_at_rest();
				/* Drained, or not, and then it is taken back. */
				if (round % 2)
					all_come(to);
			}
			drain();
			assert_int_equal(taken(), n);
		}
	}
}

/* Nobody is drained: a vector that goes to and fro takes its own places back. */
static void moves_alone_exhaust_nothing(void **state)
{
	(void)state;
	start_all(0, 1);
	for (unsigned i = 1; i <= 3 * MAX_ID; i++)
		assert_int_equal(irq_set_affinity(descs[0], i % HARTS), 0);
	assert_in_range(taken(), 1, HARTS);
	check_at_rest();
	all_come(0);
}

static void under_one_mask(void **state)
{
	(void)state;
	for (unsigned s = 0; s < ARRAY_SIZE(shapes); s++) {
		/* One alone goes as MSI-X does. */
		for (unsigned c = 1; c < ARRAY_SIZE(counts); c++) {
			unsigned n = counts[c], wide = shapes[s] ? 1 : 0;
			unsigned mask = shapes[s] ? 0x10 : 0xc;
			uint32_t closed = ~(uint32_t)(BIT64(n) - 1);

			start_all(shapes[s] | PCI_MSI_CONTROL_MASKABLE, n);
			irq_mask(descs[n / 2]);
			assert_int_equal(moved(n / 3, 1), n - 1);
			assert_int_equal(nr_steps, 7 + wide);
			check_step(0, true, mask, UINT32_MAX);
			check_step(1, false, mask, UINT32_MAX);
			check_step(2, true, PCI_MSI_ADDRESS, (uint32_t)doorbell[1]);
			check_step(3 + wide, true, shapes[s] ? 0xc : 0x8, descs[0]->identity);
			check_step(4 + wide, false, PCI_MSI_CONTROL, regs.control);
			check_step(5 + wide, true, mask, closed | BIT(n / 2));
			check_step(6 + wide, false, mask, closed | BIT(n / 2));
			for (unsigned k = 0; k < nr_steps; k++) {
				assert_int_equal(steps[k].old_places, n);
				assert_int_equal(steps[k].to_places, n);
			}
			assert_int_equal(leads_here(old_hart, old_first), 0);
			check_at_rest();
			assert_int_equal(irq_unmask(descs[n / 2]), 0);
			all_come(1);
		}
	}
}

static void not_enabled_touches_nothing(void **state)
{
	(void)state;
	for (unsigned s = 0; s < 2; s++) {
		start_machine();
		start_function(s ? PCI_MSI_CONTROL_MASKABLE : 0, 8);
		assert_int_equal(moved(0, 1), 7);
		assert_int_equal(nr_steps, 0);
		assert_int_equal(descs[7]->hart, 1);
		enable_function();
		check_at_rest();
		all_come(1);
	}
}

static void check_nothing_moved(int rc, int expected)
{
	assert_int_equal(rc, expected);
	assert_int_equal(nr_steps, 0);
	assert_int_equal(descs[0]->hart, old_hart);
	assert_int_equal(descs[0]->identity, old_first);
	assert_int_equal(taken(), fn->held);
	check_at_rest();
	all_come(old_hart);
}

static void far_apart_is_refused(void **state)
{
	(void)state;
	start_all(PCI_MSI_CONTROL_64BIT, 4);
	doorbell[2] += BIT64(32);
	check_nothing_moved(moved(1, 2), -EOPNOTSUPP);
	assert_int_equal(moved(1, 1), 3);
	doorbell[2] -= BIT64(32);
	/* With mask bits the message is written whole. */
	start_all(PCI_MSI_CONTROL_64BIT | PCI_MSI_CONTROL_MASKABLE, 4);
	doorbell[2] += BIT64(32);
	assert_int_equal(moved(1, 2), 3);
	assert_int_equal(regs.upper, 1);
	check_at_rest();
	all_come(2);
}

static void no_common_number(void **state)
{
	uint64_t kept[VECTOR_WORDS];

	(void)state;
	for (unsigned s = 0; s < 2; s++) {
		start_all(s ? PCI_MSI_CONTROL_MASKABLE : 0, 4);
		memcpy(kept, (void *)files[1].free, sizeof(kept));
		/* Free, but no four together. */
		for (unsigned w = 0; w < VECTOR_WORDS; w++)
			files[1].free[w] &= 0x7777777777777777;
		check_nothing_moved(moved(1, 1), -ENOSPC);
		memcpy((void *)files[1].free, kept, sizeof(kept));
		assert_int_equal(moved(1, 1), 3);
		assert_int_equal(irq_set_affinity(descs[1], HARTS), -ENODEV);
	}
}

/* A register that does not take the write: where the function sends now, there its vectors sit. */
static void refused_by_the_function(void **state)
{
	(void)state;
	for (unsigned c = 0; c < ARRAY_SIZE(counts); c++) {
		start_all(0, counts[c]);
		occupy(1);
		stuck = PCI_MSI_DATA;
		assert_int_equal(moved(0, 1), -EIO);
		assert_int_equal(descs[0]->hart, 0);
		assert_int_equal(descs[0]->identity, old_first);
		assert_int_equal(descs[0]->moved, 0);
		check_at_rest();
		all_come(0);
		vector_release(&space, &busy);

		start_all(0, counts[c]);
		occupy(1);
		stuck = PCI_MSI_ADDRESS;
		assert_int_equal(moved(0, 1), -EIO);
		assert_int_equal(descs[0]->hart, 0);
		assert_true(descs[0]->identity != old_first);
		assert_int_equal(new_first(1), 0);
		check_at_rest();
		all_come(0);
		/* And is moved by the next try. */
		stuck = 0;
		assert_int_equal(moved(0, 1), counts[c] - 1);
		check_at_rest();
		all_come(1);
		vector_release(&space, &busy);
	}
}

static int changed(enum msi_part part, uint64_t address, uint32_t data)
{
	return pci_msi_ops.change_msg(fn, part, &(struct msi_msg){ address, data });
}

static void sanitizer_takes_the_two_steps(void **state)
{
	unsigned i, j, refused;

	(void)state;
	start_all(PCI_MSI_CONTROL_64BIT, 4);
	i = descs[0]->identity;
	j = i + 8;
	refused = msi_check_refused();
	for (unsigned k = 0; k < 8; k++)
		irq_slot_publish(k / 4, j + k % 4, descs[k % 4]);
	/* Whole; two registers; one not of the vectors, by data or by address; the upper half. */
	assert_int_equal(pci_msi_ops.write_msg(fn, 0, &(struct msi_msg){ doorbell[0], i }), -EPERM);
	assert_int_equal(changed(MSI_PART_DATA, doorbell[1], j), -EPERM);
	assert_int_equal(changed(MSI_PART_ADDRESS, doorbell[1], j), -EPERM);
	assert_int_equal(changed(MSI_PART_DATA, doorbell[0], j + 4), -EPERM);
	assert_int_equal(changed(MSI_PART_DATA, doorbell[0], j + 1), -EPERM);
	assert_int_equal(changed(MSI_PART_ADDRESS, doorbell[1], i), -EPERM);
	assert_int_equal(changed(MSI_PART_ADDRESS, doorbell[0] + 4, i), -EPERM);
	assert_int_equal(changed(MSI_PART_ADDRESS, doorbell[0] + BIT64(32), i), -EPERM);
	/* A place of theirs, but the address's upper half would have to change too. */
	doorbell[1] += BIT64(32);
	for (unsigned k = 0; k < 4; k++)
		irq_slot_publish(1, i + k, descs[k]);
	assert_int_equal(changed(MSI_PART_ADDRESS, doorbell[1], i), -EPERM);
	for (unsigned k = 0; k < 4; k++)
		irq_slot_publish(1, i + k, &irq_unowned);
	doorbell[1] -= BIT64(32);
	/* One message of the block has another place. */
	irq_slot_publish(0, j + 2, descs[1]);
	assert_int_equal(changed(MSI_PART_DATA, doorbell[0], j), -EPERM);
	irq_slot_publish(0, j + 2, descs[2]);
	assert_int_equal(msi_check_refused() - refused, 10);
	check_at_rest();

	assert_int_equal(changed(MSI_PART_DATA, doorbell[0], j), 0);
	assert_int_equal(changed(MSI_PART_ADDRESS, doorbell[1], j), 0);
	assert_int_equal(regs.data, j);
	assert_int_equal(regs.address, doorbell[1]);
	for (unsigned k = 0; k < 8; k++)
		irq_slot_publish(k / 4, j + k % 4, &irq_unowned);
	assert_int_equal(msi_check_refused() - refused, 10);

	/* A function with mask bits, where all messages have to be masked. */
	start_all(PCI_MSI_CONTROL_MASKABLE, 4);
	i = descs[0]->identity;
	refused = msi_check_refused();
	assert_int_equal(changed(MSI_PART_DATA, doorbell[0], i), -EPERM);
	for (unsigned k = 0; k < 4; k++) {
		assert_int_equal(pci_msi_ops.write_msg(fn, 0, &(struct msi_msg){ doorbell[0], i }),
				 -EPERM);
		irq_mask(descs[3 - k]);
	}
	assert_int_equal(pci_msi_ops.write_msg(fn, 0, &(struct msi_msg){ doorbell[0], i }), 0);
	assert_int_equal(pci_msi_ops.write_msg(fn, 1, &(struct msi_msg){ doorbell[0], i + 1 }),
			 -EPERM);
	assert_int_equal(msi_check_refused() - refused, 6);
}

/* In the middle of a move: the owner sees the wishes at its next round. */
static void wish_meanwhile(bool write, unsigned offset, uint32_t value)
{
	(void)write, (void)offset, (void)value;
	on_access = NULL;
	irq_mask(descs[1]);
	irq_mask(descs[2]);
	irq_unmask(descs[3]);
	assert_int_equal(irq_set_affinity(descs[3], 2), 3);
	assert_false(irq_settled(descs[2]));
}

static void wishes_under_an_owner(void **state)
{
	(void)state;
	for (unsigned s = 0; s < 2; s++) {
		start_all(s ? PCI_MSI_CONTROL_MASKABLE : 0, 4);
		irq_mask(descs[3]);
		on_access = wish_meanwhile;
		assert_int_equal(irq_set_affinity(descs[0], 1), 3);
		assert_int_equal(descs[0]->hart, 2);
		assert_int_equal(descs[3]->moved, 2);
		check_at_rest();
		for (unsigned i = 0; i < 4; i++)
			raise_message(i);
		drain();
		for (unsigned i = 0; i < 4; i++)
			assert_int_equal(runs[i], i == 0 || i == 3);
		irq_unmask(descs[1]);
		irq_unmask(descs[2]);
		drain();
		assert_int_equal(runs[1] + runs[2], 2);
	}
}

/* The driver's order, seen the other way round by an owner: nothing is open before the message is written. */
static void opened_after_the_message(void **state)
{
	(void)state;
	start_machine();
	start_function(PCI_MSI_CONTROL_MASKABLE, 4);
	assert_int_equal(pci_msi_ops.prepare(fn, 4), 0);
	assert_int_equal(irq_activate(descs[1]), 0);
	assert_int_equal(regs.mask, UINT32_MAX);
	assert_int_equal(regs.address, 0);
	assert_int_equal(irq_activate(descs[0]), 0);
	assert_int_equal(regs.mask, ~(BIT(0) | BIT(1)));
	assert_int_equal(regs.address, doorbell[0]);
	irq_deactivate(descs[0]);
	assert_int_equal(regs.mask, UINT32_MAX);
}

static void freed_and_used_again(void **state)
{
	(void)state;
	start_all(PCI_MSI_CONTROL_MASKABLE, 4);
	assert_int_equal(moved(3, 1), 3);
	raise_message(2);
	msi_backend_entry_direct.free(fn);
	assert_int_equal(irq_set_affinity(descs[3], 2), -EINVAL);
	fn->held = 0;
	drain();
	assert_int_equal(runs[2], 0);
	assert_int_equal(fn->gone.dead, 1);
	assert_int_equal(fn->gone.moved, 4);
	assert_int_equal(taken(), 0);
	/* Its descriptors are vectors by themselves now. */
	start_all(0, 1);
	assert_int_equal(irq_set_affinity(descs[0], 1), 0);
	check_at_rest();
	all_come(1);
}

/* M16: slot and descriptor are seen before the address can name them; M8: the address is read back. */
static void single_is_published_before_it_is_led(void **state)
{
	enum { PUBLISH, LED, FLUSHED, DONE } next = PUBLISH;

	(void)state;
	start_all(PCI_MSI_CONTROL_64BIT, 1);
	fake_mmio_log_clear();
	assert_int_equal(moved(0, 2), 0);
	for (size_t i = 0; i < fake_mmio_log_length(); i++) {
		const struct fake_access *entry = fake_mmio_log(i);
		bool address = entry->value == (uint32_t)doorbell[2];

		assert_false(next == PUBLISH && entry->kind == FAKE_WRITE && address);
		if ((next == PUBLISH && entry->kind == FAKE_PUBLISH_TO_DEVICE) ||
		    (next == LED && entry->kind == FAKE_WRITE && address) ||
		    (next == FLUSHED && entry->kind == FAKE_READ && address))
			next++;
	}
	assert_int_equal(next, DONE);
	all_come(2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_register_at_a_time),
		cmocka_unit_test(single_is_published_before_it_is_led),
		cmocka_unit_test(one_register_in_all),
		cmocka_unit_test(moves_alone_exhaust_nothing),
		cmocka_unit_test(under_one_mask),
		cmocka_unit_test(not_enabled_touches_nothing),
		cmocka_unit_test(far_apart_is_refused),
		cmocka_unit_test(no_common_number),
		cmocka_unit_test(refused_by_the_function),
		cmocka_unit_test(sanitizer_takes_the_two_steps),
		cmocka_unit_test(wishes_under_an_owner),
		cmocka_unit_test(opened_after_the_message),
		cmocka_unit_test(freed_and_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

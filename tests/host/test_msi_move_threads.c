// SPDX-License-Identifier: Apache-2.0
// SOURCES: drivers/msi/direct_move.c drivers/msi/direct_checked.c drivers/pci/msi_regs.c kernel/irq.c
// SOURCES: kernel/irq_block.c kernel/msi_checked.c kernel/vector.c kernel/vector_pair.c
// SOURCES: kernel/desc.c kernel/retire.c kernel/vector_file.c
// SANITIZE: thread
// CFLAGS: -include tests/host/jitter.h
/*
 * Moves of plain MSI while all is going on (docs/msi.md M5, M8, M9): threads mask, unmask and
 * move messages of one function, which sends, and harts take what it sends. At the end
 * registers are what is wished, and each message's last event was seen.
 */
#include "tests/host/fake_mmio.h"
#include "tests/host/messages.h"

#define WISHERS 3

static _Atomic bool stop;
static unsigned rounds;
static unsigned blocks_moved, all_raised, all_runs; /* of the functions with 32 messages */

static void *hart_thread(void *arg)
{
	unsigned index = (unsigned)(uintptr_t)arg;

	jitter_state = 17 * (index + 1);
	arch_set_this_hart(&harts[index]);
	while (!stop) {
		fake_mmio_log_clear();
		if (!take_interrupt())
			sched_yield();
	}
	return NULL;
}

static void *raiser_thread(void *arg)
{
	(void)arg;
	jitter_state = 1001;
	for (unsigned i = 0; i < rounds; i++) {
		raise_message(jitter_random() % fn->count);
		if (!(jitter_random() & 3))
			sched_yield();
	}
	return NULL;
}

/* Each wishes of any message; the last wish of each message is the test's own. */
static void *wisher_thread(void *arg)
{
	jitter_state = 2002 * (unsigned)(uintptr_t)arg;
	for (unsigned i = 0; i < rounds; i++) {
		struct irq_desc *desc = descs[jitter_random() % fn->held];
		int rc;

		fake_mmio_log_clear();
		switch (jitter_random() % 4) {
		case 0:
			rc = irq_set_affinity(desc, jitter_random() % HARTS);
			expect(rc == (int)fn->held - 1 || rc == -ENOSPC || rc == -EAGAIN);
			break;
		case 1:
			irq_mask(desc);
			break;
		default:
			irq_unmask(desc);
		}
	}
	return NULL;
}

static void add_up(void)
{
	blocks_moved += descs[0]->moved;
	for (unsigned i = 0; i < MESSAGES; i++) {
		/* All move with the lead, or none. */
		assert_int_equal(descs[i]->moved, descs[0]->moved);
		all_raised += raised[i];
		all_runs += runs[i];
	}
}

static void life(uint16_t shape, unsigned n)
{
	pthread_t hart[HARTS], raiser, wisher[WISHERS];

	start_all(shape, n);
	stop = false;
	for (uintptr_t i = 0; i < HARTS; i++)
		pthread_create(&hart[i], NULL, hart_thread, (void *)i);
	pthread_create(&raiser, NULL, raiser_thread, NULL);
	for (uintptr_t i = 0; i < WISHERS; i++)
		pthread_create(&wisher[i], NULL, wisher_thread, (void *)(i + 1));
	pthread_join(raiser, NULL);
	for (unsigned i = 0; i < WISHERS; i++)
		pthread_join(wisher[i], NULL);
	stop = true;
	for (unsigned i = 0; i < HARTS; i++)
		pthread_join(hart[i], NULL);
	check_at_rest();
	for (unsigned i = 0; i < n; i++)
		irq_unmask(descs[i]);
	drain();
	check_at_rest();
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(seen[i], raised[i]);
		assert_int_equal(descs[i]->state & (IRQ_RUN | IRQ_PEND | IRQ_OFF), 0);
		assert_int_equal(irq_handled(descs[i]), runs[i]);
	}
	assert_int_equal(irq_spurious_total, 0);
	if (n == MESSAGES)
		add_up();
	end_function();
}

static void lives(uint16_t shape)
{
	static const unsigned counts[] = { 1, 2, 4, 8, 16, MESSAGES };

	/* Many short ones: what is lost shows only at the end. */
	for (unsigned i = 0; i < 120; i++) {
		jitter_every = 4u << i % 4;
		rounds = i % 10 ? 30 : 300;
		life(shape, counts[i / 4 % ARRAY_SIZE(counts)]);
	}
	jitter_every = 0;
	print_message("32 messages: %u moves as a block, %u raised, none lost, %u runs\n",
		      blocks_moved, all_raised, all_runs);
	assert_true(blocks_moved > 50 && all_runs > 500);
	blocks_moved = all_raised = all_runs = 0;
}

static void with_mask_bits(void **state)
{
	(void)state;
	lives(PCI_MSI_CONTROL_64BIT | PCI_MSI_CONTROL_MASKABLE);
}

static void without_mask_bits(void **state)
{
	(void)state;
	lives(0);
	lives(PCI_MSI_CONTROL_64BIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_mask_bits),
		cmocka_unit_test(without_mask_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

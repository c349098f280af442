// SPDX-License-Identifier: Apache-2.0
// SOURCES: kernel/desc.c kernel/msi_release.c kernel/vector.c kernel/vector_file.c
// SOURCES: kernel/irq_block.c drivers/msi/direct_move.c drivers/msi/direct_release.c
// SANITIZE: thread
/*
 * Retirement with threads that are harts, and drivers whose sets live, move and die
 * (tests/host/retire_machine.h), at all sizes of files and numbers of harts.
 */
#include "tests/host/retire_machine.h"

#define HART_THREADS 4

static const struct size {
	unsigned harts, first, max_id; /* identities below first are nobody's */
	unsigned functions, vectors, lives;
	unsigned jitter;
} sizes[] = {
	{ 3, 60, 69, 3, 6, 4000, 32 },
	{ 1, 3, 63, 4, 16, 1000, 8 },
	{ 2, 52, 63, 4, 16, 1500, 16 },
	{ 5, 3, 63, 3, 16, 800, 64 },
	{ 1, 240, 255, 3, 16, 1000, 32 },
	{ 4, 3, 255, 4, 16, 800, 16 },
	{ 16, 252, 255, 4, 16, 600, 64 },
	{ 1, 3, 2047, 4, 16, 600, 32 },
	{ 2, 2036, 2047, 4, 16, 1000, 8 },
	{ 9, 3, 2047, 4, 16, 600, 64 },
	{ 64, 62, 63, 4, 16, 300, 32 },
	{ 64, 3, 2047, 4, 16, 300, 64 },
}, *size;

static _Atomic bool stop;
static _Atomic unsigned refused, sets, moves, raises;

/* A thread is every HART_THREADS-th hart: one at a time, as a hart's interrupts come one at a time. */
static void *hart_thread(void *arg)
{
	unsigned first = (unsigned)(uintptr_t)arg;

	jitter_state = 17 * (first + 1);
	while (!stop) {
		bool idle = true;

		fake_mmio_log_clear();
		for (unsigned i = first; i < size->harts; i += HART_THREADS) {
			arch_set_this_hart(&harts[i]);
			idle = !take_interrupt() && idle;
		}
		if (idle)
			sched_yield();
	}
	return NULL;
}

static void disturb(unsigned f, unsigned n)
{
	unsigned i = jitter_random() % n;
	struct irq_desc *desc = functions[f].descs[i];
	int rc;

	switch (jitter_random() % 4) {
	case 0:
		irq_mask(desc);
		irq_unmask(desc);
		break;
	case 1:
	case 2:
		rc = irq_set_affinity(desc, jitter_random() % size->harts);
		expect(!rc || rc == -ENOSPC || rc == -EAGAIN);
		moves += !rc;
		break;
	default:
		raise_event(&sources[f][i]);
		raises++;
	}
}

static bool all_seen(unsigned f, unsigned n)
{
	bool seen = true;

	for (unsigned i = 0; i < n; i++)
		seen = seen && sources[f][i].seen == sources[f][i].raised;
	return seen;
}

static void *driver_thread(void *arg)
{
	unsigned f = (unsigned)(uintptr_t)arg;

	jitter_state = 1001 * (f + 1);
	for (unsigned life = 1; life <= size->lives; life++) {
		unsigned n = 1 + jitter_random() % size->vectors;
		int rc = live(f, n, life, NULL);

		fake_mmio_log_clear();
		if (rc < 0) {
			expect(rc == -EAGAIN || rc == -ENOSPC);
			refused++;
			sched_yield();
			continue;
		}
		sets++;
		for (unsigned i = 0; i < 12; i++)
			disturb(f, n);
		/* Half of them: nothing that was raised is lost. The others die under fire. */
		if (life % 2) {
			for (unsigned i = 0; i < n; i++)
				set_mask(&functions[f], i, false);
			while (!all_seen(f, n) && !errors)
				sched_yield();
		}
		die(f);
	}
	return NULL;
}

static void lives_and_deaths(void)
{
	pthread_t hart[HART_THREADS], driver[FUNCTIONS];
	unsigned hart_threads = MIN(size->harts, HART_THREADS);

	start_sized(size->harts, size->first, size->max_id);
	stop = false;
	slow = true;
	jitter_every = size->jitter;
	for (uintptr_t i = 0; i < hart_threads; i++)
		pthread_create(&hart[i], NULL, hart_thread, (void *)i);
	for (uintptr_t i = 0; i < size->functions; i++)
		pthread_create(&driver[i], NULL, driver_thread, (void *)i);
	for (unsigned i = 0; i < size->functions; i++)
		pthread_join(driver[i], NULL);
	stop = true;
	for (unsigned i = 0; i < hart_threads; i++)
		pthread_join(hart[i], NULL);
	slow = false;
	jitter_every = 0;
	run_all();
	check_all_free();
}

static void nothing_is_lost_or_freed_too_early(void **state)
{
	unsigned late = 0, dead = 0;

	(void)state;
	for (size = sizes; size < &sizes[ARRAY_SIZE(sizes)]; size++) {
		lives_and_deaths();
		late += irq_gone.late;
		dead += irq_gone.dead;
	}
	print_message("%u sets, %u moves, %u raised, %u late, %u dead, %u refused\n", sets, moves,
		      raises, late, dead, refused);
	assert_true(sets > 20000 && moves > 60000 && refused && late && dead);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_lost_or_freed_too_early),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

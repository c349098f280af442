// SPDX-License-Identifier: Apache-2.0
// SOURCES: kernel/desc.c kernel/irq_block.c
// SANITIZE: thread
/*
 * irq_dispatch() of kernel/irq.c: a level source behind a controller that holds it back from
 * claim to end, as PLIC and APLIC in direct mode do. Threads are harts.
 */
#include "tests/host/jitter.h"

#include "kernel/irq.c"

#include <pthread.h>

#include "tests/host/cmocka_test.h"
#include "tests/host/fake_mmio.h"

#define HARTS  2
#define RAISES 3000

static struct hart harts[HARTS];
struct hart **smp_harts = (struct hart *[]){ &harts[0], &harts[1] };
uint32_t smp_nr_harts = HARTS;

int storm_hart_init(unsigned hart, unsigned max_id)
{
	(void)hart;
	(void)max_id;
	return 0;
}

int retire_hart_init(unsigned hart)
{
	(void)hart;
	return 0;
}

struct irq_desc *retire_late(unsigned identity)
{
	fail_msg("parked identity %u", identity);
	return NULL;
}

void storm_note(unsigned identity, struct irq_desc *desc)
{
	(void)desc;
	fail_msg("storm of %u", identity);
}

/* --- the controller --- */

static struct {
	pthread_mutex_t lock;
	bool wire, on, held;
	unsigned hart;
} line = { .lock = PTHREAD_MUTEX_INITIALIZER };
static _Atomic unsigned runs, ends;
static _Atomic bool stop, concurrent;
static unsigned inside; /* not atomic: only the running handler touches it */

static void set(bool *what, bool value)
{
	pthread_mutex_lock(&line.lock);
	*what = value;
	pthread_mutex_unlock(&line.lock);
}

static bool get(const bool *what)
{
	bool value;

	pthread_mutex_lock(&line.lock);
	value = *what;
	pthread_mutex_unlock(&line.lock);
	return value;
}

/* true: this hart has claimed the source, which is held back. */
static bool claim(unsigned hart)
{
	bool got;

	pthread_mutex_lock(&line.lock);
	got = line.wire && line.on && !line.held && line.hart == hart;
	line.held |= got;
	pthread_mutex_unlock(&line.lock);
	return got;
}

static void chip_mask(struct irq_desc *desc)
{
	(void)desc;
	set(&line.on, false);
}

static void chip_unmask(struct irq_desc *desc)
{
	(void)desc;
	set(&line.on, true);
}

static int chip_activate(struct irq_desc *desc, uint8_t shadow)
{
	desc->shadow = shadow;
	set(&line.on, !(shadow & IRQ_SHADOW_MASKED));
	return 0;
}

static void chip_eoi(struct irq_desc *desc)
{
	(void)desc;
	atomic_fetch_add(&ends, 1);
	set(&line.held, false);
}

static int chip_affinity(struct irq_desc *desc, unsigned hart)
{
	desc->hart = (uint16_t)hart;
	pthread_mutex_lock(&line.lock);
	line.hart = hart;
	pthread_mutex_unlock(&line.lock);
	return 0;
}

static const struct irq_chip chip = {
	.name = "test",
	.activate = chip_activate,
	.mask = chip_mask,
	.unmask = chip_unmask,
	.retrigger = chip_eoi,
	.eoi = chip_eoi,
	.set_affinity = chip_affinity,
};

static struct irq_desc *desc;

static void handler(void *arg)
{
	(void)arg;
	if (inside++)
		concurrent = true;
	set(&line.wire, false);
	inside--;
	atomic_fetch_add(&runs, 1);
}

static int setup(void **state)
{
	(void)state;
	for (unsigned i = 0; i < HARTS; i++)
		harts[i] = (struct hart){ .index = i, .state = HART_ONLINE };
	arch_set_this_hart(&harts[0]);
	assert_int_equal(irq_init(1), 0);
	assert_int_equal(irq_desc_claim(1, &desc), 1);
	irq_desc_init(desc, IRQ_KIND_WIRED, &chip, 0, 1);
	desc->handler = handler;
	line.wire = line.on = line.held = false;
	line.hart = 0;
	runs = ends = 0;
	stop = concurrent = false;
	assert_int_equal(irq_activate(desc), 0);
	return 0;
}

/* --- one hart, step by step --- */

static void handled_once_and_ended(void **state)
{
	(void)state;
	set(&line.wire, true);
	assert_true(claim(0));
	irq_dispatch(desc);
	assert_int_equal(runs, 1);
	assert_int_equal(ends, 1);
	assert_int_equal(irq_handled(desc), 1);
	assert_null(harts[0].current);
	assert_false(claim(0));
}

/* Claimed before the mask was written: nothing ends it, and so nothing repeats it, until unmask. */
static void masked_is_held_back(void **state)
{
	(void)state;
	set(&line.wire, true);
	assert_true(claim(0));
	irq_mask(desc);
	irq_dispatch(desc);
	assert_int_equal(runs, 0);
	assert_int_equal(ends, 0);
	assert_int_equal(irq_unmask(desc), 0);
	assert_int_equal(ends, 1);
	assert_true(claim(0));
	irq_dispatch(desc);
	assert_int_equal(runs, 1);
}

static void inactive_is_held_back(void **state)
{
	(void)state;
	set(&line.wire, true);
	assert_true(claim(0));
	irq_deactivate(desc);
	irq_dispatch(desc);
	assert_int_equal(runs, 0);
	assert_int_equal(irq_activate(desc), 0);
	assert_int_equal(ends, 1);
	assert_true(claim(0));
}

static void dead_stays_held_back(void **state)
{
	(void)state;
	set(&line.wire, true);
	assert_true(claim(0));
	irq_kill(desc);
	irq_dispatch(desc);
	assert_int_equal(runs + ends, 0);
	assert_int_equal(atomic_load(&desc->dead), 1);
}

static void nobodys_is_counted(void **state)
{
	uint64_t before = atomic_load(&irq_spurious_total);

	(void)state;
	irq_dispatch(NULL);
	assert_int_equal(atomic_load(&irq_spurious_total) - before, 1);
}

/* --- harts that take it, while one raises, masks and moves --- */

static void *hart_main(void *arg)
{
	struct hart *hart = arg;

	arch_set_this_hart(hart);
	while (!stop) {
		if (claim(hart->index))
			irq_dispatch(desc);
		jitter();
	}
	return NULL;
}

static void wishes_under_fire(void **state)
{
	pthread_t threads[HARTS];

	(void)state;
	for (unsigned i = 0; i < HARTS; i++)
		pthread_create(&threads[i], NULL, hart_main, &harts[i]);
	for (unsigned i = 1; i <= RAISES; i++) {
		fake_mmio_log_clear();
		set(&line.wire, true);
		irq_mask(desc);
		irq_set_affinity(desc, i % HARTS);
		irq_unmask(desc);
		if (i % 3 == 0) {
			irq_deactivate(desc);
			irq_activate(desc);
		}
		/* Whatever was wished: the wire is heard in the end. */
		for (unsigned turns = 0; get(&line.wire); turns++) {
			assert_true(turns < 10000000);
			cpu_relax();
		}
	}
	stop = true;
	for (unsigned i = 0; i < HARTS; i++)
		pthread_join(threads[i], NULL);
	assert_false(concurrent);
	assert_int_equal(irq_handled(desc), runs);
	assert_true(runs >= RAISES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(handled_once_and_ended, setup),
		cmocka_unit_test_setup(masked_is_held_back, setup),
		cmocka_unit_test_setup(inactive_is_held_back, setup),
		cmocka_unit_test_setup(dead_stays_held_back, setup),
		cmocka_unit_test_setup(nobodys_is_counted, setup),
		cmocka_unit_test_setup(wishes_under_fire, setup),
	};

	return cmocka_run_group_tests_name("irq_dispatch", tests, NULL, NULL);
}

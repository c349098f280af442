// SPDX-License-Identifier: Apache-2.0
// SOURCES:
// SANITIZE: thread
/*
 * The pool of descriptors under ThreadSanitizer: threads claim sets of random sizes, publish half of
 * the vectors to each other, and who drops a vector's last place gives its descriptor back.
 */
#include "tests/host/jitter.h"

#include "kernel/desc.c"

#include <pthread.h>
#include <string.h>

#include "tests/host/cmocka_test.h"

#define THREADS   4
#define MAX_HARTS 64
#define MAX_SET   64
#define MAX_POOL  2047

uint32_t smp_nr_harts;

static unsigned pool, nr_rounds;
static _Atomic unsigned errors, working;
static _Atomic uint64_t claimed, refused, shared, late, dead;
static _Atomic uint32_t uses[MAX_POOL]; /* what places should be */
/* As a slot of a hart: what is published for the thread, which owns a place of it. */
static _Atomic(struct irq_desc *) slots[THREADS][MAX_SET];

/* cmocka's asserts belong to the thread of main(). */
static void expect(bool ok)
{
	if (!ok)
		atomic_fetch_add(&errors, 1);
}

static uint64_t handled_in_all(const struct irq_desc *desc)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < smp_nr_harts; i++)
		sum += __atomic_load_n(&desc->handled[i], __ATOMIC_RELAXED);
	return sum;
}

static void handler(void *arg)
{
	(void)arg;
}

/* At one of its two places: counts as a hart does, then drops the place. */
static void use_and_put(struct irq_desc *desc, unsigned self)
{
	unsigned hart = self + THREADS * (jitter_random() % MAX_HARTS);

	/* Written by who has claimed it: published, or not seen at all. */
	expect(desc->handler == handler && desc->arg == desc && desc->kind == IRQ_KIND_MSI);
	if (hart < smp_nr_harts)
		__atomic_fetch_add(&desc->handled[hart], 1, __ATOMIC_RELAXED);
	if (jitter_random() & 1) {
		__atomic_fetch_add(&desc->late, 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(&late, 1, __ATOMIC_RELAXED);
	} else {
		__atomic_fetch_add(&desc->dead, 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(&dead, 1, __ATOMIC_RELAXED);
	}
	expect(__atomic_fetch_sub(&uses[irq_number(desc)], 1, __ATOMIC_RELAXED) >= 1);
	irq_desc_put(desc);
}

static void take_published(unsigned self)
{
	for (unsigned i = 0; i < MAX_SET; i++) {
		struct irq_desc *desc =
			__atomic_exchange_n(&slots[self][i], NULL, __ATOMIC_ACQUIRE);

		if (desc)
			use_and_put(desc, self);
	}
}

/* A second place, that of another thread. */
static bool publish(struct irq_desc *desc)
{
	_Atomic(struct irq_desc *) *slot =
		&slots[jitter_random() % THREADS][jitter_random() % MAX_SET];
	struct irq_desc *empty = NULL;

	__atomic_store_n(&desc->places, 2, __ATOMIC_RELAXED);
	__atomic_fetch_add(&uses[irq_number(desc)], 1, __ATOMIC_RELAXED);
	if (atomic_compare_exchange_strong_explicit(slot, &empty, desc, memory_order_release,
						    memory_order_relaxed))
		return true;
	__atomic_store_n(&desc->places, 1, __ATOMIC_RELAXED);
	__atomic_fetch_sub(&uses[irq_number(desc)], 1, __ATOMIC_RELAXED);
	return false;
}

static void begin_life(struct irq_desc *desc)
{
	expect(__atomic_fetch_add(&uses[irq_number(desc)], 1, __ATOMIC_RELAXED) == 0);
	expect(desc->kind == IRQ_KIND_FREE && !desc->handler && !handled_in_all(desc));
	expect(!desc->late && !desc->dead && !desc->places);
	desc->kind = IRQ_KIND_MSI;
	desc->handler = handler;
	desc->arg = desc;
	__atomic_store_n(&desc->places, 1, __ATOMIC_RELAXED);
}

static void one_set(unsigned self)
{
	unsigned n = 1 + jitter_random() % MIN(pool, MAX_SET);
	struct irq_desc *set[MAX_SET];
	int rc = irq_desc_claim(n, set);

	expect(rc == (int)n || rc == -ENOSPC);
	if (rc < 0) {
		__atomic_fetch_add(&refused, 1, __ATOMIC_RELAXED);
		return;
	}
	__atomic_fetch_add(&claimed, n, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < n; i++) {
		begin_life(set[i]);
		if (jitter_random() & 1 && publish(set[i]))
			__atomic_fetch_add(&shared, 1, __ATOMIC_RELAXED);
	}
	/* Each is there still: a place of it is ours. */
	for (unsigned i = 0; i < n; i++)
		use_and_put(set[i], self);
}

static void *thread(void *arg)
{
	unsigned self = (unsigned)(uintptr_t)arg;

	jitter_state = (self + 1) * 2654435761u;
	for (unsigned round = 0; round < nr_rounds; round++) {
		one_set(self);
		take_published(self);
	}
	atomic_fetch_sub(&working, 1);
	while (working) {
		take_published(self);
		sched_yield();
	}
	take_published(self);
	return NULL;
}

/* All are there, once each, and what was counted went to the totals. */
static void check_books(void)
{
	static struct irq_desc *all[MAX_POOL];
	static bool seen[MAX_POOL];

	assert_int_equal(errors, 0);
	assert_int_equal(nr_free, pool);
	assert_int_equal(irq_desc_claim(pool, all), pool);
	assert_int_equal(irq_desc_claim(1, all), -ENOSPC);
	memset(seen, 0, sizeof(seen));
	for (unsigned i = 0; i < pool; i++) {
		assert_false(seen[irq_number(all[i])]);
		seen[irq_number(all[i])] = true;
		assert_int_equal(handled_in_all(all[i]), 0);
	}
	assert_int_equal(irq_gone.late, late);
	assert_int_equal(irq_gone.dead, dead);
}

static void life(unsigned nr_harts)
{
	pthread_t t[THREADS];

	smp_nr_harts = nr_harts;
	assert_int_equal(irq_init(pool), 0);
	memset(&irq_gone, 0, sizeof(irq_gone));
	late = dead = 0;
	working = THREADS;
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, thread, (void *)i), 0);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	check_books();
}

static void no_descriptor_twice_and_none_lost(void **state)
{
	static const struct {
		unsigned pool, harts, rounds;
	} sizes[] = {
		{ 1, 1, 15000 },   { 2, 4, 15000 },   { 63, 1, 4000 },
		{ 64, 4, 4000 },   { 65, 9, 4000 },   { 255, 4, 3000 },
		{ 255, 64, 1500 }, { 2047, 1, 3000 }, { 2047, 64, 1500 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		pool = sizes[i].pool;
		nr_rounds = sizes[i].rounds;
		jitter_every = i % 2 ? 64 : 16;
		life(sizes[i].harts);
	}
	jitter_every = 0;
	print_message("%lu descriptors claimed, %lu of them shared, %lu sets refused\n",
		      (unsigned long)claimed, (unsigned long)shared, (unsigned long)refused);
	assert_true(claimed > 1000000 && shared > 100000 && refused > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_descriptor_twice_and_none_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
// SOURCES: kernel/desc.c kernel/irq_block.c
// SANITIZE: thread
/*
 * The ownership word and the in-progress latch of kernel/irq.c: threads are harts, each
 * with an interrupt file of pending bits, and the trap path of
 * drivers/irqchip/imsic_entry.S is written out in C. Under ThreadSanitizer.
 */
#include "tests/host/jitter.h"

#include "kernel/irq.c"
#include "kernel/slot.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/host/cmocka_test.h"
#include "tests/host/fake_mmio.h"

#define HARTS    3
#define MAX_ID   63
#define NR_DESCS 8

static struct hart harts[HARTS];
static _Atomic uint64_t file[HARTS]; /* eip: bit i is identity i */
static _Atomic unsigned notes;

struct hart **smp_harts = (struct hart *[]){ &harts[0], &harts[1], &harts[2] };
uint32_t smp_nr_harts = HARTS;

int storm_hart_init(unsigned hart, unsigned max_id)
{
	(void)hart;
	(void)max_id;
	return 0;
}

void storm_note(unsigned identity, struct irq_desc *desc)
{
	(void)identity;
	(void)desc;
	notes++;
}

/* release and acquire: as MMIO and the fences of the trap path (M16). */
static void store_identity(unsigned hart, unsigned identity)
{
	__atomic_fetch_or(&file[hart], BIT64(identity), __ATOMIC_RELEASE);
}

/* --- the source: mask bit, pending bit and message, as MSI-X --- */

static struct source {
	pthread_mutex_t lock; /* the device's own: not on the kernel's side */
	bool masked, pending;
	unsigned hart, identity;
} source;
static bool maskable;
static void (*under_owner)(void); /* what others do while the owner moves the vector */
static _Atomic unsigned owners, raised, seen, runs, inside, errors;
static unsigned scratch; /* not atomic: only the running handler touches it */

static void expect(bool ok)
{
	if (!ok)
		atomic_fetch_add(&errors, 1);
}

static void send(void)
{
	if (source.masked) {
		source.pending = true;
		return;
	}
	source.pending = false;
	store_identity(source.hart, source.identity);
}

static void raise_event(void)
{
	pthread_mutex_lock(&source.lock);
	__atomic_fetch_add(&raised, 1, __ATOMIC_RELEASE);
	send();
	pthread_mutex_unlock(&source.lock);
}

static void source_unmask(struct irq_desc *desc)
{
	(void)desc;
	expect(atomic_fetch_add(&owners, 1) == 0);
	pthread_mutex_lock(&source.lock);
	source.masked = false;
	if (source.pending)
		send();
	pthread_mutex_unlock(&source.lock);
	atomic_fetch_sub(&owners, 1);
}

static void source_mask(struct irq_desc *desc)
{
	(void)desc;
	expect(atomic_fetch_add(&owners, 1) == 0);
	pthread_mutex_lock(&source.lock);
	source.masked = maskable;
	pthread_mutex_unlock(&source.lock);
	atomic_fetch_sub(&owners, 1);
}

static void source_retrigger(struct irq_desc *desc)
{
	store_identity(desc->hart, desc->identity);
}

static void write_message(struct irq_desc *desc)
{
	pthread_mutex_lock(&source.lock);
	source.hart = desc->hart;
	source.identity = desc->identity;
	pthread_mutex_unlock(&source.lock);
}

static int source_activate(struct irq_desc *desc, uint8_t shadow)
{
	write_message(desc);
	desc->shadow = shadow;
	if (!(shadow & IRQ_SHADOW_MASKED))
		source_unmask(desc);
	return 0;
}

/* Retirement is tested by test_retire.c: here a place that was left stays the vector's. */
static void park(unsigned hart, unsigned identity, struct irq_desc *left)
{
	atomic_store_explicit(&harts[hart].parked[identity], (uintptr_t)left, memory_order_release);
	atomic_store_explicit(&harts[hart].slots[identity], &irq_parked, memory_order_release);
}

int retire_hart_init(unsigned hart)
{
	(void)hart;
	return 0;
}

struct irq_desc *retire_late(unsigned identity)
{
	return (struct irq_desc *)atomic_load_explicit(&this_hart()->parked[identity],
						       memory_order_acquire);
}

/* The vector has one identity of its own at each hart. */
static int source_move(struct irq_desc *desc, unsigned hart)
{
	unsigned old_hart = desc->hart, old_identity = desc->identity;

	expect(atomic_fetch_add(&owners, 1) == 0);
	irq_slot_publish(hart, 10 + hart, desc);
	desc->hart = (uint16_t)hart;
	desc->identity = (uint16_t)(10 + hart);
	write_message(desc);
	if (under_owner)
		under_owner();
	if (hart != old_hart)
		park(old_hart, old_identity, desc);
	atomic_fetch_sub(&owners, 1);
	return 0;
}

static const struct irq_chip chip = {
	.name = "source",
	.activate = source_activate,
	.mask = source_mask,
	.unmask = source_unmask,
	.retrigger = source_retrigger,
	.set_affinity = source_move,
};

static void handler(void *arg)
{
	expect(arg == &source);
	expect(atomic_fetch_add(&inside, 1) == 0);
	scratch++;
	seen = __atomic_load_n(&raised, __ATOMIC_ACQUIRE);
	jitter();
	runs++;
	atomic_fetch_sub(&inside, 1);
}

/* --- the trap path, one claim: false when nothing is pending --- */

static bool take_interrupt(void)
{
	struct hart *hart = this_hart();
	uint64_t pending = file[hart->index];
	struct irq_desc *desc;
	unsigned identity;
	uint32_t old;

	if (!pending)
		return false;
	identity = (unsigned)__builtin_ctzll(pending);
	__atomic_fetch_and(&file[hart->index], ~BIT64(identity), __ATOMIC_ACQUIRE);
	jitter();
	/* release in irq_slot_publish() pairs with the path's fence */
	desc = __atomic_load_n(&hart->slots[identity], __ATOMIC_ACQUIRE);
	old = atomic_fetch_or_explicit(&desc->state, IRQ_RUN, memory_order_acquire);
	if (old & (IRQ_RUN | IRQ_OFF | IRQ_DEAD))
		desc = irq_claim_slow(desc, old, identity);
	if (!desc)
		return true;
	hart->current = desc;
	desc->handler(desc->arg);
	__atomic_fetch_add(&desc->handled[hart->index], 1, __ATOMIC_RELAXED);
	old = atomic_fetch_and_explicit(&desc->state, ~IRQ_RUN, memory_order_release);
	if (old & IRQ_PEND)
		irq_complete_slow(desc, identity);
	hart->current = NULL;
	return true;
}

static void resend(unsigned identity)
{
	store_identity(this_hart()->index, identity);
}

static void set_file_bit(unsigned identity)
{
	(void)identity;
}

static const struct irq_file_ops file_ops = {
	.close = set_file_bit,
	.open = set_file_bit,
	.resend = resend,
};

static struct irq_desc *desc;

static void start(bool can_mask)
{
	maskable = can_mask;
	under_owner = NULL;
	source = (struct source){ .lock = PTHREAD_MUTEX_INITIALIZER, .masked = true };
	owners = raised = seen = runs = inside = errors = notes = 0;
	scratch = 0;
	irq_spurious_total = 0;
	memset(harts, 0, sizeof(harts));
	for (unsigned i = 0; i < HARTS; i++) {
		file[i] = 0;
		harts[i].index = i;
		harts[i].state = HART_ONLINE;
		assert_int_equal(irq_hart_init(i, MAX_ID), 0);
	}
	arch_set_this_hart(&harts[0]);
	irq_set_file_ops(&file_ops);
	assert_int_equal(irq_init(NR_DESCS), 0);
	assert_int_equal(irq_desc_claim(1, &desc), 1);
	irq_desc_init(desc, IRQ_KIND_MSI, &chip, 0, 10);
	desc->handler = handler;
	desc->arg = &source;
	irq_slot_publish(0, 10, desc);
	assert_int_equal(irq_activate(desc), 0);
}

static void drain(void)
{
	for (unsigned i = 0; i < HARTS; i++) {
		arch_set_this_hart(&harts[i]);
		while (take_interrupt())
			;
	}
	arch_set_this_hart(&harts[0]);
}

/* --- one thread: the cases --- */

static void handled_once(void **state)
{
	(void)state;
	start(true);
	raise_event();
	drain();
	assert_int_equal(runs, 1);
	assert_int_equal(irq_handled(desc), 1);
	assert_int_equal(desc->state & (IRQ_RUN | IRQ_PEND | IRQ_OWNED), 0);
}

static void masked_at_the_source(void **state)
{
	(void)state;
	start(true);
	irq_mask(desc);
	raise_event();
	drain();
	assert_int_equal(runs, 0);
	assert_int_equal(irq_unmask(desc), 0);
	drain();
	assert_int_equal(runs, 1);
}

/* No mask bit: OFF binds dispatch, one event is latched, unmask sends it again. */
static void masked_by_the_word(void **state)
{
	(void)state;
	start(false);
	irq_mask(desc);
	raise_event();
	raise_event();
	drain();
	raise_event();
	drain();
	assert_int_equal(runs, 0);
	assert_true(desc->state & IRQ_PEND);
	assert_false(desc->state & IRQ_RUN);
	assert_int_equal(notes, 2);
	irq_unmask(desc);
	assert_false(desc->state & IRQ_PEND);
	drain();
	assert_int_equal(runs, 1);
	assert_int_equal(seen, 3);
}

static void raise_and_claim_again(void *arg)
{
	handler(arg);
	if (runs > 1)
		return;
	/* Another claim while this one runs, as on another hart after a move. */
	raise_event();
	arch_set_this_hart(&harts[1]);
	store_identity(1, 10);
	irq_slot_publish(1, 10, desc);
	assert_true(take_interrupt());
	arch_set_this_hart(&harts[0]);
	/* It came there alone. */
	file[0] = 0;
	assert_int_equal(runs, 1);
	assert_true(desc->state & IRQ_PEND);
}

static void claimed_while_it_runs(void **state)
{
	(void)state;
	start(true);
	desc->handler = raise_and_claim_again;
	raise_event();
	assert_true(take_interrupt());
	assert_int_equal(runs, 1);
	/* Latched and re-sent to the own file, once. */
	file[1] = 0;
	assert_true(file[0] == BIT64(10));
	assert_false(desc->state & IRQ_PEND);
	drain();
	assert_int_equal(runs, 2);
}

static void late_after_a_move(void **state)
{
	(void)state;
	start(true);
	raise_event(); /* on its way to hart 0 */
	assert_int_equal(irq_set_affinity(desc, 2), 0);
	assert_int_equal(desc->hart, 2);
	assert_int_equal(desc->moved, 1);
	drain();
	assert_int_equal(runs, 1);
	assert_int_equal(desc->late, 1);
	raise_event();
	assert_true(file[2] == BIT64(12));
	drain();
	assert_int_equal(runs, 2);
	assert_int_equal(irq_set_affinity(desc, HARTS), -ENODEV);
}

static void mask_only(void)
{
	under_owner = NULL;
	irq_mask(desc);
}

static void wish_under_an_owner(void **state)
{
	(void)state;
	start(true);
	under_owner = mask_only;
	irq_set_affinity(desc, 1);
	assert_true(source.masked);
	assert_false(desc->state & IRQ_OWNED);
	raise_event();
	drain();
	assert_int_equal(runs, 0);
	irq_unmask(desc);
	drain();
	assert_int_equal(runs, 1);
}

/* Another owner, who lets go without having seen the wish that clears the bit. */
static void *slow_owner(void *arg)
{
	uint32_t wished = *(uint32_t *)arg;

	while (atomic_load(&desc->state) & wished)
		cpu_relax();
	usleep(2000);
	atomic_fetch_and(&desc->state, ~IRQ_OWNED);
	return NULL;
}

/* The function is let loose when this is back: its message must not be still to be written. */
static void comes_back_under_an_owner(int (*back)(struct irq_desc *desc), uint32_t wished)
{
	pthread_t owner;

	atomic_fetch_or(&desc->state, IRQ_OWNED);
	assert_int_equal(pthread_create(&owner, NULL, slow_owner, &wished), 0);
	assert_int_equal(back(desc), 0);
	assert_true(desc->shadow & IRQ_SHADOW_WRITTEN);
	pthread_join(owner, NULL);
}

static void written_when_it_is_back(void **state)
{
	(void)state;
	start(false);
	irq_deactivate(desc);
	comes_back_under_an_owner(irq_activate, IRQ_INACTIVE);
	irq_suspend(desc);
	comes_back_under_an_owner(irq_resume, IRQ_SUSPENDED);
	raise_event();
	drain();
	assert_int_equal(runs, 1);
}

static void mask_claim_unmask(void)
{
	under_owner = NULL;
	irq_mask(desc);
	raise_event();
	drain();
	irq_unmask(desc);
}

/* The owner finds the wishes as it applied them, but an event was latched in between. */
static void event_latched_under_an_owner(void **state)
{
	(void)state;
	start(false);
	under_owner = mask_claim_unmask;
	irq_set_affinity(desc, 1);
	drain();
	assert_int_equal(runs, 1);
	assert_int_equal(desc->state & (IRQ_PEND | IRQ_OWNED), 0);
}

/* The claim found RUN or OFF, which is gone when it comes to latch the event: it handles it. */
static void ended_while_it_is_latched(void **state)
{
	(void)state;
	start(true);
	assert_ptr_equal(irq_claim_slow(desc, IRQ_RUN, 10), desc);
	assert_int_equal(desc->state & (IRQ_RUN | IRQ_PEND), IRQ_RUN);
	/* This claim holds RUN itself. */
	assert_ptr_equal(irq_claim_slow(desc, IRQ_OFF, 10), desc);
	assert_int_equal(desc->state & (IRQ_RUN | IRQ_PEND), IRQ_RUN);
	/* And this one does not. */
	assert_null(irq_claim_slow(desc, IRQ_RUN, 10));
	assert_int_equal(desc->state & (IRQ_RUN | IRQ_PEND), IRQ_RUN | IRQ_PEND);
}

static void nobodys_identity(void **state)
{
	uint32_t unowned = irq_unowned.spurious;

	(void)state;
	start(true);
	store_identity(0, 33);
	store_identity(1, 0);
	drain();
	assert_int_equal(irq_spurious_total, 2);
	assert_int_equal(irq_unowned.spurious - unowned, 1); /* 0 is no identity */
	assert_int_equal(notes, 1);                          /* identity 0 can't be shut off */
}

static void dead_is_never_handled(void **state)
{
	(void)state;
	start(true);
	raise_event();
	irq_kill(desc);
	/* An unmask that raced with the kill. */
	irq_unmask(desc);
	drain();
	assert_int_equal(runs, 0);
	assert_int_equal(desc->dead, 1);
	park(0, 10, desc);
	store_identity(0, 10);
	drain();
	assert_int_equal(runs, 0);
	assert_int_equal(desc->dead, 2);
	assert_false(desc->state & IRQ_RUN);
}

static void descriptors(void **state)
{
	struct irq_desc *out[NR_DESCS];

	(void)state;
	start(true);
	assert_int_equal(irq_desc_claim(NR_DESCS, out), -ENOSPC);
	assert_int_equal(irq_desc_claim(NR_DESCS - 1, out), NR_DESCS - 1);
	assert_int_equal(irq_number(out[0]), 1);
	assert_int_equal(irq_desc_claim(1, out), -ENOSPC);
	assert_int_equal(irq_desc_count(), NR_DESCS);
	assert_ptr_equal(irq_desc_at(0), desc);
	assert_null(irq_desc_at(NR_DESCS));
}

/* --- threads: harts take interrupts, one raises, others mask and move --- */

static _Atomic bool stop;
static bool with_moves;
static unsigned raises;

static void *hart_thread(void *arg)
{
	unsigned index = (unsigned)(uintptr_t)arg;

	jitter_state = 17 * (index + 1);
	arch_set_this_hart(&harts[index]);
	while (!stop)
		if (!take_interrupt())
			sched_yield();
	while (take_interrupt())
		;
	return NULL;
}

static void *raiser_thread(void *arg)
{
	(void)arg;
	jitter_state = 1001;
	for (unsigned i = 0; i < raises; i++) {
		raise_event();
		if (!(jitter_random() & 3))
			sched_yield();
	}
	return NULL;
}

static void *masker_thread(void *arg)
{
	(void)arg;
	jitter_state = 2002;
	for (unsigned i = 0; i < raises; i++) {
		/* Each round of an owner leaves a barrier there, and nobody reads them. */
		fake_mmio_log_clear();
		irq_mask(desc);
		if (!(jitter_random() & 3))
			sched_yield();
		irq_unmask(desc);
		if (with_moves)
			irq_set_affinity(desc, jitter_random() % HARTS);
	}
	return NULL;
}

/* Ends with the vector on: then the last event must have been seen. */
static void life(bool can_mask, bool moves)
{
	pthread_t hart[HARTS], raiser, masker[2];

	start(can_mask);
	stop = false;
	with_moves = moves;
	for (unsigned i = 0; i < HARTS; i++)
		pthread_create(&hart[i], NULL, hart_thread, (void *)(uintptr_t)i);
	pthread_create(&raiser, NULL, raiser_thread, NULL);
	for (unsigned i = 0; i < 2; i++)
		pthread_create(&masker[i], NULL, masker_thread, NULL);
	pthread_join(raiser, NULL);
	for (unsigned i = 0; i < 2; i++)
		pthread_join(masker[i], NULL);
	stop = true;
	for (unsigned i = 0; i < HARTS; i++)
		pthread_join(hart[i], NULL);
	drain();
	assert_int_equal(errors, 0);
	assert_int_equal(raised, raises);
	assert_int_equal(seen, raises);
	assert_int_equal(scratch, runs);
	assert_int_equal(irq_handled(desc), runs);
	assert_int_equal(desc->state & (IRQ_RUN | IRQ_PEND | IRQ_OWNED | IRQ_OFF), 0);
}

static void lives(bool can_mask, bool moves)
{
	/* Many short ones: what is lost shows only at the end. */
	raises = 20;
	for (unsigned i = 0; i < 300; i++) {
		jitter_every = 4u << i % 4;
		life(can_mask, moves);
	}
	raises = 5000;
	life(can_mask, moves);
	jitter_every = 0;
}

static void life_with_mask_bit(void **state)
{
	(void)state;
	lives(true, false);
}

static void life_without_mask_bit(void **state)
{
	(void)state;
	lives(false, false);
}

static void life_with_moves(void **state)
{
	(void)state;
	lives(true, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handled_once),
		cmocka_unit_test(masked_at_the_source),
		cmocka_unit_test(masked_by_the_word),
		cmocka_unit_test(claimed_while_it_runs),
		cmocka_unit_test(late_after_a_move),
		cmocka_unit_test(wish_under_an_owner),
		cmocka_unit_test(written_when_it_is_back),
		cmocka_unit_test(event_latched_under_an_owner),
		cmocka_unit_test(ended_while_it_is_latched),
		cmocka_unit_test(nobodys_identity),
		cmocka_unit_test(dead_is_never_handled),
		cmocka_unit_test(descriptors),
		cmocka_unit_test(life_with_mask_bit),
		cmocka_unit_test(life_without_mask_bit),
		cmocka_unit_test(life_with_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

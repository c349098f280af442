// SPDX-License-Identifier: Apache-2.0
// SOURCES: kernel/desc.c kernel/msi_release.c kernel/vector.c kernel/vector_file.c
// SOURCES: kernel/irq_block.c drivers/msi/direct_move.c
// SANITIZE: thread
/*
 * Retirement (docs/msi.md M11) with the real backend, word, descriptors and vector space.
 * Threads are harts; each interrupt file has a queue of stores that take effect in order,
 * sometime; a function sends into a buffer that a read from it empties. Each message
 * carries the life of the vector that sent it: none may ever reach another's.
 */
#include "tests/host/jitter.h"

#include "drivers/msi/direct.c"
#include "kernel/irq.c"
#include "kernel/retire.c"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tests/host/cmocka_test.h"
#include "tests/host/fake_mmio.h"

#define HARTS     3
#define FIRST     60
#define MAX_ID    69 /* few places, in two words */
#define ROOM      (HARTS * (MAX_ID - FIRST + 1))
#define KICK      1
#define DRAIN     2
#define FUNCTIONS 3
#define VECTORS   6
#define QUEUE     4096

static struct hart harts[HARTS];
struct hart **smp_harts = (struct hart *[]){ &harts[0], &harts[1], &harts[2] };
uint32_t smp_nr_harts = HARTS;

static _Atomic unsigned errors; /* the line of one */
static unsigned kicks[HARTS];

/* cmocka's asserts belong to the thread of main(). */
#define expect(ok) expect_at(ok, __LINE__)
static void expect_at(bool ok, unsigned line)
{
	if (!ok)
		errors = line;
}

bool smp_online(unsigned index)
{
	return index < HARTS;
}

int storm_hart_init(unsigned hart, unsigned max_id)
{
	(void)hart, (void)max_id;
	return 0;
}

void storm_note(unsigned identity, struct irq_desc *desc)
{
	(void)identity, (void)desc;
}

void storm_forget(unsigned identity)
{
	(void)identity;
}

/* --- interrupt files --- */

static struct file {
	_Atomic uint64_t queue[QUEUE]; /* life << 16 | identity; 0: not there yet */
	_Atomic unsigned tail;
	unsigned head; /* the hart's own, as the rest */
	uint64_t eip[2];
	uint64_t life[MAX_ID + 1]; /* who made it pending */
} files[HARTS];
static bool slow; /* stores stay in the queue for a while */

static void store(unsigned hart, unsigned identity, uint64_t life)
{
	struct file *file = &files[hart];
	unsigned at = __atomic_fetch_add(&file->tail, 1, __ATOMIC_RELAXED) % QUEUE;

	while (__atomic_load_n(&file->queue[at], __ATOMIC_RELAXED))
		sched_yield();
	/* release and acquire: fence w,o before the store, fence i,rw after the claim (M16) */
	__atomic_store_n(&file->queue[at], life << 16 | identity, __ATOMIC_RELEASE);
}

static void take_effect(struct file *file)
{
	while (!slow || jitter_random() % 4) {
		uint64_t store =
			__atomic_exchange_n(&file->queue[file->head % QUEUE], 0, __ATOMIC_ACQUIRE);
		unsigned identity = store & 0xffff;

		if (!store)
			return;
		file->head++;
		file->eip[identity / 64] |= BIT64(identity % 64);
		file->life[identity] = store >> 16;
	}
}

void smp_kick(unsigned index)
{
	store(index, KICK, 0);
}

static void resend(unsigned identity)
{
	unsigned self = this_hart()->index;

	store(self, identity, files[self].life[identity]);
}

static uint64_t pending_word(unsigned word)
{
	take_effect(&files[this_hart()->index]);
	return files[this_hart()->index].eip[word];
}

static void drain(void)
{
	store(this_hart()->index, DRAIN, 0);
}

static const struct irq_file_ops file_ops = {
	.resend = resend,
	.pending = pending_word,
	.drain = drain,
};

/* The trap path, one claim; false when nothing is pending. */
static bool take_interrupt(void)
{
	struct hart *hart = this_hart();
	struct file *file = &files[hart->index];
	struct irq_desc *desc;
	unsigned identity, word;
	uint32_t old;

	take_effect(file);
	word = !file->eip[0];
	if (!file->eip[word])
		return false;
	identity = 64 * word + (unsigned)__builtin_ctzll(file->eip[word]);
	file->eip[word] &= file->eip[word] - 1;
	kicks[hart->index] += identity == KICK;
	desc = atomic_load_explicit(&hart->slots[identity], memory_order_acquire);
	if (identity >= FIRST) {
		uintptr_t parked =
			atomic_load_explicit(&hart->parked[identity], memory_order_acquire);
		const struct irq_desc *whose = desc == &irq_parked ? desc_of(parked) : desc;

		/* The message is of the vector that is found here, in this life. */
		expect(whose != &irq_unowned && whose->arg == (void *)file->life[identity]);
	}
	old = atomic_fetch_or_explicit(&desc->state, IRQ_RUN, memory_order_acquire);
	if (old & (IRQ_RUN | IRQ_SHUT))
		desc = irq_claim_slow(desc, old, identity);
	if (!desc)
		return true;
	desc->handler(desc->arg);
	__atomic_fetch_add(&desc->handled[hart->index], 1, __ATOMIC_RELAXED);
	old = atomic_fetch_and_explicit(&desc->state, ~IRQ_RUN, memory_order_release);
	if (old & IRQ_PEND)
		irq_complete_slow(desc, identity);
	return true;
}

static void kicked(void *arg)
{
	(void)arg;
	retire_kicked();
}

static void drained(void *arg)
{
	(void)arg;
	retire_drained();
}

/* --- functions: MSI-X tables --- */

static struct source {
	pthread_mutex_t lock; /* the device's own: not on the kernel's side */
	uint64_t life;        /* of the vector; 0: none */
	bool masked, pending;
	unsigned hart, identity;
	struct {
		unsigned hart, identity;
	} sent[4]; /* on their way */
	unsigned nr_sent;
	_Atomic unsigned raised, seen, inside;
	unsigned diary; /* not atomic: only the running handler touches it */
} sources[FUNCTIONS][VECTORS];
static struct msi_function functions[FUNCTIONS];
static struct irq_desc *descs_of[FUNCTIONS][VECTORS];
static struct vector_place places_of[FUNCTIONS][VECTORS];

/* Which vector, and which of its lives. */
static uint64_t life_of(unsigned fn, unsigned i, unsigned life)
{
	return (uint64_t)life << 8 | fn << 4 | i;
}

static struct source *source_of(uint64_t life)
{
	return &sources[life >> 4 & 15][life & 15];
}

static struct source *row(const struct msi_function *fn, unsigned i)
{
	return &sources[fn - functions][i];
}

/* With the lock: all that was sent is at the interrupt files. */
static void arrive(struct source *source)
{
	for (unsigned i = 0; i < source->nr_sent; i++)
		store(source->sent[i].hart, source->sent[i].identity, source->life);
	source->nr_sent = 0;
}

static void send_message(struct source *source)
{
	if (source->masked) {
		source->pending = true;
		return;
	}
	source->pending = false;
	if (source->nr_sent == ARRAY_SIZE(source->sent))
		arrive(source);
	source->sent[source->nr_sent].hart = source->hart;
	source->sent[source->nr_sent++].identity = source->identity;
}

static void raise_event(struct source *source)
{
	pthread_mutex_lock(&source->lock);
	__atomic_fetch_add(&source->raised, 1, __ATOMIC_RELEASE);
	send_message(source);
	pthread_mutex_unlock(&source->lock);
}

static int write_msg(struct msi_function *fn, unsigned i, const struct msi_msg *msg)
{
	struct source *source = row(fn, i);

	pthread_mutex_lock(&source->lock);
	expect(source->masked);
	source->hart = (unsigned)msg->address;
	source->identity = msg->data;
	arrive(source);
	pthread_mutex_unlock(&source->lock);
	return 0;
}

/* The read back flushes. */
static void set_mask(struct msi_function *fn, unsigned i, bool masked)
{
	struct source *source = row(fn, i);

	pthread_mutex_lock(&source->lock);
	source->masked = masked;
	if (!masked && source->pending)
		send_message(source);
	arrive(source);
	pthread_mutex_unlock(&source->lock);
}

static void mask_entry(struct msi_function *fn, unsigned i)
{
	set_mask(fn, i, true);
}

static void unmask_entry(struct msi_function *fn, unsigned i)
{
	set_mask(fn, i, false);
}

static int prepare(struct msi_function *fn, unsigned count)
{
	(void)fn, (void)count;
	return 0;
}

static void nothing(struct msi_function *fn)
{
	(void)fn;
}

static void flush(struct msi_function *fn)
{
	for (unsigned i = 0; i < VECTORS; i++)
		set_mask(fn, i, true);
}

static const struct msi_function_ops function_ops = {
	.type = MSI_MSIX,
	.write_msg = write_msg,
	.mask = mask_entry,
	.unmask = unmask_entry,
	.prepare = prepare,
	.start = nothing,
	.stop = nothing,
	.flush = flush,
};

/* --- the domain --- */

static struct vector_space room;
static struct vector_file room_files[HARTS];
/* Not atomic: ThreadSanitizer sees a release that misses the next claim. */
static unsigned diary[HARTS][MAX_ID + 1];

static int claim(unsigned min, unsigned max, const uint16_t *wish, bool block,
		 struct vector_place *places)
{
	int rc = block ? vector_claim_block(&room, max, wish[0], places)
		       : vector_claim(&room, min, max, wish, places);

	for (int i = 0; i < rc; i++)
		diary[places[i].hart][places[i].identity]++;
	return rc;
}

static void compose(unsigned hart, unsigned identity, struct msi_msg *msg)
{
	*msg = (struct msi_msg){ .address = hart, .data = identity };
}

/* By the owner of the vector that sits there. */
static void send(unsigned hart, unsigned identity)
{
	const struct irq_desc *desc =
		atomic_load_explicit(&harts[hart].slots[identity], memory_order_acquire);

	store(hart, identity, (uint64_t)desc->arg);
}

static const struct msi_domain domain = { .claim = claim,
					  .space = &room,
					  .compose = compose,
					  .send = send };

/* --- a machine --- */

static void handler(void *arg)
{
	struct source *source = source_of((uint64_t)arg);

	expect(atomic_fetch_add(&source->inside, 1) == 0);
	source->diary++;
	source->seen = __atomic_load_n(&source->raised, __ATOMIC_ACQUIRE);
	jitter();
	atomic_fetch_sub(&source->inside, 1);
}

static void fixed(unsigned hart, unsigned identity, irq_handler_t fn)
{
	struct irq_desc *desc;

	assert_int_equal(irq_desc_claim(1, &desc), 1);
	irq_desc_init(desc, IRQ_KIND_FIXED, NULL, hart, identity);
	desc->handler = fn;
	irq_slot_publish(hart, identity, desc);
}

static void start(void)
{
	memset(harts, 0, sizeof(harts));
	memset(files, 0, sizeof(files));
	memset(sources, 0, sizeof(sources));
	memset(room_files, 0, sizeof(room_files));
	memset(kicks, 0, sizeof(kicks));
	memset(&irq_gone, 0, sizeof(irq_gone));
	errors = 0;
	irq_spurious_total = 0;
	assert_int_equal(irq_init(ROOM + 2 * HARTS), 0);
	vector_space_init(&room, room_files, HARTS);
	retire_init(&room);
	irq_set_file_ops(&file_ops);
	for (unsigned i = 0; i < HARTS; i++) {
		harts[i].index = i;
		assert_int_equal(irq_hart_init(i, MAX_ID), 0);
		fixed(i, KICK, kicked);
		fixed(i, DRAIN, drained);
		for (unsigned id = DRAIN + 1; id < FIRST; id++)
			harts[i].slots[id] = harts[i].slots[DRAIN];
		vector_file_open(&room, i, FIRST, MAX_ID);
	}
	for (unsigned f = 0; f < FUNCTIONS; f++) {
		functions[f] = (struct msi_function){
			.ops = &function_ops,
			.domain = &domain,
			.maskable = true,
			.descs = descs_of[f],
			.places = places_of[f],
		};
		for (unsigned i = 0; i < VECTORS; i++)
			pthread_mutex_init(&sources[f][i].lock, NULL);
	}
	arch_set_this_hart(&harts[0]);
}

/* A set of the function, enabled: this life of its vectors; or -errno. */
static int live(unsigned f, unsigned n, unsigned life, const uint16_t *wish)
{
	struct msi_function *fn = &functions[f];
	int rc = alloc(fn, MSI_MSIX, n, n, wish);

	if (rc < 0)
		return rc;
	fn->count = (uint16_t)n;
	for (unsigned i = 0; i < n; i++) {
		struct source *source = &sources[f][i];

		pthread_mutex_lock(&source->lock);
		source->life = life_of(f, i, life);
		source->masked = true;
		source->pending = false;
		source->raised = source->seen = 0;
		pthread_mutex_unlock(&source->lock);
		fn->descs[i]->handler = handler;
		fn->descs[i]->arg = (void *)source->life;
	}
	expect(!enable(fn));
	fn->enabled = true;
	return (int)n;
}

static void die(unsigned f)
{
	free_set(&functions[f]);
	functions[f].enabled = false;
	functions[f].count = functions[f].held = 0;
}

static void run_hart(unsigned i)
{
	arch_set_this_hart(&harts[i]);
	while (take_interrupt())
		;
}

static void run_all(void)
{
	/* Drains start drains: until all is quiet. */
	for (unsigned round = 0; round < 8; round++)
		for (unsigned i = 0; i < HARTS; i++)
			run_hart(i);
	arch_set_this_hart(&harts[0]);
}

/* At rest, with nothing allocated: all is free again. */
static void check_all_free(void)
{
	struct irq_desc *all[ROOM];

	assert_int_equal(errors, 0);
	assert_int_equal(irq_spurious_total, 0);
	assert_int_equal(irq_gone.spurious, 0);
	assert_int_equal(room.credit, ROOM);
	for (unsigned i = 0; i < HARTS; i++) {
		for (unsigned id = FIRST; id <= MAX_ID; id++) {
			assert_ptr_equal(harts[i].slots[id], &irq_unowned);
			assert_int_equal(harts[i].parked[id], 0);
		}
		assert_int_equal(harts[i].retire->batch_words, 0);
	}
	assert_int_equal(irq_desc_claim(ROOM, all), ROOM);
	for (unsigned i = 0; i < ROOM; i++)
		assert_int_equal(irq_handled(all[i]), 0);
	assert_int_equal(irq_desc_claim(1, all), -ENOSPC);
}

/* --- one thread: the cases --- */

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
	retire_keep(desc, 0, identity);
	smp_kick(0);
	run_all();
	assert_int_equal(tag_at(0, identity), RETIRE_KEPT);
	assert_int_equal(retire_take_back(desc, 0), identity);
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

/* --- threads: harts, and drivers whose sets live, move and die --- */

static _Atomic bool stop;
static unsigned lives;
static _Atomic unsigned refused, sets, moves;

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
		rc = irq_set_affinity(desc, jitter_random() % HARTS);
		expect(!rc || rc == -ENOSPC || rc == -EAGAIN);
		moves += !rc;
		break;
	default:
		raise_event(&sources[f][i]);
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
	for (unsigned life = 1; life <= lives; life++) {
		unsigned n = 1 + jitter_random() % VECTORS;
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

static void lives_and_deaths(void **state)
{
	pthread_t hart[HARTS], driver[FUNCTIONS];

	(void)state;
	start();
	stop = false;
	slow = true;
	lives = 4000;
	jitter_every = 32;
	for (unsigned i = 0; i < HARTS; i++)
		pthread_create(&hart[i], NULL, hart_thread, (void *)(uintptr_t)i);
	for (unsigned i = 0; i < FUNCTIONS; i++)
		pthread_create(&driver[i], NULL, driver_thread, (void *)(uintptr_t)i);
	for (unsigned i = 0; i < FUNCTIONS; i++)
		pthread_join(driver[i], NULL);
	stop = true;
	for (unsigned i = 0; i < HARTS; i++)
		pthread_join(hart[i], NULL);
	slow = false;
	jitter_every = 0;
	run_all();
	print_message("%u sets, %u moves, %u late, %u dead, %u refused\n", sets, moves,
		      (unsigned)irq_gone.late, (unsigned)irq_gone.dead, refused);
	check_all_free();
	assert_true(sets > lives && moves > 10000);
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
		cmocka_unit_test(lives_and_deaths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

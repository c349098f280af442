/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Retirement (docs/msi.md M11) with the real backend, word, descriptors and vector space, for
 * tests/host/test_retire*.c. Threads are harts; a function sends into a buffer that a read from it
 * empties. Each message carries the life of the vector that sent it: none may ever reach another's.
 */
#include "tests/host/retire_files.h"

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
	mark(MARK_FLUSH);
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

static void stop_sending(struct msi_function *fn)
{
	for (unsigned i = 0; i < VECTORS; i++)
		set_mask(fn, i, true);
}

static void flush(struct msi_function *fn)
{
	for (unsigned i = 0; i < VECTORS; i++) {
		pthread_mutex_lock(&row(fn, i)->lock);
		arrive(row(fn, i));
		pthread_mutex_unlock(&row(fn, i)->lock);
	}
}

/*
 * Functions but the first have their table mapped, for owners who write entries by themselves (`flat`). A
 * message is sampled whole, so it must be masked while it is written.
 */
#define TABLES 0x50000000

static uint64_t table_read(void *ctx, uintptr_t offset, unsigned size)
{
	struct msi_function *fn = ctx;

	(void)offset, (void)size;
	flush(fn);
	return 0;
}

static void table_write(void *ctx, uintptr_t offset, unsigned size, uint64_t value)
{
	unsigned i = (unsigned)offset / MSI_ENTRY_SIZE;
	struct source *source = row(ctx, i);

	(void)size;
	if (offset % MSI_ENTRY_SIZE == MSI_ENTRY_CONTROL) {
		set_mask(ctx, i, value & 1);
		return;
	}
	pthread_mutex_lock(&source->lock);
	expect(source->masked);
	if (offset % MSI_ENTRY_SIZE == MSI_ENTRY_ADDRESS)
		source->hart = (unsigned)value;
	else if (offset % MSI_ENTRY_SIZE == MSI_ENTRY_DATA)
		source->identity = (unsigned)value;
	pthread_mutex_unlock(&source->lock);
}

static void map_table(struct msi_function *fn)
{
	static uint32_t keep[VECTORS];

	fn->entries = TABLES + (uintptr_t)(fn - functions) * 0x1000;
	fn->entry_keep = keep;
	fn->flat = true;
	fake_mmio_map(fn->entries, VECTORS * MSI_ENTRY_SIZE,
		      &(struct fake_device){ table_read, table_write, fn });
}

static const struct msi_function_ops function_ops = {
	.type = MSI_MSIX,
	.write_msg = write_msg,
	.mask = mask_entry,
	.unmask = unmask_entry,
	.prepare = prepare,
	.start = nothing,
	.stop = stop_sending,
	.flush = flush,
};

/* --- the domain --- */

static struct vector_space room;
static struct vector_file room_files[MAX_HARTS];
/* Not atomic: ThreadSanitizer sees a release that misses the next claim. */
static unsigned diary[MAX_HARTS][VECTOR_MAX_ID + 1];

static int claim(struct msi_function *of, unsigned min, unsigned max, const uint16_t *wish,
		 bool block, struct vector_place *places)
{
	int rc = block ? vector_claim_block(&room, max, wish[0], places)
		       : vector_claim(&room, min, max, wish, places);

	(void)of;
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

	mark(MARK_SEND);
	store(hart, identity, (uint64_t)desc->arg);
}

static uint64_t hart_addresses[MAX_HARTS]; /* as in compose() */
static uint64_t *const addresses = hart_addresses;
static const struct msi_domain domain = { .claim = claim,
					  .addresses = &addresses,
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

static unsigned room_of_all(void)
{
	return smp_nr_harts * (max_id - first_id + 1);
}

/* For all places, or as many as there is memory for. */
static unsigned nr_descs(void)
{
	return MIN(room_of_all(), MAX_DESCS);
}

static void start_sized(unsigned nr_harts, unsigned first, unsigned max)
{
	memset(harts, 0, sizeof(harts));
	memset(files, 0, sizeof(files));
	memset(sources, 0, sizeof(sources));
	memset(room_files, 0, sizeof(room_files));
	memset(kicks, 0, sizeof(kicks));
	memset(&irq_gone, 0, sizeof(irq_gone));
	errors = 0;
	irq_spurious_total = 0;
	fake_mmio_reset();
	smp_nr_harts = nr_harts;
	first_id = first;
	max_id = max;
	assert_int_equal(irq_init(nr_descs() + 2 * nr_harts), 0);
	vector_space_init(&room, room_files, nr_harts);
	retire_init(&room);
	irq_set_file_ops(&file_ops);
	for (unsigned i = 0; i < nr_harts; i++) {
		hart_pointers[i] = &harts[i];
		harts[i].index = i;
		hart_addresses[i] = i;
		harts[i].state = HART_ONLINE;
		assert_int_equal(irq_hart_init(i, max), 0);
		fixed(i, KICK, kicked);
		fixed(i, DRAIN, drained);
		for (unsigned id = DRAIN + 1; id < first; id++)
			harts[i].slots[id] = harts[i].slots[DRAIN];
		vector_file_open(&room, i, first, max);
	}
	for (unsigned f = 0; f < FUNCTIONS; f++) {
		functions[f] = (struct msi_function){
			.by = &msi_backend_entry_direct,
			.ops = &function_ops,
			.domain = &domain,
			.maskable = true,
			.descs = descs_of[f],
			.places = places_of[f],
		};
		for (unsigned i = 0; i < VECTORS; i++)
			pthread_mutex_init(&sources[f][i].lock, NULL);
		if (f)
			map_table(&functions[f]);
	}
	arch_set_this_hart(&harts[0]);
}

/* A set of the function, enabled: this life of its vectors; or -errno. */
static int live(unsigned f, unsigned n, unsigned life, const uint16_t *wish)
{
	struct msi_function *fn = &functions[f];
	int rc = direct_alloc(fn, MSI_MSIX, n, n, wish);

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
		for (unsigned i = 0; i < smp_nr_harts; i++)
			run_hart(i);
	arch_set_this_hart(&harts[0]);
}

/* At rest, with nothing allocated: all is free again. */
static void check_all_free(void)
{
	static struct irq_desc *all[MAX_DESCS];

	assert_int_equal(errors, 0);
	assert_int_equal(irq_spurious_total, 0);
	assert_int_equal(irq_gone.spurious, 0);
	assert_int_equal(room.credit, room_of_all());
	for (unsigned i = 0; i < smp_nr_harts; i++) {
		for (unsigned id = first_id; id <= max_id; id++) {
			assert_ptr_equal(harts[i].slots[id], &irq_unowned);
			assert_int_equal(harts[i].parked[id], 0);
		}
		assert_int_equal(harts[i].retire->batch_words, 0);
	}
	assert_int_equal(irq_desc_claim(nr_descs(), all), nr_descs());
	for (unsigned i = 0; i < nr_descs(); i++)
		assert_int_equal(irq_handled(all[i]), 0);
	assert_int_equal(irq_desc_claim(1, all), -ENOSPC);
}

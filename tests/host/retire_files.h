/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Of tests/host/retire_machine.h: harts, their interrupt files and their trap path. Each file has a queue
 * of stores that take effect in order, sometime.
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

#define MAX_HARTS 64
#define MAX_DESCS 4096
#define KICK      1
#define DRAIN     2
#define FUNCTIONS 4
#define VECTORS   16
#define QUEUE     4096

static struct hart harts[MAX_HARTS];
static struct hart *hart_pointers[MAX_HARTS];
struct hart **smp_harts = hart_pointers;
uint32_t smp_nr_harts;
/* Of each hart's file, identities first_id .. max_id are for vectors. */
static unsigned first_id, max_id;

static _Atomic unsigned errors; /* the line of one */
static unsigned kicks[MAX_HARTS];

/* cmocka's asserts belong to the thread of main(). */
#define expect(ok) expect_at(ok, __LINE__)
static void expect_at(bool ok, unsigned line)
{
	if (!ok)
		errors = line;
}

int storm_hart_init(unsigned hart, unsigned nr)
{
	(void)hart, (void)nr;
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

/* Marks in the log of fake_mmio.h, where a test looks at the order: what is no MMIO here. */
enum { MARK_FLUSH = 1, MARK_KICK, MARK_DRAIN, MARK_SEND };
static bool marking;

static void mark(unsigned what)
{
	if (marking)
		fake_mmio_mark(what);
}

/* --- interrupt files --- */

static struct file {
	_Atomic uint64_t queue[QUEUE]; /* life << 16 | identity; 0: not there yet */
	_Atomic unsigned tail;
	unsigned head; /* the hart's own, as the rest */
	uint64_t eip[VECTOR_WORDS];
	uint64_t life[VECTOR_MAX_ID + 1]; /* who made it pending */
} files[MAX_HARTS];
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
	mark(MARK_KICK);
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
	mark(MARK_DRAIN);
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
	for (word = 0; word < max_id / 64 && !file->eip[word]; word++)
		;
	if (!file->eip[word])
		return false;
	identity = 64 * word + (unsigned)__builtin_ctzll(file->eip[word]);
	file->eip[word] &= file->eip[word] - 1;
	kicks[hart->index] += identity == KICK;
	desc = atomic_load_explicit(&hart->slots[identity], memory_order_acquire);
	if (identity >= first_id) {
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

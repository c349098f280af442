// SPDX-License-Identifier: Apache-2.0
/*
 * The pool of descriptors: a bitmap with a count in front, as the vector space has it. A
 * claim takes its number from the count and is then certain to find the bits; giving
 * goes the other way.
 */
#include <errno.h>

#include "flavour/contention.h"
#include "kernel/irq.h"
#include "kernel/mem.h"
#include "kernel/smp.h"

struct irq_gone irq_gone;

static struct irq_desc *descs;
static _Atomic uint64_t *free_descs; /* bit i of word w: descriptor 64 w + i is free */
static unsigned nr_words;
static _Atomic uint32_t nr_free;
static _Atomic uint32_t nr_known;   /* the highest number that was ever claimed, and 1 */
static _Atomic uint32_t first_word; /* hint: no lower word has a bit */

static size_t counters_size(void)
{
	return smp_count() * sizeof(uint64_t);
}

/* With the slot's 8 bytes and the parked pointer's, 128. */
_Static_assert(sizeof(void *) != 8 || sizeof(struct irq_desc) <= 112, "memory of a vector");

size_t irq_desc_bytes(void)
{
	return sizeof(struct irq_desc) + counters_size();
}

int irq_init(unsigned count)
{
	size_t size = counters_size();
	char *counters = page_alloc(count * size, PAGE_SIZE);

	nr_words = DIV_ROUND_UP(count, 64u);
	descs = page_alloc(count * sizeof(*descs), PAGE_SIZE);
	free_descs = page_alloc(nr_words * sizeof(*free_descs), PAGE_SIZE);
	if (!descs || !counters || !free_descs)
		return -ENOMEM;
	for (unsigned i = 0; i < count; i++) {
		descs[i].handled = (uint64_t *)(counters + i * size);
		/* relaxed: boot */
		atomic_fetch_or_explicit(&free_descs[i / 64], BIT64(i % 64), memory_order_relaxed);
	}
	atomic_store_explicit(&nr_known, 0, memory_order_relaxed);
	atomic_store_explicit(&first_word, 0, memory_order_relaxed);
	atomic_store_explicit(&nr_free, count, memory_order_release);
	return 0;
}

unsigned irq_number(const struct irq_desc *desc)
{
	return (unsigned)(desc - descs);
}

/* n of the free ones are this claim's, wherever they are: true. */
static bool promise(unsigned n)
{
	uint32_t have = atomic_load_explicit(&nr_free, memory_order_relaxed);

	/* Goes round only if another hart changed the count, which got or gave something. */
	do {
		if (have < n)
			return false;
		/* acquire: pairs with the release in give() */
	} while (!atomic_compare_exchange_weak_explicit(
			 &nr_free, &have, have - n, memory_order_acquire, memory_order_relaxed) &&
		 contention_lost());
	return true;
}

static void note_known(unsigned count)
{
	uint32_t known = atomic_load_explicit(&nr_known, memory_order_relaxed);

	while (known < count &&
	       !atomic_compare_exchange_weak_explicit(&nr_known, &known, count,
						      memory_order_relaxed, memory_order_relaxed) &&
	       contention_lost())
		;
}

/* The n lowest of the bits, or all if there are fewer. */
static uint64_t lowest_of(uint64_t bits, unsigned n)
{
	uint64_t rest = bits;

	if (n >= 64)
		return bits;
	/* Mostly they stand side by side. */
	if (!(~(bits >> lowest_bit(bits)) & (BIT64(n) - 1)))
		return (BIT64(n) - 1) << lowest_bit(bits);
	for (; rest && n; n--)
		rest &= rest - 1;
	return bits & ~rest;
}

int irq_desc_claim(unsigned n, struct irq_desc **out)
{
	unsigned start = atomic_load_explicit(&first_word, memory_order_relaxed), w = start;
	struct irq_desc **end = out + n;

	if (!promise(n))
		return -ENOSPC;
	/* The promise holds at every moment: a pass that does not find them all was overtaken. */
	for (;; w = w + 1 < nr_words ? w + 1 : 0) {
		uint64_t bits = atomic_load_explicit(&free_descs[w], memory_order_relaxed);

		if (!bits)
			continue;
		bits = lowest_of(bits, (unsigned)(end - out));
		/* acquire: pairs with the release in give() */
		bits &= atomic_fetch_and_explicit(&free_descs[w], ~bits, memory_order_acquire);
		if (!bits)
			continue;
		for (struct irq_desc *desc = &descs[64 * w]; bits; bits >>= 1, desc++)
			if (bits & 1)
				*out++ = desc;
		note_known(irq_number(out[-1]) + 1);
		if (out == end)
			break;
	}
	if (w > start)
		atomic_store_explicit(&first_word, w, memory_order_relaxed);
	return (int)n;
}

static void give(struct irq_desc *desc)
{
	unsigned number = irq_number(desc), w = number / 64;

	/* release: the next holder finds what is written here */
	atomic_fetch_or_explicit(&free_descs[w], BIT64(number % 64), memory_order_release);
	atomic_fetch_add_explicit(&nr_free, 1, memory_order_release);
	if (w < atomic_load_explicit(&first_word, memory_order_relaxed))
		atomic_store_explicit(&first_word, w, memory_order_relaxed);
}

static uint32_t take_count(_Atomic uint32_t *counter)
{
	uint32_t count = atomic_load_explicit(counter, memory_order_relaxed);

	if (count)
		atomic_store_explicit(counter, 0, memory_order_relaxed);
	return count;
}

/* The counters of a vector that is gone go to its function and to the totals. */
static void count_gone(struct irq_desc *desc)
{
	/* Its function lives until this was its last place. */
	struct irq_gone *of[] = { &irq_gone, desc->kind == IRQ_KIND_MSI ? desc->chip_data : NULL };
	uint32_t late = take_count(&desc->late), spurious = take_count(&desc->spurious);
	uint32_t dead = take_count(&desc->dead), moved = take_count(&desc->moved);

	if (!(late | spurious | dead | moved))
		return;
	for (unsigned i = 0; i < ARRAY_SIZE(of) && of[i]; i++) {
		atomic_fetch_add_explicit(&of[i]->late, late, memory_order_relaxed);
		atomic_fetch_add_explicit(&of[i]->spurious, spurious, memory_order_relaxed);
		atomic_fetch_add_explicit(&of[i]->dead, dead, memory_order_relaxed);
		atomic_fetch_add_explicit(&of[i]->moved, moved, memory_order_relaxed);
	}
}

void irq_desc_put(struct irq_desc *desc)
{
	/* acq_rel: who drops the last place comes after all that the others did at theirs */
	if (atomic_fetch_sub_explicit(&desc->places, 1, memory_order_acq_rel) != 1)
		return;
	count_gone(desc);
	for (unsigned i = 0; i < smp_count(); i++)
		__atomic_store_n(&desc->handled[i], 0, __ATOMIC_RELAXED);
	desc->kind = IRQ_KIND_FREE;
	desc->handler = NULL;
	desc->name = NULL;
	desc->block = NULL;
	give(desc);
}

struct irq_desc *irq_desc_at(unsigned irq)
{
	return irq < irq_desc_count() ? &descs[irq] : NULL;
}

unsigned irq_desc_count(void)
{
	return atomic_load_explicit(&nr_known, memory_order_relaxed);
}

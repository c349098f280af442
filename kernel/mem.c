// SPDX-License-Identifier: Apache-2.0
/*
 * RAM from the device tree, less what firmware and the image hold, as a list of free
 * extents, sorted by address; each extent's head lies in its own first bytes.
 */
#include "kernel/mem.h"

#include <errno.h>
#include <string.h>

#include "arch/mmu.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/log.h"
#include "kernel/lib/panic.h"
#include "kernel/spinlock.h"
#include "platform/dt.h"

#define HEAP_MAX   (64ul << 20)
#define HEAP_SHARE 4 /* of RAM, when RAM is small */
#define MAX_LEFT   8

struct extent {
	size_t size;
	struct extent *next;
};

extern char image_start[], image_text_end[], image_rodata_end[], image_end[];
/* Where the image was loaded; it runs at image_start. */
extern const uintptr_t boot_image_phys;

static struct spinlock lock;
static struct extent *free_list;
static size_t total_bytes, free_bytes;
static uint64_t dma_limit = UINT64_MAX;
static uintptr_t heap_start, heap_now, heap_end;

static size_t block_size(size_t bytes)
{
	return ALIGN_UP(bytes, PAGE_SIZE);
}

/* Puts [base, base + size) back and joins it with its neighbours. Lock held. */
static void insert(uintptr_t base, size_t size)
{
	struct extent **at = &free_list, *before = NULL;
	struct extent *block = (struct extent *)base;

	while (*at && (uintptr_t)*at < base) {
		before = *at;
		at = &(*at)->next;
	}
	block->size = size;
	block->next = *at;
	*at = block;
	free_bytes += size;
	if (block->next && base + size == (uintptr_t)block->next) {
		block->size += block->next->size;
		block->next = block->next->next;
	}
	if (before && (uintptr_t)before + before->size == base) {
		before->size += block->size;
		before->next = block->next;
	}
}

/* Cuts [base, base + size) out of the extent at *at, which contains it. Lock held. */
static void cut(struct extent **at, uintptr_t base, size_t size)
{
	struct extent *whole = *at;
	uintptr_t start = (uintptr_t)whole, end = start + whole->size;
	struct extent *rest = whole->next;

	if (base + size < end) {
		struct extent *tail = (struct extent *)(base + size);

		tail->size = end - (base + size);
		tail->next = rest;
		rest = tail;
	}
	if (base > start) {
		whole->size = base - start;
		whole->next = rest;
	} else {
		*at = rest;
	}
	free_bytes -= size;
}

/* The highest place below limit: low memory stays for those who need it. Lock held. */
static uintptr_t take(size_t size, size_t align, uint64_t limit)
{
	struct extent **best = NULL;
	uintptr_t best_base = 0;

	for (struct extent **at = &free_list; *at; at = &(*at)->next) {
		uintptr_t start = (uintptr_t)*at, end = start + (*at)->size;
		uintptr_t base;

		end = MIN(end, limit);
		if (end < start || end - start < size)
			continue;
		base = ALIGN_DOWN(end - size, align);
		if (base < start)
			continue;
		best = at;
		best_base = base;
	}
	if (best)
		cut(best, best_base, size);
	return best_base;
}

static void *alloc_below(size_t bytes, size_t align, uint64_t limit)
{
	size_t size = block_size(bytes);
	irqflags_t flags;
	uintptr_t base;

	if (!bytes || size < bytes)
		return NULL;
	if (!align)
		align = 1ul << log2_ceil(size);
	flags = spin_lock_irq(&lock);
	base = take(size, MAX(align, PAGE_SIZE), limit);
	spin_unlock_irq(&lock, flags);
	return base ? memset((void *)base, 0, size) : NULL;
}

void *page_alloc(size_t bytes, size_t align)
{
	return alloc_below(bytes, align, UINT64_MAX);
}

void page_free(void *pages, size_t bytes)
{
	irqflags_t flags = spin_lock_irq(&lock);

	insert((uintptr_t)pages, block_size(bytes));
	spin_unlock_irq(&lock, flags);
}

void dma_set_limit(uint64_t address_limit)
{
	dma_limit = MIN(dma_limit, address_limit);
}

void *dma_alloc(size_t bytes, uint64_t address_limit)
{
	address_limit = MIN(address_limit, dma_limit);
	return alloc_below(bytes, 0, address_limit == UINT64_MAX ? UINT64_MAX : address_limit + 1);
}

void dma_free(void *buf, size_t bytes)
{
	page_free(buf, bytes);
}

void *mmu_table_page(void)
{
	return page_alloc(PAGE_SIZE, PAGE_SIZE);
}

uintptr_t mmio_map(uint64_t phys, uint64_t size)
{
	uint64_t start = ALIGN_DOWN(phys, PAGE_SIZE), end = phys + size;

	if (!size || end < phys || end > UINT64_MAX - PAGE_SIZE)
		return 0;
	if (mmu_map(start, start, ALIGN_UP(end, PAGE_SIZE) - start, MMU_IO))
		return 0;
	return phys;
}

/*
 * Only the bank parts that nobody holds may be written to: extents are built from the
 * pieces between the reservations, the image's first.
 */
struct hole {
	uint64_t base, size;
};

static struct hole left[MAX_LEFT];
static unsigned nr_left;

static void try_hole(uint64_t base, uint64_t size, uint64_t from, uint64_t to, struct hole *first)
{
	uint64_t start = ALIGN_DOWN(base, PAGE_SIZE), end = ALIGN_UP(base + size, PAGE_SIZE);

	if (end <= from || start >= to || start >= end)
		return;
	if (!first->size || start < first->base)
		*first = (struct hole){ .base = start, .size = end - start };
}

/* The lowest reservation that touches [from, to). */
static bool next_hole(uint64_t from, uint64_t to, struct hole *hole)
{
	dt_node_t parent = dt_path("/reserved-memory");

	hole->size = 0;
	try_hole(boot_image_phys, (size_t)(image_end - image_start), from, to, hole);
	try_hole((uintptr_t)dt_blob(), dt_blob_size(), from, to, hole);
	for (unsigned n = 0; n < nr_left; n++)
		try_hole(left[n].base, left[n].size, from, to, hole);
	for (dt_node_t node = dt_first_child(parent); node != DT_NONE;
	     node = dt_next_sibling(node)) {
		struct dt_range range;

		for (unsigned n = 0; !dt_reg(node, n, &range); n++)
			try_hole(range.base, range.size, from, to, hole);
	}
	for (unsigned n = 0;; n++) {
		struct dt_range range;

		if (dt_memory_reservation(n, &range))
			break;
		try_hole(range.base, range.size, from, to, hole);
	}
	return hole->size;
}

/* Calls fn for each piece of the bank that nobody holds. */
static void bank_pieces(uint64_t base, uint64_t size, void (*fn)(uintptr_t base, size_t size))
{
	uint64_t from = ALIGN_UP(base, PAGE_SIZE), end = ALIGN_DOWN(base + size, PAGE_SIZE);
	struct hole hole = { 0 };

	/* Address 0 stays unmapped whatever the machine has there. */
	from = MAX(from, PAGE_SIZE);
	while (from < end) {
		uint64_t to = next_hole(from, end, &hole) ? MAX(hole.base, from) : end;

		if (to > from)
			fn(from, to - from);
		if (to == end)
			break;
		from = MAX(hole.base + hole.size, from);
	}
}

static dt_node_t next_memory(dt_node_t node)
{
	node = node == DT_NONE ? dt_first_child(dt_path("/")) : dt_next_sibling(node);
	while (node != DT_NONE) {
		const char *type = dt_string(node, "device_type");

		if (type && !strcmp(type, "memory") && dt_enabled(node))
			break;
		node = dt_next_sibling(node);
	}
	return node;
}

static bool is_ram(uint64_t base, uint64_t size)
{
	for (dt_node_t node = next_memory(DT_NONE); node != DT_NONE; node = next_memory(node)) {
		struct dt_range range;

		for (unsigned n = 0; !dt_reg(node, n, &range); n++)
			if (base >= range.base && size <= range.size &&
			    base - range.base <= range.size - size)
				return true;
	}
	return false;
}

int mem_leave(uint64_t base, uint64_t size)
{
	struct hole hole;

	if (!size || !is_ram(base, size) || next_hole(base, base + size, &hole))
		return -EINVAL;
	if (nr_left == MAX_LEFT)
		return -ENOSPC;
	left[nr_left++] = (struct hole){ .base = base, .size = size };
	return 0;
}

uint64_t mem_free_from(uint64_t limit)
{
	uint64_t from = limit;

	for (dt_node_t node = next_memory(DT_NONE); node != DT_NONE; node = next_memory(node)) {
		struct dt_range range;
		struct hole hole;

		for (unsigned n = 0; !dt_reg(node, n, &range); n++) {
			if (limit <= range.base || limit - range.base > range.size)
				continue;
			from = range.base;
			while (from < limit && next_hole(from, limit, &hole))
				from = hole.base + hole.size;
		}
	}
	return MIN(from, limit);
}

void mem_for_each_piece(void (*fn)(uintptr_t base, size_t size))
{
	for (dt_node_t node = next_memory(DT_NONE); node != DT_NONE; node = next_memory(node)) {
		struct dt_range range;

		for (unsigned n = 0; !dt_reg(node, n, &range); n++)
			bank_pieces(range.base, range.size, fn);
	}
}

static void add_free(uintptr_t base, size_t size)
{
	total_bytes += size;
	insert(base, size);
}

static void map(uintptr_t start, uintptr_t end, enum mmu_prot prot)
{
	int rc = start < end ? mmu_map(start, start, end - start, prot) : 0;

	if (rc)
		panic("can't map 0x%lx-0x%lx: %d", start, end, rc);
}

/* A section of the image at its run address, and nowhere else. */
static void map_image(const char *start, const char *end, enum mmu_prot prot)
{
	size_t size = (size_t)(end - start);
	int rc = mmu_map((uintptr_t)start, boot_image_phys + (size_t)(start - image_start), size,
			 prot);

	if (rc)
		panic("can't map the image at %p: %d", (const void *)start, rc);
}

static void map_ram(uintptr_t base, size_t size)
{
	map(base, base + size, MMU_RW);
}

/*
 * All RAM that is ours RW; image by section; device tree R. Firmware's memory is not
 * mapped at all. The tables themselves are taken from the extents on the way, so each
 * bank is walked as it was found, not as the free list stands.
 */
static void build_page_table(void)
{
	uintptr_t dtb = ALIGN_DOWN((uintptr_t)dt_blob(), PAGE_SIZE);

	mem_for_each_piece(map_ram);
	map_image(image_start, image_text_end, MMU_RX);
	map_image(image_text_end, image_rodata_end, MMU_R);
	map_image(image_rodata_end, image_end, MMU_RW);
	map(dtb, ALIGN_UP((uintptr_t)dt_blob() + dt_blob_size(), PAGE_SIZE), MMU_R);
}

static void reserve_heap(void)
{
	size_t size = MIN(HEAP_MAX, ALIGN_DOWN(free_bytes / HEAP_SHARE, PAGE_SIZE));

	heap_start = take(size, PAGE_SIZE, UINT64_MAX);
	if (!heap_start)
		panic("no memory for the heap");
	heap_now = heap_start;
	heap_end = heap_start + size;
}

void mem_init(void)
{
	mem_for_each_piece(add_free);
	if (!free_list)
		panic("the device tree names no usable memory");
	total_bytes += (size_t)(image_end - image_start);
	reserve_heap();
	build_page_table();
	mmu_enable();
}

void *mem_sbrk(ptrdiff_t increment)
{
	irqflags_t flags = spin_lock_irq(&lock);
	uintptr_t old = heap_now;
	bool fits = increment >= 0 ? (size_t)increment <= heap_end - heap_now
				   : (size_t)-increment <= heap_now - heap_start;

	if (fits)
		heap_now += (uintptr_t)increment;
	spin_unlock_irq(&lock, flags);
	return fits ? (void *)old : NULL;
}

size_t mem_used(void)
{
	irqflags_t flags = spin_lock_irq(&lock);
	size_t unused = free_bytes + (heap_end - heap_now);

	spin_unlock_irq(&lock, flags);
	return total_bytes - unused;
}

size_t mem_total(void)
{
	return total_bytes;
}

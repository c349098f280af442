// SPDX-License-Identifier: Apache-2.0
/*
 * Addresses for BARs and bridge windows: bridges are sized bottom-up, then everything is
 * placed top-down, the largest alignment first. No configuration accesses here.
 */
#include "drivers/pci/bar_math.h"
#include "drivers/pci/internal.h"
#include "drivers/pci/pci_regs.h"
#include "kernel/lib/log.h"
#include "kernel/lib/panic.h"

/*
 * What a slot that can be filled while we run has at least of each memory: enough for what the
 * usual functions ask for.
 */
#define SLOT_BYTES (2 * PCI_MEMORY_GRANULARITY)

/* Larger than any window of a host bridge; a sum of two does not overflow. */
#define NEVER_FITS (1ull << 62)

/* A bridge has to forward even when its own MSI registers are of no use. */
static bool takes_addresses(const struct pci_function *fn)
{
	return fn->usable || (fn->bridge && fn->bridge->forwards);
}

/* BARs of the function, then those of its VFs: all VFs' copies of one stand in a row. */
static unsigned nr_bars(const struct pci_function *fn)
{
	return fn->sriov && fn->sriov->count ? 2 * PCI_NR_BARS : PCI_NR_BARS;
}

static struct pci_bar *bar_of(struct pci_function *fn, unsigned i)
{
	return i < PCI_NR_BARS ? &fn->bars[i] : &fn->sriov->bars[i - PCI_NR_BARS];
}

/* All of what BAR i takes. */
static uint64_t room_of(struct pci_function *fn, unsigned i)
{
	uint64_t size = bar_of(fn, i)->size;

	if (i < PCI_NR_BARS)
		return size;
	return size > NEVER_FITS / fn->sriov->count ? NEVER_FITS : size * fn->sriov->count;
}

static bool bar_in(struct pci_function *fn, unsigned i, enum pci_space space)
{
	const struct pci_bar *bar = bar_of(fn, i);

	return bar->size && bar->space == space && takes_addresses(fn);
}

static bool window_in(const struct pci_function *fn, enum pci_space space)
{
	return fn->bridge && fn->bridge->forwards && fn->bridge->windows[space].size;
}

/* The alignments that occur on a bus, as a sum of powers of two. */
static uint64_t alignments(struct pci_host *host, const struct pci_function *parent,
			   enum pci_space space)
{
	struct pci_function *fn;
	uint64_t sum = 0;

	for_each_child(host, parent, fn) {
		for (unsigned i = 0; i < nr_bars(fn); i++)
			if (bar_in(fn, i, space))
				sum |= bar_of(fn, i)->size;
		if (window_in(fn, space))
			sum |= fn->bridge->align[space];
	}
	return sum;
}

/* What the function has of this alignment. */
static bool place_function(struct pci_function *fn, enum pci_space space, uint64_t align,
			   struct pci_window *from)
{
	for (unsigned i = 0; i < nr_bars(fn); i++) {
		struct pci_bar *bar = bar_of(fn, i);

		if (bar_in(fn, i, space) && bar->size == align &&
		    !window_take(from, room_of(fn, i), align, &bar->bus_addr))
			return false;
	}
	if (window_in(fn, space) && fn->bridge->align[space] == align) {
		struct pci_window *window = &fn->bridge->windows[space];

		if (!window_take(from, window->size, align, &window->bus_base))
			return false;
		window->next = window->bus_base;
	}
	return true;
}

static bool place_bus(struct pci_host *host, const struct pci_function *parent,
		      enum pci_space space, struct pci_window *from)
{
	uint64_t todo = alignments(host, parent, space);

	while (todo) {
		uint64_t align = 1ull << log2_floor(todo);
		struct pci_function *fn;

		todo &= ~align;
		for_each_child(host, parent, fn)
			if (!place_function(fn, space, align, from))
				return false;
	}
	return true;
}

/* Does every bridge above have such a window? */
static bool reachable(const struct pci_function *fn, enum pci_space space)
{
	for (const struct pci_function *up = fn->parent; up; up = up->parent)
		if (space == PCI_SPACE_IO      ? !up->bridge->has_io
		    : space == PCI_SPACE_MEM64 ? !up->bridge->has_mem64
					       : false)
			return false;
	return fn->host->windows[space].size;
}

/* What comes to a slot works without IO, of which there is little. */
static uint64_t slot_room(const struct pci_function *fn, enum pci_space space)
{
	if (!fn->bridge->hotplug || space == PCI_SPACE_IO || !reachable(fn, space) ||
	    (space == PCI_SPACE_MEM64 && !fn->bridge->has_mem64))
		return 0;
	return SLOT_BYTES;
}

static void size_bridges(struct pci_host *host, const struct pci_function *parent,
			 enum pci_space space, bool with_slots)
{
	uint64_t grain = space == PCI_SPACE_IO ? PCI_IO_GRANULARITY : PCI_MEMORY_GRANULARITY;
	struct pci_function *fn;

	for_each_child(host, parent, fn) {
		struct pci_window trial = { .size = NEVER_FITS }, *window;
		uint64_t aligns;

		if (!fn->bridge || !fn->bridge->forwards)
			continue;
		size_bridges(host, fn, space, with_slots);
		/* Offsets in a window aligned to the largest thing inside are as from 0. */
		window = &fn->bridge->windows[space];
		aligns = alignments(host, fn, space);
		window->size = place_bus(host, fn, space, &trial) ? ALIGN_UP(trial.next, grain)
								  : NEVER_FITS;
		if (with_slots)
			window->size = MAX(window->size, slot_room(fn, space));
		fn->bridge->align[space] = aligns ? MAX(1ull << log2_floor(aligns), grain) : grain;
	}
}

/* The bus below, whose window has its place now: it was sized to hold all. */
static void place_below(struct pci_host *host, const struct pci_function *parent,
			enum pci_space space)
{
	struct pci_function *fn;

	for_each_child(host, parent, fn) {
		bool fits;

		if (!window_in(fn, space))
			continue;
		fits = place_bus(host, fn, space, &fn->bridge->windows[space]);
		assert(fits);
		place_below(host, fn, space);
	}
}

/*
 * Whose BAR to give up when a bus does not fit: the largest, so that the fewest
 * functions pay; among equals the last one.
 */
static struct pci_function *find_hog(struct pci_host *host, const struct pci_function *parent,
				     enum pci_space space, struct pci_bar **bar)
{
	struct pci_function *fn, *hog = NULL;
	uint64_t largest = 0;

	*bar = NULL;
	for_each_child(host, parent, fn) {
		for (unsigned i = 0; i < nr_bars(fn); i++) {
			if (!bar_in(fn, i, space) || room_of(fn, i) < largest)
				continue;
			largest = room_of(fn, i);
			hog = fn;
			*bar = bar_of(fn, i);
		}
		if (window_in(fn, space) && fn->bridge->windows[space].size >= largest) {
			largest = fn->bridge->windows[space].size;
			hog = fn;
			*bar = NULL;
		}
	}
	return hog && !*bar ? find_hog(host, hog, space, bar) : hog;
}

static void leave_out_below(struct pci_host *host, const struct pci_function *bridge)
{
	struct pci_function *fn;

	for_each_child(host, bridge, fn) {
		if (fn->usable)
			pci_leave_out(fn, "it is behind a bridge that is left out");
		if (fn->bridge) {
			fn->bridge->forwards = false;
			leave_out_below(host, fn);
		}
	}
}

static void give_up_one(struct pci_host *host, const struct pci_function *port,
			enum pci_space space)
{
	struct pci_bar *bar;
	struct pci_function *fn = find_hog(host, port, space, &bar);

	assert(fn && bar);
	/* A 64-bit BAR may have an address below 4 GiB. */
	if (space == PCI_SPACE_MEM64) {
		bar->space = PCI_SPACE_MEM32;
		return;
	}
	/* Behind a port everything is PCI Express, and works without. */
	if (space == PCI_SPACE_IO && port) {
		bar->space = PCI_NR_SPACES;
		return;
	}
	/* A function works without its VFs. */
	if (bar < fn->bars || bar >= fn->bars + PCI_NR_BARS) {
		log_warn("pci: %s: no room for the BARs of its VFs", fn->name);
		fn->sriov->count = 0;
		return;
	}
	if (fn->usable)
		pci_leave_out(fn, "no room for a BAR in the windows of its bus");
	if (fn->bridge) {
		fn->bridge->forwards = false;
		leave_out_below(host, fn);
	}
}

static void lay_out_space(struct pci_host *host, struct pci_function *port, enum pci_space space)
{
	struct pci_window *window = port ? &port->bridge->windows[space] : &host->windows[space];
	bool with_slots = true;

	for (;;) {
		/* Address 0 means "not assigned", and a BAR that holds it may not decode. */
		window->next = MAX(window->bus_base, 1ull);
		size_bridges(host, port, space, with_slots);
		if (place_bus(host, port, space, window))
			break;
		/* Room for what may come goes before what is there. */
		if (with_slots)
			with_slots = false;
		else
			give_up_one(host, port, space);
	}
	place_below(host, port, space);
}

/*
 * QEMU 10.0 takes the low half alone of where its VFs are: below 4 GiB they are found. What takes
 * much of that room goes above all the same.
 */
static bool is_small_vf_bar(struct pci_function *fn, unsigned i)
{
	return i >= PCI_NR_BARS && room_of(fn, i) <= fn->host->windows[PCI_SPACE_MEM32].size / 32;
}

static void choose_space(struct pci_function *fn, unsigned i)
{
	struct pci_bar *bar = bar_of(fn, i);

	/* Functions on PCI Express work without IO (PCIe Base Specification, "I/O Requests"). */
	if (bar->io)
		bar->space = reachable(fn, PCI_SPACE_IO) ? PCI_SPACE_IO : PCI_NR_SPACES;
	/* The 64-bit window of a bridge is prefetchable: what is not may not be there. */
	else if (bar->is64 && (!fn->parent || bar->prefetchable) &&
		 reachable(fn, PCI_SPACE_MEM64) && !is_small_vf_bar(fn, i))
		bar->space = PCI_SPACE_MEM64;
	else
		bar->space = PCI_SPACE_MEM32;
}

static void set_cpu_addresses(struct pci_function *fn)
{
	for (unsigned i = 0; i < nr_bars(fn); i++) {
		struct pci_bar *bar = bar_of(fn, i);
		const struct pci_window *window = &fn->host->windows[bar->space];

		if (!bar->size || bar->space == PCI_NR_SPACES || !takes_addresses(fn))
			bar->bus_addr = 0;
		else
			bar->cpu_addr = bar->bus_addr - window->bus_base + window->cpu_base;
	}
}

void pci_layout(struct pci_host *host, struct pci_function *port)
{
	/* The 64-bit window first: what has no room there goes to the 32-bit one. */
	static const enum pci_space order[] = { PCI_SPACE_MEM64, PCI_SPACE_MEM32, PCI_SPACE_IO };
	struct pci_function *fn;

	for_each_behind(host, port, fn) for (unsigned i = 0; i < nr_bars(fn);
					     i++) if (bar_of(fn, i)->size) choose_space(fn, i);
	for (unsigned i = 0; i < ARRAY_SIZE(order); i++)
		lay_out_space(host, port, order[i]);
	for_each_behind(host, port, fn) set_cpu_addresses(fn);
}

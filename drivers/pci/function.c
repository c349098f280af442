// SPDX-License-Identifier: Apache-2.0
/* The list of functions, and what drivers do with one. */
#include <stdlib.h>

#include "drivers/pci/internal.h"
#include "drivers/pci/pci_regs.h"
#include "kernel/msi_entry.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"
#include "kernel/spinlock.h"

static struct pci_function *functions;
/* What was removed: each place once, with what may still name it (late messages do). */
static struct pci_function *removed;
static unsigned nr_functions;
/* Functions come in order: what was added last is nearly always the one before. */
static struct pci_function *last;
/* Of the links: ports walk the list in their handlers. */
static struct spinlock lock;

uint8_t pci_read8(const struct pci_function *fn, unsigned offset)
{
	return pci_gone(fn) ? UINT8_MAX : fn->host->config->read8(fn->host, fn->msi.rid, offset);
}

uint16_t pci_read16(const struct pci_function *fn, unsigned offset)
{
	return pci_gone(fn) ? UINT16_MAX : fn->host->config->read16(fn->host, fn->msi.rid, offset);
}

uint32_t pci_read32(const struct pci_function *fn, unsigned offset)
{
	return pci_gone(fn) ? UINT32_MAX : fn->host->config->read32(fn->host, fn->msi.rid, offset);
}

void pci_write8(const struct pci_function *fn, unsigned offset, uint8_t value)
{
	if (!pci_gone(fn))
		fn->host->config->write8(fn->host, fn->msi.rid, offset, value);
}

void pci_write16(const struct pci_function *fn, unsigned offset, uint16_t value)
{
	if (!pci_gone(fn))
		fn->host->config->write16(fn->host, fn->msi.rid, offset, value);
}

void pci_write32(const struct pci_function *fn, unsigned offset, uint32_t value)
{
	if (!pci_gone(fn))
		fn->host->config->write32(fn->host, fn->msi.rid, offset, value);
}

struct pci_function *pci_first(void)
{
	return functions;
}

unsigned pci_count(void)
{
	return nr_functions;
}

static bool comes_before(const struct pci_function *a, const struct pci_function *b)
{
	if (a->msi.segment != b->msi.segment)
		return a->msi.segment < b->msi.segment;
	return a->msi.rid < b->msi.rid;
}

static void set_name(struct pci_function *fn)
{
	unsigned rid = fn->msi.rid;
	int at = 0;

	if (fn->msi.segment)
		at = format_string(fn->name, sizeof(fn->name), "%04x:", fn->msi.segment);
	format_string(fn->name + at, sizeof(fn->name) - (size_t)at, "%02x:%02x.%x", rid >> 8,
		      (rid >> 3) & 31, rid & 7);
	fn->msi.name = fn->name;
}

void pci_function_add(struct pci_function *fn)
{
	struct pci_function **at = &functions;
	irqflags_t flags;

	if (last && comes_before(last, fn))
		at = &last->next;
	while (*at && comes_before(*at, fn))
		at = &(*at)->next;
	set_name(fn);
	fn->next = *at;
	flags = spin_lock_irq(&lock);
	*at = fn;
	spin_unlock_irq(&lock, flags);
	last = fn;
	nr_functions++;
}

static struct pci_function **link_to(struct pci_function **at, const struct pci_host *host,
				     uint16_t rid)
{
	while (*at && ((*at)->host != host || (*at)->msi.rid != rid))
		at = &(*at)->next;
	return at;
}

void pci_function_drop(struct pci_function *fn)
{
	irqflags_t flags = spin_lock_irq(&lock);

	*link_to(&functions, fn->host, fn->msi.rid) = fn->next;
	spin_unlock_irq(&lock, flags);
	last = NULL;
	nr_functions--;
	if (fn->msi.remap)
		fn->msi.remap->detach(fn->msi.remap);
	free(fn->msix_entry_control);
	free(fn->msi.descs);
	free(fn->msi.places);
	free(fn->msi.array);
	free(fn->sriov);
	free(fn->bridge);
	fn->next = removed;
	removed = fn;
}

struct pci_function *pci_function_take(const struct pci_host *host, uint16_t rid)
{
	struct pci_function **at = link_to(&removed, host, rid), *fn = *at;

	if (!fn)
		return calloc(1, sizeof(*fn));
	*at = fn->next;
	/* Its place on a wire stays its own, and files that are held until its last vectors are drained. */
	*fn = (struct pci_function){ .intx = fn->intx, .msi.remap = fn->msi.remap };
	return fn;
}

bool pci_behind(const struct pci_function *fn, const struct pci_host *host,
		const struct pci_function *bridge)
{
	if (!bridge)
		return fn->host == host;
	for (fn = fn->parent; fn; fn = fn->parent)
		if (fn == bridge)
			return true;
	return false;
}

/* With the lock held: true if it was not known. */
static bool latch_gone(struct pci_function *fn)
{
	return msi_latch_removed(&fn->msi);
}

bool pci_declare_gone(struct pci_function *top, bool itself)
{
	irqflags_t flags = spin_lock_irq(&lock);
	struct pci_function *fn;
	bool news = false;

	for_each_function(fn)
		if (itself && (fn == top || fn->physical == top))
			news |= latch_gone(fn);
		else if (pci_behind(fn, fn->host, top))
			news |= latch_gone(fn);
	spin_unlock_irq(&lock, flags);
	return news;
}

static bool all_ones(const struct pci_function *fn)
{
	return pci_read16(fn, PCI_VENDOR_ID) == UINT16_MAX;
}

bool pci_lost(struct pci_function *fn)
{
	/* A VF's ID reads all ones anyway. */
	struct pci_function *asked = fn->physical ? fn->physical : fn;

	if (pci_gone(fn))
		return true;
	if (!all_ones(asked))
		return false;
	/* The read of what is above comes back after this one's error was noticed there. */
	if (asked->parent && pci_lost(asked->parent))
		return true;
	if (!asked->parent)
		(void)asked->host->config->read16(asked->host, asked->host->first_bus << 8,
						  PCI_VENDOR_ID);
	if (!all_ones(asked))
		return false;
	if (pci_declare_gone(asked, true))
		log_warn("%s: is gone: it does not answer", asked->name);
	return true;
}

void pci_leave_out(struct pci_function *fn, const char *problem)
{
	fn->usable = false;
	fn->problem = problem;
	log_warn("pci: %s is left out: %s", fn->name, problem);
}

/* One hexadecimal field that ends at stop; -1, and *word stays: it is not one. */
static long field(const char **word, char stop, unsigned long max)
{
	unsigned long value = 0;
	const char *p = *word;

	for (; *p && *p != stop; p++) {
		unsigned digit = *p >= '0' && *p <= '9' ? (unsigned)(*p - '0')
				 : (*p | 32) >= 'a' && (*p | 32) <= 'f'
					 ? (unsigned)((*p | 32) - 'a' + 10)
					 : 16;

		value = value * 16 + digit;
		if (digit > 15 || value > max)
			return -1;
	}
	if (p == *word || *p != stop)
		return -1;
	*word = stop ? p + 1 : p;
	return (long)value;
}

static struct pci_function *find(struct pci_function *fn, const char *bdf)
{
	const char *colon = __builtin_strchr(bdf, ':'), *p = bdf;
	long segment = colon && __builtin_strchr(colon + 1, ':') ? field(&p, ':', UINT16_MAX) : 0;
	long bus = field(&p, ':', UINT8_MAX);
	long device = bus < 0 ? -1 : field(&p, '.', 31);
	long function = device < 0 ? -1 : field(&p, '\0', 7);

	if (function < 0)
		return NULL;
	while (fn &&
	       (fn->msi.segment != segment || fn->msi.rid != (bus << 8 | device << 3 | function)))
		fn = fn->next;
	return fn;
}

struct pci_function *pci_find(const char *bdf)
{
	return find(functions, bdf);
}

bool pci_was_removed(const char *bdf)
{
	return find(removed, bdf);
}

/* What has addresses: BARs of one kind have them all, or none (pci_layout()). */
static uint16_t decode_bits(const struct pci_function *fn)
{
	uint16_t bits = 0;

	for (unsigned i = 0; i < PCI_NR_BARS; i++)
		if (fn->bars[i].bus_addr)
			bits |= fn->bars[i].io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY;
	if (fn->bridge && fn->bridge->forwards)
		bits |= PCI_COMMAND_MEMORY | PCI_COMMAND_IO;
	return bits;
}

/* The low half alone: in the other one any hart may be masking the function's INTx. */
static void set_command(struct pci_function *fn, uint16_t bits)
{
	pci_write8(fn, PCI_COMMAND, (uint8_t)(pci_read8(fn, PCI_COMMAND) | bits));
}

void pci_decode(struct pci_function *fn)
{
	set_command(fn, decode_bits(fn));
}

void pci_enable(struct pci_function *fn)
{
	set_command(fn, decode_bits(fn) | PCI_COMMAND_MASTER);
}

bool pci_memory_decodes(const struct pci_function *fn)
{
	if (pci_gone(fn))
		return false;
	/* A VF's own bit is hardwired to 0 (PCIe Base Specification, "SR-IOV", VF MSE). */
	if (fn->physical)
		return pci_read16(fn->physical, fn->physical->cap_sriov + PCI_SRIOV_CONTROL) &
		       PCI_SRIOV_CONTROL_MEMORY;
	return pci_read16(fn, PCI_COMMAND) & PCI_COMMAND_MEMORY;
}

uintptr_t pci_map_bar(struct pci_function *fn, unsigned bar, uint64_t min_size)
{
	const struct pci_bar *b = &fn->bars[bar];

	if (bar >= PCI_NR_BARS || !b->bus_addr || b->io || b->size < min_size)
		return 0;
	return mmio_map(b->cpu_addr, b->size);
}

// SPDX-License-Identifier: Apache-2.0
/* The list of functions, and what drivers do with one. */
#include "drivers/pci/internal.h"
#include "drivers/pci/pci_regs.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"

static struct pci_function *functions;
static unsigned nr_functions;

uint8_t pci_read8(const struct pci_function *fn, unsigned offset)
{
	return fn->host->config->read8(fn->host, fn->msi.rid, offset);
}

uint16_t pci_read16(const struct pci_function *fn, unsigned offset)
{
	return fn->host->config->read16(fn->host, fn->msi.rid, offset);
}

uint32_t pci_read32(const struct pci_function *fn, unsigned offset)
{
	return fn->host->config->read32(fn->host, fn->msi.rid, offset);
}

void pci_write8(const struct pci_function *fn, unsigned offset, uint8_t value)
{
	fn->host->config->write8(fn->host, fn->msi.rid, offset, value);
}

void pci_write16(const struct pci_function *fn, unsigned offset, uint16_t value)
{
	fn->host->config->write16(fn->host, fn->msi.rid, offset, value);
}

void pci_write32(const struct pci_function *fn, unsigned offset, uint32_t value)
{
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
	/* Functions come in order: what was added last is nearly always the one before. */
	static struct pci_function *last;

	if (last && comes_before(last, fn))
		at = &last->next;
	while (*at && comes_before(*at, fn))
		at = &(*at)->next;
	fn->next = *at;
	*at = fn;
	last = fn;
	nr_functions++;
	set_name(fn);
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

struct pci_function *pci_find(const char *bdf)
{
	const char *colon = __builtin_strchr(bdf, ':'), *p = bdf;
	long segment = colon && __builtin_strchr(colon + 1, ':') ? field(&p, ':', UINT16_MAX) : 0;
	long bus = field(&p, ':', UINT8_MAX);
	long device = bus < 0 ? -1 : field(&p, '.', 31);
	long function = device < 0 ? -1 : field(&p, '\0', 7);
	struct pci_function *fn;

	if (function < 0)
		return NULL;
	for_each_function(fn)
		if (fn->msi.segment == segment &&
		    fn->msi.rid == (bus << 8 | device << 3 | function))
			return fn;
	return NULL;
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

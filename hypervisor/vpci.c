// SPDX-License-Identifier: Apache-2.0
/*
 * Configuration space as a guest sees it: the functions that it has on the root bus, at the addresses that
 * the machine has them, with BARs that it may place where it likes in its own second stage. The
 * function's registers stay as the hypervisor has set them up: of what the guest writes only bus
 * master, memory decode and a function-level reset do anything.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arch/io.h"
#include "arch/irqflags.h"
#include "arch/sbi.h"
#include "drivers/pci/config_ecam.h"
#include "drivers/pci/pci_regs.h"
#include "hypervisor/guest.h"
#include "hypervisor/vm.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"
#include "kernel/smp.h"

#define RID_SHIFT    12
/* What a guest's command holds that is kept here, and what of the function's own it does not see. */
#define COMMAND_BITS    (PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE)
#define COMMAND_VIRTUAL (0xffffu & ~PCI_COMMAND_MASTER)
#define BARS_END     (PCI_BASE_ADDRESS_0 + 4 * PCI_NR_BARS)
#define ROM          0x30
#define INTERRUPTS   0x3c
#define PIN          0xff00u

/* SBI RFENCE (SBI 2.0, chapter 8). */
#define SBI_EXT_RFENCE  0x52464e43
#define SBI_RFENCE_GVMA 4

static const struct pci_ecam *ecam_of(const struct pci_host *host)
{
	return host->config == &pci_ecam_ops ? host->config_data : NULL;
}

/* The ECAM of guests is the first function's host's. */
static struct pci_host *the_host(void)
{
	struct pci_function *fn = pci_first();

	return fn ? fn->host : NULL;
}

bool vpci_in_config(uint64_t address, uint64_t *offset)
{
	struct pci_host *host = the_host();
	const struct pci_ecam *ecam = host ? ecam_of(host) : NULL;

	if (!ecam || address < ecam->base)
		return false;
	*offset = address - ecam->base;
	return *offset < (host->last_bus - host->first_bus + 1ull) * PCI_ECAM_BUS_SIZE;
}

static struct vfunction *find(struct guest *guest, uint32_t rid)
{
	for (unsigned i = 0; i < guest->nr_functions; i++)
		if (guest->functions[i].pci->msi.rid == rid)
			return &guest->functions[i];
	return NULL;
}

static struct vfunction *function_at(struct guest *guest, uint64_t offset)
{
	for (unsigned i = 0; i < guest->nr_functions; i++) {
		const struct pci_function *pci = guest->functions[i].pci;

		if (pci->msi.rid - ((uint32_t)pci->host->first_bus << 8) == offset >> RID_SHIFT)
			return &guest->functions[i];
	}
	return NULL;
}

struct hv_msi *guest_msi(struct guest *guest, uint32_t bdf)
{
	struct vfunction *function = bdf > UINT16_MAX ? NULL : find(guest, bdf);

	/* relaxed: a call that comes at the same time is as good as one before it */
	return function && !atomic_load_explicit(&function->resetting, memory_order_relaxed)
		       ? &function->msi
		       : NULL;
}

/* No guest sees less than a page: what shares a page could not be kept apart. */
static uint64_t bar_size(const struct vfunction *function, unsigned i)
{
	const struct pci_bar *bar = &function->pci->bars[i];

	return bar->size && !bar->io && bar->bus_addr ? MAX(bar->size, PAGE_SIZE) : 0;
}

static bool is_upper_half(const struct vfunction *function, unsigned i)
{
	return i && function->pci->bars[i - 1].is64 && bar_size(function, i - 1);
}

static uint32_t bar_flags(const struct pci_bar *bar)
{
	return FIELD_PREP(PCI_BAR_MEM_TYPE, bar->is64 ? PCI_BAR_MEM_TYPE_64 : 0u) |
	       (bar->prefetchable ? PCI_BAR_MEM_PREFETCHABLE : 0);
}

static uint32_t read_bar(const struct vfunction *function, unsigned i)
{
	if (is_upper_half(function, i))
		return function->bars[i];
	return bar_size(function, i) ? function->bars[i] | bar_flags(&function->pci->bars[i]) : 0;
}

static void write_bar(struct vfunction *function, unsigned i, uint32_t value)
{
	if (is_upper_half(function, i))
		function->bars[i] = value & (uint32_t)~((bar_size(function, i - 1) - 1) >> 32);
	else if (bar_size(function, i))
		function->bars[i] = value & (uint32_t)~(bar_size(function, i) - 1);
}

static uint64_t bar_address(const struct vfunction *function, unsigned i)
{
	uint64_t address = function->bars[i];

	return function->pci->bars[i].is64 ? address | (uint64_t)function->bars[i + 1] << 32
					   : address;
}

/* Bytes of the BAR from `from` to `to` that only may be read: the pages of its MSI-X table. */
static void table_pages(const struct vfunction *function, unsigned i, uint64_t *from, uint64_t *to)
{
	const struct pci_function *pci = function->pci;
	uint64_t table = pci->msix_table - pci->bars[i].cpu_addr;

	*from = *to = 0;
	if (!pci->msix_table || pci->msix_table < pci->bars[i].cpu_addr ||
	    table >= pci->bars[i].size)
		return;
	*from = ALIGN_DOWN(table, PAGE_SIZE);
	*to = ALIGN_UP(table + pci->msi.msix_count * (uint64_t)PCI_MSIX_ENTRY_SIZE, PAGE_SIZE);
}

/* Other harts of the guest may hold what was unmapped. */
static void fence(const struct guest *guest)
{
	for (unsigned i = 0; i < guest->nr_vcpus; i++)
		sbi_call5(SBI_EXT_RFENCE, SBI_RFENCE_GVMA, 1, guest->vcpus[i]->hart_id, 0, 0, 0);
}

static void unmap_bar(struct guest *guest, struct vfunction *function, unsigned i)
{
	if (!function->mapped[i])
		return;
	gstage_unmap(&guest->gstage, function->mapped[i], bar_size(function, i));
	function->mapped[i] = 0;
}

/* From *done to `to`, and *done with it. */
static int map_piece(struct guest *guest, const struct vfunction *function, unsigned i,
		     uint64_t *done, uint64_t to, enum gstage_prot prot)
{
	int rc = *done == to ? 0
			     : gstage_map(&guest->gstage, bar_address(function, i) + *done,
					  function->pci->bars[i].cpu_addr + *done, to - *done, prot);

	if (!rc)
		*done = to;
	return rc;
}

static bool in_window(const struct pci_host *host, uint64_t address, uint64_t size)
{
	for (unsigned space = PCI_SPACE_MEM32; space < PCI_NR_SPACES; space++) {
		const struct pci_window *window = &host->windows[space];

		/* Where bus and CPU addresses differ a guest would need both. */
		if (window->size && window->bus_base == window->cpu_base &&
		    address >= window->cpu_base &&
		    size <= window->size && address - window->cpu_base <= window->size - size)
			return true;
	}
	return false;
}

/* Where the guest has put it; a place that it may not have, or has used already, gets nothing. */
static bool map_bar(struct guest *guest, struct vfunction *function, unsigned i)
{
	uint64_t size = bar_size(function, i), from, to, done = 0;

	if (function->mapped[i])
		return true;
	if (!in_window(function->pci->host, bar_address(function, i), size))
		return false;
	table_pages(function, i, &from, &to);
	if (map_piece(guest, function, i, &done, from, GSTAGE_RW) ||
	    map_piece(guest, function, i, &done, to, GSTAGE_R) ||
	    map_piece(guest, function, i, &done, size, GSTAGE_RW)) {
		gstage_unmap(&guest->gstage, bar_address(function, i), done);
		return false;
	}
	function->mapped[i] = bar_address(function, i);
	return true;
}

static bool set_decode(struct guest *guest, struct vfunction *function, bool on)
{
	bool fits = true;

	for (unsigned i = 0; i < PCI_NR_BARS; i++) {
		if (!bar_size(function, i))
			continue;
		if (on)
			fits = map_bar(guest, function, i) && fits;
		else
			unmap_bar(guest, function, i);
	}
	fence(guest);
	return fits;
}

/* Memory decode of the function itself stays on: its table is behind it. */
static bool write_command(struct guest *guest, struct vfunction *function, uint16_t value)
{
	uint16_t before = function->command, real;
	bool fits = true;

	function->command = value & COMMAND_BITS;
	if ((before ^ value) & PCI_COMMAND_MEMORY)
		fits = set_decode(guest, function, value & PCI_COMMAND_MEMORY);
	real = pci_read16(function->pci, PCI_COMMAND) & (uint16_t)~PCI_COMMAND_MASTER;
	pci_write16(function->pci, PCI_COMMAND, real | (value & PCI_COMMAND_MASTER));
	return fits;
}

static uint32_t hide(unsigned at, uint32_t value)
{
	if (at == ROM)
		return 0;
	return at == INTERRUPTS ? value & ~PIN : value;
}

static uint32_t read_word(const struct vfunction *function, unsigned at)
{
	if (at >= PCI_BASE_ADDRESS_0 && at < BARS_END)
		return read_bar(function, (at - PCI_BASE_ADDRESS_0) / 4);
	/* Who is granted messages is bus master: that is the function's own bit. */
	if (at == PCI_COMMAND)
		return (pci_read32(function->pci, at) & ~COMMAND_VIRTUAL) | function->command;
	return hide(at, pci_read32(function->pci, at));
}

uint64_t vpci_read(struct vcpu *vcpu, uint64_t offset, unsigned size)
{
	struct guest *guest = vcpu->guest;
	struct vfunction *function = function_at(guest, offset);
	unsigned at = offset % BIT64(RID_SHIFT);
	irqflags_t flags;
	uint32_t word;

	if (!function || size > 4)
		return ~0ull;
	flags = spin_lock_irq(&guest->lock);
	word = function->resetting ? UINT32_MAX : read_word(function, ALIGN_DOWN(at, 4u));
	spin_unlock_irq(&guest->lock, flags);
	return word >> 8 * (at % 4);
}

/* A function-level reset? It begins here: what the guest has set up is gone. */
static bool begin_reset(struct guest *guest, struct vfunction *function, unsigned at, unsigned size,
			uint64_t value)
{
	unsigned pcie = function->pci->cap_pcie;

	if (!pcie || at != pcie + PCI_PCIE_DEVCTL || size < 2 || size > 4 ||
	    !(value & PCI_PCIE_DEVCTL_FLR) || !pci_can_reset(function->pci))
		return false;
	set_decode(guest, function, false);
	function->command = 0;
	memset(function->bars, 0, sizeof(function->bars));
	atomic_store_explicit(&function->resetting, true, memory_order_relaxed);
	return true;
}

static void reset(struct vfunction *function)
{
	struct pci_function *pci = function->pci;
	int rc;

	hv_msi_reset(&function->msi);
	irq_enable();
	rc = pci_reset(pci);
	irq_disable();
	if (rc)
		return;
	pci_write16(pci, PCI_COMMAND,
		    pci_read16(pci, PCI_COMMAND) & (uint16_t)~PCI_COMMAND_MASTER);
	/* release: whoever finds it back finds it as it is now */
	atomic_store_explicit(&function->resetting, false, memory_order_release);
}

static bool write_config(struct guest *guest, struct vfunction *function, unsigned at,
			 unsigned size, uint64_t value)
{
	if (function->resetting)
		return false;
	if (at >= PCI_BASE_ADDRESS_0 && at < BARS_END && size == 4) {
		/* What decodes stays where it is. */
		if (function->command & PCI_COMMAND_MEMORY)
			return false;
		write_bar(function, (at - PCI_BASE_ADDRESS_0) / 4, (uint32_t)value);
		return true;
	}
	if (at >= PCI_COMMAND && at < PCI_STATUS && size <= 4) {
		/* By bytes, too: those that are not written stay. */
		unsigned shift = 8 * (at - PCI_COMMAND);
		uint64_t written = (BIT64(8 * size) - 1) << shift;

		return write_command(guest, function,
				     (uint16_t)((read_word(function, PCI_COMMAND) & ~written) |
						value << shift));
	}
	return begin_reset(guest, function, at, size, value);
}

bool vpci_write(struct vcpu *vcpu, uint64_t offset, unsigned size, uint64_t value)
{
	struct guest *guest = vcpu->guest;
	struct vfunction *function = function_at(guest, offset);
	bool done, begun, was_resetting;
	irqflags_t flags;

	if (!function)
		return false;
	flags = spin_lock_irq(&guest->lock);
	was_resetting = function->resetting;
	done = write_config(guest, function, offset % BIT64(RID_SHIFT), size, value);
	begun = function->resetting && !was_resetting;
	spin_unlock_irq(&guest->lock, flags);
	if (begun)
		reset(function);
	return done;
}

/* The function whose BAR i the guest sees at the address. Lock held. */
static struct vfunction *behind(struct guest *guest, uint64_t address, unsigned *i)
{
	for (unsigned n = 0; n < guest->nr_functions; n++) {
		struct vfunction *function = &guest->functions[n];

		for (*i = 0; *i < PCI_NR_BARS; ++*i)
			if (function->mapped[*i] && address >= function->mapped[*i] &&
			    address - function->mapped[*i] < bar_size(function, *i))
				return function;
	}
	return NULL;
}

bool vpci_in_table_page(struct guest *guest, uint64_t address)
{
	irqflags_t flags = spin_lock_irq(&guest->lock);
	uint64_t from = 0, to = 0;
	unsigned i;
	struct vfunction *function = behind(guest, address, &i);
	bool in = false;

	if (function) {
		table_pages(function, i, &from, &to);
		in = address - function->mapped[i] >= from && address - function->mapped[i] < to;
	}
	spin_unlock_irq(&guest->lock, flags);
	return in;
}

static void write_mmio(uint64_t address, unsigned size, uint64_t value)
{
	if (size == 1)
		mmio_write8(address, (uint8_t)value);
	else if (size == 2)
		mmio_write16(address, (uint16_t)value);
	else
		mmio_write32(address, (uint32_t)value);
}

bool vpci_write_beside_table(struct vcpu *vcpu, uint64_t address, unsigned size, uint64_t value)
{
	struct guest *guest = vcpu->guest;
	irqflags_t flags = spin_lock_irq(&guest->lock);
	unsigned i;
	struct vfunction *function = behind(guest, address, &i);
	bool beside = false;

	if (function && size <= 4) {
		const struct pci_function *pci = function->pci;
		uint64_t host = address - function->mapped[i] + pci->bars[i].cpu_addr;
		uint64_t end = pci->msix_table + pci->msi.msix_count * (uint64_t)PCI_MSIX_ENTRY_SIZE;

		beside = host + size <= pci->msix_table || host >= end;
		if (beside && mmio_map(host, size))
			write_mmio(host, size, value);
	}
	spin_unlock_irq(&guest->lock, flags);
	return beside;
}

/* Pages of the function that another one's registers share would be given twice. */
static bool has_own_pages(const struct pci_function *pci)
{
	for (unsigned i = 0; i < PCI_NR_BARS; i++)
		if (pci->bars[i].size && !pci->bars[i].io &&
		    !IS_ALIGNED(pci->bars[i].cpu_addr, PAGE_SIZE))
			return false;
	return true;
}

int vpci_add(struct guest *guest, struct vfunction *function, struct pci_function *pci)
{
	struct hv_msi_entry *room = calloc(hv_msi_room(pci) + 1, sizeof(*room));
	int rc;

	function->pci = pci;
	if (!room)
		return -ENOMEM;
	if (pci->parent || pci->bridge || pci->physical || !pci->usable || !has_own_pages(pci)) {
		log_warn("guest %u: %s can't be given: not a function of the root bus with pages of its own",
			 guest->number, pci->name);
		return -EINVAL;
	}
	pci_write16(pci, PCI_COMMAND,
		    (pci_read16(pci, PCI_COMMAND) & (uint16_t)~PCI_COMMAND_MASTER) |
			    PCI_COMMAND_MEMORY | PCI_COMMAND_INTX_DISABLE);
	rc = hv_msi_init(&function->msi, pci, room);
	if (rc)
		log_warn("guest %u: the message registers of %s do not work: %d", guest->number,
			 pci->name, rc);
	return rc;
}

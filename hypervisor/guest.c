// SPDX-License-Identifier: Apache-2.0
/* Which guests there are, and what each has: from the boot arguments (docs/hypervisor.md). */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/csr.h"
#include "arch/mmu.h"
#include "drivers/irqchip/imsic_math.h"
#include "hypervisor/guest.h"
#include "hypervisor/iommu.h"
#include "hypervisor/vm.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/log.h"
#include "kernel/lib/number.h"
#include "kernel/mem.h"
#include "kernel/smp.h"
#include "platform/platform.h"

#define MEGAPAGE 0x200000ull
#define WORD_MAX 64

extern const uintptr_t boot_image_phys;

struct guest guests[MAX_GUESTS];
unsigned nr_guests;

static const char *setting(const struct guest *guest, const char *what)
{
	char key[WORD_MAX];

	snprintf(key, sizeof(key), "guest%u.%s", guest->number, what);
	return platform_setting(key, NULL);
}

static int malformed(const struct guest *guest, const char *what, const char *text)
{
	log_error("guest%u.%s=%s: not understood, or not possible", guest->number, what, text);
	return -EINVAL;
}

/* BASE+SIZE */
static bool parse_range(const char *text, struct dt_range *range)
{
	const char *plus = strchr(text, '+');
	unsigned long long base, size;
	char word[WORD_MAX];

	if (!plus || (size_t)(plus - text) >= sizeof(word))
		return false;
	memcpy(word, text, (size_t)(plus - text));
	word[plus - text] = '\0';
	if (parse_number(word, ULONG_MAX, &base) || parse_number(plus + 1, ULONG_MAX, &size) ||
	    base + size < base)
		return false;
	*range = (struct dt_range){ .base = base, .size = size };
	return true;
}

bool guest_has_ram(const struct guest *guest, uint64_t address, uint64_t size)
{
	return address >= guest->ram.base && size <= guest->ram.size &&
	       address - guest->ram.base <= guest->ram.size - size;
}

struct vcpu *guest_vcpu(const struct guest *guest, uint64_t hart_id)
{
	for (unsigned i = 0; i < guest->nr_vcpus; i++)
		if (guest->vcpus[i]->hart_id == hart_id)
			return guest->vcpus[i];
	return NULL;
}

/* Guest 0 has what lies between the firmware and whoever else has RAM, unless it says what. */
static struct dt_range default_ram(void)
{
	uint64_t end = boot_image_phys, base;

	for (unsigned i = 1; i < nr_guests; i++)
		end = MIN(end, guests[i].ram.base);
	base = ALIGN_UP(mem_free_from(end), MEGAPAGE);
	return (struct dt_range){ .base = base, .size = base < end ? end - base : 0 };
}

static int read_memory(struct guest *guest)
{
	const char *ram = setting(guest, "ram"), *entry = setting(guest, "entry"),
		   *initrd = setting(guest, "initrd");
	unsigned long long number = 0;

	if (!ram)
		guest->ram = default_ram();
	else if (!parse_range(ram, &guest->ram))
		return malformed(guest, "ram", ram);
	if (!IS_ALIGNED(guest->ram.base | guest->ram.size, MEGAPAGE) ||
	    mem_leave(guest->ram.base, guest->ram.size))
		return malformed(guest, "ram", ram ? ram : "");
	guest->entry = guest->ram.base;
	if (entry && parse_number(entry, ULONG_MAX, &number))
		return malformed(guest, "entry", entry);
	if (entry)
		guest->entry = number;
	if (!guest_has_ram(guest, guest->entry, 4))
		return malformed(guest, "entry", entry ? entry : "");
	if (initrd && (!parse_range(initrd, &guest->initrd) ||
		       !guest_has_ram(guest, guest->initrd.base, guest->initrd.size)))
		return malformed(guest, "initrd", initrd);
	guest->arguments = setting(guest, "args");
	return 0;
}

int guests_read_memory(void)
{
	int rc = 0;

	do {
		guests[nr_guests].number = nr_guests;
		nr_guests++;
	} while (nr_guests < MAX_GUESTS &&
		 (guests[nr_guests].number = nr_guests, setting(&guests[nr_guests], "ram")));
	/* Guest 0 last: it has what the others leave. */
	for (unsigned i = nr_guests; i-- && !rc;)
		rc = read_memory(&guests[i]);
	return rc;
}

static bool hart_is_taken(unsigned hart)
{
	for (unsigned g = 0; g < nr_guests; g++)
		for (unsigned i = 0; i < guests[g].nr_vcpus; i++)
			if (guests[g].vcpus[i]->hart == hart)
				return true;
	return false;
}

static int add_vcpu(struct guest *guest, unsigned hart)
{
	struct vcpu *vcpu = calloc(1, sizeof(*vcpu));

	if (!vcpu)
		return -ENOMEM;
	if (!smp_online(hart) || hart_is_taken(hart)) {
		free(vcpu);
		return -EBUSY;
	}
	vcpu->guest = guest;
	vcpu->index = guest->nr_vcpus;
	vcpu->hart = hart;
	vcpu->hart_id = smp_hart(hart)->hart_id;
	/* The files of a hart follow each other: supervisor level, guest 1 (AIA specification, 3.6). */
	vcpu->file = ALIGN_DOWN((uint64_t)smp_hart(hart)->doorbell, IMSIC_PAGE_SIZE) +
		     IMSIC_PAGE_SIZE;
	vcpu->state = VCPU_STOPPED;
	guest->vcpus[guest->nr_vcpus++] = vcpu;
	return 0;
}

/* Calls fn for each word of a list with commas, until one fails. */
static int for_words(struct guest *guest, const char *list,
		     int (*fn)(struct guest *guest, const char *word))
{
	char word[WORD_MAX];
	int rc = 0;

	while (*list && !rc) {
		size_t len = strcspn(list, ",");

		if (len >= sizeof(word))
			return -EINVAL;
		memcpy(word, list, len);
		word[len] = '\0';
		rc = fn(guest, word);
		list += len + (list[len] == ',');
	}
	return rc;
}

/* A hart ID, or FIRST-LAST. */
static int add_harts(struct guest *guest, const char *word)
{
	unsigned long long first, last;
	char *dash = strchr(word, '-');
	int rc = 0;

	if (dash)
		*dash = '\0';
	if (parse_number(word, UINT_MAX, &first) ||
	    parse_number(dash ? dash + 1 : word, UINT_MAX, &last))
		return -EINVAL;
	for (unsigned long long id = first; id <= last && !rc; id++) {
		int hart = smp_index_of(id);

		rc = hart < 0 ? hart : add_vcpu(guest, (unsigned)hart);
	}
	return rc;
}

static int make_vcpus(struct guest *guest)
{
	const char *list = setting(guest, "harts");
	int rc = 0;

	guest->vcpus = calloc(smp_count(), sizeof(struct vcpu *));
	if (!guest->vcpus)
		return -ENOMEM;
	if (list)
		rc = for_words(guest, list, add_harts);
	for (unsigned hart = 0; !list && hart < smp_count() && !rc; hart++)
		rc = smp_online(hart) && !hart_is_taken(hart) ? add_vcpu(guest, hart) : 0;
	if (rc || !guest->nr_vcpus)
		return malformed(guest, "harts", list ? list : "");
	return 0;
}

static bool function_is_taken(const struct pci_function *pci)
{
	for (unsigned g = 0; g < nr_guests; g++)
		for (unsigned i = 0; i < guests[g].nr_functions; i++)
			if (guests[g].functions[i].pci == pci)
				return true;
	return false;
}

static int add_function(struct guest *guest, struct pci_function *pci)
{
	int rc = vpci_add(guest, &guest->functions[guest->nr_functions], pci);

	if (!rc)
		rc = iommu_give(guest, pci);
	guest->nr_functions += !rc;
	return rc;
}

static int add_named_function(struct guest *guest, const char *word)
{
	struct pci_function *pci = pci_find(word);

	if (!pci)
		return -ENODEV;
	return function_is_taken(pci) ? -EBUSY : add_function(guest, pci);
}

static int give_functions(struct guest *guest)
{
	const char *list = setting(guest, "functions");

	guest->functions = calloc(pci_count() + 1, sizeof(*guest->functions));
	if (!guest->functions)
		return -ENOMEM;
	if (list && for_words(guest, list, add_named_function))
		return malformed(guest, "functions", list);
	/* Guest 0 has what nobody else names; what can't be given is logged. */
	for (struct pci_function *pci = pci_first(); pci && !list && !guest->number; pci = pci->next)
		if (!function_is_taken(pci) && !pci->parent && !pci->bridge)
			add_function(guest, pci);
	return 0;
}

static uint64_t supervisor_files(void)
{
	struct dt_range range = { 0 };

	for (dt_node_t node = dt_next_compatible(DT_NONE, "riscv,imsics"); node != DT_NONE;
	     node = dt_next_compatible(node, "riscv,imsics"))
		if (dt_u32(node, "interrupts-extended", 1, 0) == IRQ_S_EXTERNAL &&
		    !dt_reg(node, 0, &range))
			break;
	return range.base;
}

static int make_memory_map(struct guest *guest)
{
	int rc = gstage_init(&guest->gstage, guest->number + 1);

	if (!rc)
		rc = gstage_map(&guest->gstage, guest->ram.base, guest->ram.base, guest->ram.size,
				GSTAGE_RWX);
	guest->imsic = supervisor_files();
	for (unsigned i = 0; i < guest->nr_vcpus && !rc; i++)
		rc = gstage_map(&guest->gstage, guest->imsic + i * IMSIC_PAGE_SIZE,
				guest->vcpus[i]->file, IMSIC_PAGE_SIZE, GSTAGE_RW);
	return rc;
}

static int make(struct guest *guest)
{
	int rc = make_vcpus(guest);

	if (!rc)
		rc = make_memory_map(guest);
	if (!rc)
		rc = iommu_make(guest);
	if (!rc)
		rc = give_functions(guest);
	if (!rc)
		rc = guest_make_dt(guest);
	if (rc)
		log_error("guest %u can't be made: %d", guest->number, rc);
	else
		log_info("guest %u: %u harts, RAM 0x%lx+0x%lx, %u functions", guest->number,
			 guest->nr_vcpus, (unsigned long)guest->ram.base,
			 (unsigned long)guest->ram.size, guest->nr_functions);
	return rc;
}

int guests_make(void)
{
	int rc = 0;

	/* Guest 0 last: it has what the others leave. */
	for (unsigned i = nr_guests; i-- && !rc;)
		rc = make(&guests[i]);
	return rc;
}

bool guest_msi_target(const struct guest *guest, uint64_t hart_id, uint64_t *address)
{
	const struct vcpu *vcpu = guest_vcpu(guest, hart_id);

	/* Behind an IOMMU the guest's own addresses count. */
	if (vcpu)
		*address = guest->msiptp ? guest->imsic + vcpu->index * IMSIC_PAGE_SIZE
					 : vcpu->file;
	return vcpu;
}

unsigned guest_max_identity(const struct guest *guest)
{
	unsigned least = IMSIC_MAX_ID;

	for (unsigned i = 0; i < guest->nr_vcpus; i++)
		least = MIN(least, smp_hart(guest->vcpus[i]->hart)->max_id);
	return least;
}

const uint64_t *guest_array(const struct guest *guest, uint64_t address, uint64_t bytes)
{
	if (!IS_ALIGNED(address, sizeof(uint64_t)) || !guest_has_ram(guest, address, bytes))
		return NULL;
	return (const uint64_t *)(uintptr_t)address;
}

static bool others_run(const struct guest *guest)
{
	for (unsigned i = 0; i < nr_guests; i++)
		if (&guests[i] != guest &&
		    !atomic_load_explicit(&guests[i].off, memory_order_relaxed))
			return true;
	return false;
}

void guest_off(struct guest *guest, bool failed, bool reset)
{
	dbcn_flush(guest);
	iommu_log_faults();
	/* relaxed: it says stop, no more */
	atomic_store_explicit(&guest->off, true, memory_order_relaxed);
	for (unsigned i = 0; i < guest->nr_vcpus; i++)
		vcpu_kick(guest->vcpus[i]);
	if (guest->number && others_run(guest)) {
		log_info("guest %u is off", guest->number);
		return;
	}
	if (reset)
		platform_reset();
	platform_power_off(failed);
}

// SPDX-License-Identifier: Apache-2.0
/*
 * Virtual functions (PCIe Base Specification, "Single Root I/O Virtualization"), where the
 * boot setting `sriov` wishes for them: "all", or a list of BDF or BDF:COUNT.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/pci/internal.h"
#include "drivers/pci/pci_regs.h"
#include "kernel/lib/log.h"
#include "kernel/time.h"
#include "platform/platform.h"

/* After VF Enable no VF is touched for so long ("VF Enable"). */
#define VF_ENABLE_MS 100

static unsigned reg(const struct pci_function *pf, unsigned offset)
{
	return pf->cap_sriov + offset;
}

/* The function that one word of the list, BDF or BDF:COUNT, names, and its wish; NULL: none. */
static const struct pci_function *named(const char *word, size_t len, unsigned long *count)
{
	char text[PCI_NAME_SIZE + sizeof(":65535")];
	char *dot, *colon, *end;

	*count = UINT16_MAX;
	if (len >= sizeof(text))
		return NULL;
	memcpy(text, word, len);
	text[len] = '\0';
	end = &text[len];
	dot = strchr(text, '.');
	colon = dot ? strchr(dot, ':') : NULL;
	if (colon) {
		*colon = '\0';
		*count = strtoul(colon + 1, &end, 10);
	}
	return *end ? NULL : pci_find(text);
}

static unsigned long wish_of_word(const struct pci_function *pf, const char *word, size_t len)
{
	unsigned long count;

	return named(word, len, &count) == pf ? count : 0;
}

static unsigned wished(const struct pci_function *pf, unsigned total)
{
	const char *list = platform_setting("sriov", "");
	unsigned long count = strcmp(list, "all") ? 0 : total;

	while (*list && !count) {
		size_t len = strcspn(list, ",");

		count = wish_of_word(pf, list, len);
		list += len + (list[len] == ',');
	}
	return (unsigned)MIN(count, (unsigned long)total);
}

void pci_check_settings(void)
{
	const char *list = platform_setting("sriov", "");

	if (!strcmp(list, "all"))
		return;
	for (size_t len; *list; list += len + (list[len] == ',')) {
		const struct pci_function *fn;
		unsigned long count;

		len = strcspn(list, ",");
		fn = named(list, len, &count);
		if (!fn || !fn->cap_sriov)
			log_warn("pci: setting sriov: \"%.*s\" is no function that can have VFs",
				 (int)len, list);
	}
}

/* The smallest page that the function can: its BARs are aligned to it, and to their own sizes. */
static int set_page_size(struct pci_function *pf)
{
	uint32_t pages = pci_read32(pf, reg(pf, PCI_SRIOV_SUPPORTED_PAGES));

	if (!pages)
		return -EINVAL;
	pci_write32(pf, reg(pf, PCI_SRIOV_SYSTEM_PAGE_SIZE), pages & -pages);
	return 0;
}

static uint32_t rid_of(const struct pci_function *pf, unsigned n)
{
	return pf->msi.rid + pf->sriov->offset + (uint32_t)n * pf->sriov->stride;
}

static void write_number(struct pci_function *pf, unsigned count)
{
	if (pf->parent && pf->parent->bridge->ari)
		pci_write16(pf, reg(pf, PCI_SRIOV_CONTROL), PCI_SRIOV_CONTROL_ARI);
	pci_write16(pf, reg(pf, PCI_SRIOV_NUM_VFS), (uint16_t)count);
}

/* First VF Offset and VF Stride are what they are for this NumVFs and this ARI setting. */
static const char *number(struct pci_function *pf, unsigned count)
{
	struct pci_sriov *sriov = pf->sriov;
	uint32_t last;

	write_number(pf, count);
	sriov->count = (uint16_t)count;
	sriov->offset = pci_read16(pf, reg(pf, PCI_SRIOV_FIRST_VF_OFFSET));
	sriov->stride = pci_read16(pf, reg(pf, PCI_SRIOV_VF_STRIDE));
	sriov->device = pci_read16(pf, reg(pf, PCI_SRIOV_VF_DEVICE_ID));
	if (!sriov->offset || (count > 1 && !sriov->stride))
		return "First VF Offset or VF Stride is 0";
	last = rid_of(pf, count - 1) >> 8;
	if (last > pf->host->bus_limit)
		return "their bus numbers are beyond the last one";
	/* This bus has the highest number given out so far: those that follow are theirs. */
	pf->host->next_bus = MAX(pf->host->next_bus, (uint16_t)(last + 1));
	return NULL;
}

static const char *prepare(struct pci_function *pf, unsigned count)
{
	if (set_page_size(pf))
		return "no page size is supported";
	if (pci_size_bar_registers(pf, reg(pf, PCI_SRIOV_VF_BAR_0), PCI_NR_BARS, pf->sriov->bars))
		return "a VF BAR does not size";
	return number(pf, count);
}

void pci_sriov_prepare(struct pci_function *pf)
{
	const char *problem;
	unsigned count;

	if (reg(pf, PCI_SRIOV_SIZE) > PCI_EXTENDED_CONFIG_SIZE)
		return;
	/* What firmware may have left. */
	pci_write16(pf, reg(pf, PCI_SRIOV_CONTROL), 0);
	count = wished(pf, pci_read16(pf, reg(pf, PCI_SRIOV_TOTAL_VFS)));
	pf->sriov = count ? calloc(1, sizeof(*pf->sriov)) : NULL;
	if (!pf->sriov)
		return;
	problem = prepare(pf, count);
	if (problem) {
		log_warn("pci: %s has no VFs: %s", pf->name, problem);
		pf->sriov->count = 0;
	}
}

static void place_bars(struct pci_function *vf, unsigned n)
{
	for (unsigned i = 0; i < PCI_NR_BARS; i++) {
		struct pci_bar *bar = &vf->bars[i];

		*bar = vf->physical->sriov->bars[i];
		if (!bar->bus_addr)
			continue;
		bar->bus_addr += n * bar->size;
		bar->cpu_addr += n * bar->size;
	}
}

/* Vendor and device ID of a VF read all ones: they are the PF's to say. */
static bool add_vf(struct pci_function *pf, unsigned n)
{
	struct pci_function *vf = pci_new_function(pf->host, pf->parent, (uint16_t)rid_of(pf, n));

	if (!vf)
		return false;
	vf->physical = pf;
	vf->vendor = pf->vendor;
	vf->device = pf->sriov->device;
	vf->class_rev = pci_read32(vf, PCI_CLASS_REVISION);
	vf->subsystem_vendor = pf->subsystem_vendor;
	vf->subsystem_device = pci_read16(vf, PCI_SUBSYSTEM_ID);
	if (vf->class_rev == UINT32_MAX) {
		pci_leave_out(vf, "a VF that does not answer");
		return true;
	}
	place_bars(vf, n);
	pci_examine(vf);
	return true;
}

static bool is_taken(const struct pci_function *pf, uint32_t rid)
{
	struct pci_function *fn;

	for_each_function(fn)
		if (fn->host == pf->host && fn->msi.rid == rid)
			return true;
	return false;
}

static void add_vfs(struct pci_function *pf)
{
	for (unsigned n = 0; n < pf->sriov->count; n++) {
		if (is_taken(pf, rid_of(pf, n)))
			log_warn("pci: %s: VF %u has the ID of another function", pf->name, n);
		else if (!add_vf(pf, n))
			return;
	}
}

static bool has_vfs(const struct pci_function *fn)
{
	return fn->usable && fn->sriov && fn->sriov->count;
}

static void switch_on(struct pci_function *pf)
{
	pci_write16(pf, reg(pf, PCI_SRIOV_CONTROL),
		    pci_read16(pf, reg(pf, PCI_SRIOV_CONTROL)) | PCI_SRIOV_CONTROL_VF |
			    PCI_SRIOV_CONTROL_MEMORY);
}

void pci_sriov_enable(struct pci_host *host, const struct pci_function *port)
{
	struct pci_function *fn;
	unsigned functions = 0;

	for_each_behind(host, port, fn)
	{
		if (!has_vfs(fn))
			continue;
		switch_on(fn);
		functions++;
	}
	if (!functions)
		return;
	time_sleep_ms(VF_ENABLE_MS);
	for_each_behind(host, port, fn) if (has_vfs(fn)) add_vfs(fn);
}

void pci_sriov_restore(struct pci_function *pf)
{
	if (!has_vfs(pf))
		return;
	set_page_size(pf);
	write_number(pf, pf->sriov->count);
	pci_write_bars(pf);
	switch_on(pf);
	time_sleep_ms(VF_ENABLE_MS);
}

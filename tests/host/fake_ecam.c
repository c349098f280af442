// SPDX-License-Identifier: Apache-2.0
#include "tests/host/fake_ecam.h"

#include <stdlib.h>
#include <string.h>

#include "drivers/pci/config_ecam.h"
#include "drivers/pci/internal.h"
#include "drivers/pci/pci_regs.h"
#include "kernel/lib/panic.h"
#include "kernel/time.h"
#include "platform/platform.h"
#include "tests/host/fake_mmio.h"

#define ECAM_BASE     0x300000000000ull
#define MAX_FUNCTIONS 600
#define MAX_HOSTS     100

static struct fake_function *functions[MAX_FUNCTIONS];
static unsigned nr_functions, unanswered;
static struct pci_host *host;
static struct pci_ecam ecam = { .base = ECAM_BASE };
static bool recording;
static const char *wish;

/* -1: the bridge above has no number yet. */
static int bus_of(const struct fake_function *fn)
{
	unsigned offset = fn->bus_offset;

	if (!fn->parent)
		return (int)(host->first_bus + offset);
	return fn->parent->config[PCI_SECONDARY_BUS]
		       ? (int)(fn->parent->config[PCI_SECONDARY_BUS] + offset)
		       : -1;
}

static bool routed(const struct fake_function *fn, unsigned bus)
{
	for (const struct fake_function *up = fn->parent; up; up = up->parent)
		if (bus < up->config[PCI_SECONDARY_BUS] || bus > up->config[PCI_SUBORDINATE_BUS])
			return false;
	return true;
}

static bool exists(const struct fake_function *fn)
{
	const struct fake_function *pf = fn->enabled_by;

	if (fn->absent)
		return false;
	return !pf || (pf->config[pf->last_ext_cap + PCI_SRIOV_CONTROL] & PCI_SRIOV_CONTROL_VF);
}

static struct fake_function *find(uintptr_t offset)
{
	unsigned bus = (unsigned)(offset >> 20) + host->first_bus;
	unsigned device = (offset >> 15) & 31, function = (offset >> 12) & 7;

	for (unsigned i = 0; i < nr_functions; i++) {
		struct fake_function *fn = functions[i];

		if (fn->device == device && fn->function == function && bus_of(fn) == (int)bus &&
		    routed(fn, bus) && exists(fn))
			return fn;
	}
	return NULL;
}

static uint64_t ecam_read(void *ctx, uintptr_t offset, unsigned size)
{
	struct fake_function *fn = find(offset);
	uint64_t value = 0;

	(void)ctx;
	if (!recording)
		fake_mmio_log_clear();
	if (!fn) {
		unanswered++;
		return ~0ull >> (64 - 8 * size);
	}
	fn->reads++;
	if (fn->read)
		fn->read(fn, offset & 0xfff);
	memcpy(&value, fn->config + (offset & 0xfff), size);
	return value;
}

static void ecam_write(void *ctx, uintptr_t offset, unsigned size, uint64_t value)
{
	struct fake_function *fn = find(offset);

	(void)ctx;
	if (!recording)
		fake_mmio_log_clear();
	if (fn && fn->write && fn->write(fn, offset & 0xfff, value))
		return;
	for (unsigned i = 0; fn && i < size; i++) {
		uint8_t *byte = &fn->config[(offset & 0xfff) + i];
		uint8_t mask = fn->writable[(offset & 0xfff) + i];

		*byte = (uint8_t)((*byte & ~mask) | ((uint8_t)(value >> (8 * i)) & mask));
	}
}

struct pci_host *fake_host(void)
{
	static const struct fake_device device = { .read = ecam_read, .write = ecam_write };
	/* drivers/pci keeps earlier hosts: each has a segment of its own. */
	static struct pci_host hosts[MAX_HOSTS];
	static uint16_t segment;

	fake_mmio_reset();
	fake_mmio_map(ECAM_BASE, 256 * PCI_ECAM_BUS_SIZE, &device);
	assert(segment < MAX_HOSTS);
	host = &hosts[segment];
	host->config = &pci_ecam_ops;
	host->config_data = &ecam;
	host->config_size = PCI_EXTENDED_CONFIG_SIZE;
	host->segment = segment++;
	host->last_bus = 255;
	host->windows[PCI_SPACE_IO] = (struct pci_window){ .cpu_base = 0x3000000, .size = 0x10000 };
	host->windows[PCI_SPACE_MEM32] = (struct pci_window){
		.bus_base = FAKE_MEM32, .cpu_base = FAKE_MEM32 + FAKE_CPU_OFFSET, .size = 1u << 30
	};
	host->windows[PCI_SPACE_MEM64] = (struct pci_window){
		.bus_base = FAKE_MEM64, .cpu_base = FAKE_MEM64 + FAKE_CPU_OFFSET, .size = 1u << 30
	};
	for (unsigned i = 0; i < nr_functions; i++)
		free(functions[i]);
	nr_functions = 0;
	wish = NULL;
	unanswered = 0;
	recording = false;
	return host;
}

void fake_set(struct fake_function *fn, unsigned offset, unsigned bytes, uint32_t value,
	      uint32_t writable)
{
	memcpy(fn->config + offset, &value, bytes);
	memcpy(fn->writable + offset, &writable, bytes);
}

uint32_t fake_get(const struct fake_function *fn, unsigned offset, unsigned bytes)
{
	uint32_t value = 0;

	memcpy(&value, fn->config + offset, bytes);
	return value;
}

struct fake_function *fake_add(struct fake_function *parent, unsigned device, unsigned function)
{
	struct fake_function *fn = calloc(1, sizeof(*fn));

	assert(fn && nr_functions < MAX_FUNCTIONS);
	functions[nr_functions++] = fn;
	fn->parent = parent;
	fn->device = (uint8_t)device;
	fn->function = (uint8_t)function;
	fake_set(fn, PCI_VENDOR_ID, 4, 0x00ed1234, 0);
	fake_set(fn, PCI_COMMAND, 2, 0, 0x0547);
	fake_set(fn, PCI_CLASS_REVISION, 4, 0xff000001, 0);
	return fn;
}

void fake_multifunction(struct fake_function *fn)
{
	fn->config[PCI_HEADER_TYPE] |= PCI_HEADER_TYPE_MULTI;
}

struct fake_function *fake_bridge(struct fake_function *parent, unsigned device)
{
	struct fake_function *fn = fake_add(parent, device, 0);

	fn->config[PCI_HEADER_TYPE] = PCI_HEADER_TYPE_BRIDGE;
	fake_set(fn, PCI_CLASS_REVISION, 4, 0x06040000, 0);
	fake_set(fn, PCI_PRIMARY_BUS, 3, 0, 0xffffff);
	fake_set(fn, PCI_IO_BASE, 2, 0, 0xf0f0);
	fake_set(fn, PCI_MEMORY_BASE, 4, 0, 0xfff0fff0);
	fake_set(fn, PCI_PREFETCHABLE_BASE, 4, 0x00010001, 0xfff0fff0);
	fake_set(fn, PCI_PREFETCHABLE_BASE_UPPER, 4, 0, ~0u);
	fake_set(fn, PCI_PREFETCHABLE_LIMIT_UPPER, 4, 0, ~0u);
	return fn;
}

void fake_bar(struct fake_function *fn, unsigned i, enum fake_bar kind, uint64_t size)
{
	static const uint32_t type[] = {
		[FAKE_BAR_IO] = PCI_BAR_IO,
		[FAKE_BAR_32] = 0,
		[FAKE_BAR_32_PREF] = PCI_BAR_MEM_PREFETCHABLE,
		[FAKE_BAR_64] = FIELD_PREP(PCI_BAR_MEM_TYPE, PCI_BAR_MEM_TYPE_64),
		[FAKE_BAR_64_PREF] = FIELD_PREP(PCI_BAR_MEM_TYPE, PCI_BAR_MEM_TYPE_64) |
				     PCI_BAR_MEM_PREFETCHABLE,
	};
	uint64_t mask = -size;

	fake_set(fn, PCI_BASE_ADDRESS_0 + 4 * i, 4, type[kind],
		 (uint32_t)mask & (kind == FAKE_BAR_IO ? PCI_BAR_IO_ADDRESS : PCI_BAR_MEM_ADDRESS));
	if (kind >= FAKE_BAR_64)
		fake_set(fn, PCI_BASE_ADDRESS_0 + 4 * i + 4, 4, 0, (uint32_t)(mask >> 32));
}

void fake_cap(struct fake_function *fn, uint8_t id, unsigned offset)
{
	fn->config[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
	fn->config[fn->last_cap ? fn->last_cap + 1u : PCI_CAPABILITIES_POINTER] = (uint8_t)offset;
	fn->config[offset] = id;
	fn->last_cap = (uint8_t)offset;
}

void fake_msix(struct fake_function *fn, unsigned offset, unsigned count, uint32_t table,
	       uint32_t pba)
{
	fake_cap(fn, PCI_CAP_ID_MSIX, offset);
	fake_set(fn, offset + PCI_MSIX_CONTROL, 2, count - 1, 0xc000);
	fake_set(fn, offset + PCI_MSIX_TABLE, 4, table, 0);
	fake_set(fn, offset + PCI_MSIX_PBA, 4, pba, 0);
}

void fake_msi(struct fake_function *fn, unsigned offset, uint16_t control)
{
	unsigned shift = control & PCI_MSI_CONTROL_64BIT ? 4 : 0;

	fake_cap(fn, PCI_CAP_ID_MSI, offset);
	fake_set(fn, offset + PCI_MSI_CONTROL, 2, control,
		 PCI_MSI_CONTROL_ENABLE | PCI_MSI_CONTROL_MME);
	fake_set(fn, offset + PCI_MSI_ADDRESS, 4, 0, ~3u);
	fake_set(fn, offset + PCI_MSI_DATA + shift, 2, 0, 0xffff);
	if (shift)
		fake_set(fn, offset + PCI_MSI_ADDRESS_UPPER, 4, 0, ~0u);
	if (control & PCI_MSI_CONTROL_MASKABLE)
		fake_set(fn, offset + PCI_MSI_MASK + shift, 4, 0,
			 ~0u >> (32 - BIT(FIELD_GET(PCI_MSI_CONTROL_MMC, control))));
}

void fake_pcie(struct fake_function *fn, unsigned offset, unsigned type)
{
	fake_cap(fn, PCI_CAP_ID_PCIE, offset);
	fake_set(fn, offset + PCI_PCIE_FLAGS, 2, 2 | FIELD_PREP(PCI_PCIE_FLAGS_TYPE, type), 0);
}

void fake_ext_cap(struct fake_function *fn, uint16_t id, unsigned offset)
{
	if (fn->last_ext_cap)
		fake_set(fn, fn->last_ext_cap + 2u, 2, offset << 4, 0);
	fake_set(fn, offset, 4, id | 1u << 16, 0);
	fn->last_ext_cap = (uint16_t)offset;
}

void fake_ari(struct fake_function *fn, unsigned offset, unsigned next)
{
	fake_ext_cap(fn, PCI_EXT_CAP_ID_ARI, offset);
	fake_set(fn, offset + PCI_ARI_CAPABILITY, 2, next << 8, 0);
}

void fake_sriov(struct fake_function *pf, unsigned offset, unsigned total, unsigned first,
		unsigned stride)
{
	fake_ext_cap(pf, PCI_EXT_CAP_ID_SRIOV, offset);
	fake_set(pf, offset + PCI_SRIOV_CONTROL, 2, 0, 0x19);
	fake_set(pf, offset + PCI_SRIOV_TOTAL_VFS, 2, total, 0);
	fake_set(pf, offset + PCI_SRIOV_NUM_VFS, 2, 0, 0xffff);
	fake_set(pf, offset + PCI_SRIOV_FIRST_VF_OFFSET, 2, first, 0);
	fake_set(pf, offset + PCI_SRIOV_VF_STRIDE, 2, stride, 0);
	fake_set(pf, offset + PCI_SRIOV_VF_DEVICE_ID, 2, 0x10ca, 0);
	fake_set(pf, offset + PCI_SRIOV_SUPPORTED_PAGES, 4, 0x553, 0);
	fake_set(pf, offset + PCI_SRIOV_SYSTEM_PAGE_SIZE, 4, 1, 0x553);
	fake_set(pf, offset + PCI_SRIOV_VF_BAR_0, 4, 0x4, 0xffffc000);
	fake_set(pf, offset + PCI_SRIOV_VF_BAR_0 + 4, 4, 0, ~0u);
}

struct fake_function *fake_vf(struct fake_function *pf, unsigned n)
{
	const uint8_t *cap = pf->config + pf->last_ext_cap;
	unsigned rid = ((unsigned)pf->device << 3 | pf->function) + cap[PCI_SRIOV_FIRST_VF_OFFSET] +
		       cap[PCI_SRIOV_FIRST_VF_OFFSET + 1] * 256u + n * cap[PCI_SRIOV_VF_STRIDE];
	struct fake_function *vf = fake_add(pf->parent, (rid >> 3) & 31, rid & 7);

	vf->bus_offset = (uint8_t)(rid >> 8);
	vf->enabled_by = pf;
	fake_set(vf, PCI_VENDOR_ID, 4, ~0u, 0);
	fake_set(vf, PCI_COMMAND, 2, 0, 4);
	return vf;
}

void fake_wish_vfs(const char *setting)
{
	wish = setting;
}

const char *platform_setting(const char *key, const char *fallback)
{
	return !strcmp(key, "sriov") && wish ? wish : fallback;
}

__attribute__((weak)) void time_sleep_ms(uint32_t ms)
{
	(void)ms;
}

__attribute__((weak)) void pci_intx_read(struct pci_function *fn)
{
	(void)fn;
}

int fake_scan(void)
{
	return pci_host_add(host);
}

struct pci_function *fake_found(const struct fake_function *fn)
{
	for (struct pci_function *it = pci_first(); it; it = it->next)
		if (it->host == host && it->msi.rid >> 8 == bus_of(fn) &&
		    (it->msi.rid & 0xff) == (fn->device << 3 | fn->function))
			return it;
	return NULL;
}

void fake_record(bool on)
{
	recording = on;
	fake_mmio_log_clear();
}

uintptr_t fake_config_address(const struct fake_function *fn, unsigned offset)
{
	return ECAM_BASE + ((uintptr_t)(bus_of(fn) - host->first_bus) << 20) + (fn->device << 15) +
	       (fn->function << 12) + offset;
}

unsigned fake_unanswered(void)
{
	return unanswered;
}

struct pci_host *fake_the_host(void)
{
	return host;
}

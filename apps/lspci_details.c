// SPDX-License-Identifier: Apache-2.0
/* lspci -v. */
#include <stdio.h>

#include "apps/lspci.h"
#include "apps/pci_class.h"
#include "drivers/pci/pci_regs.h"

/* Bounds for lists that the device gives; a loop was refused at scan. */
#define MAX_LISTED 64

static void print_size(uint64_t size)
{
	static const char *const units[] = { "", "K", "M", "G", "T" };
	unsigned unit = 0;

	for (; size >= 1024 && unit + 1 < ARRAY_SIZE(units); unit++)
		size /= 1024;
	printf(" [size=%llu%s]", (unsigned long long)size, units[unit]);
}

static void print_subsystem(const struct pci_function *fn)
{
	unsigned vendor = fn->subsystem_vendor, device = fn->subsystem_device;
	int at = fn->bridge ? pci_find_capability(fn, PCI_CAP_ID_SSVID, 0) : 0;

	/* The header of a bridge has no room for it: a capability has. */
	if (at > 0) {
		vendor = pci_read16(fn, (unsigned)at + PCI_SSVID_VENDOR);
		device = pci_read16(fn, (unsigned)at + PCI_SSVID_DEVICE);
	}
	if (vendor && vendor != UINT16_MAX)
		printf("\tSubsystem: Device %04x:%04x\n", vendor, device);
}

static void print_flags(const struct pci_function *fn)
{
	static const char *const devsel[] = { "fast", "medium", "slow", "??" };
	uint16_t command = pci_read16(fn, PCI_COMMAND), status = pci_read16(fn, PCI_STATUS);

	printf("\tFlags: ");
	if (command & PCI_COMMAND_MASTER)
		printf("bus master, ");
	if (status & PCI_STATUS_66MHZ)
		printf("66MHz, ");
	printf("%s devsel", devsel[FIELD_GET(PCI_STATUS_DEVSEL, status)]);
	if (command & PCI_COMMAND_MASTER)
		printf(", latency %u", pci_read8(fn, PCI_LATENCY_TIMER));
	putchar('\n');
}

static void print_bar(const struct pci_bar *bar, uint16_t command)
{
	uint16_t decode = bar->io ? PCI_COMMAND_IO : PCI_COMMAND_MEMORY;

	printf(bar->io ? "\tI/O ports at " : "\tMemory at ");
	if (!bar->bus_addr)
		printf("<unassigned>");
	else
		printf("%0*llx", bar->io ? 4 : 8, (unsigned long long)bar->bus_addr);
	if (!bar->io)
		printf(" (%s-bit, %sprefetchable)", bar->is64 ? "64" : "32",
		       bar->prefetchable ? "" : "non-");
	if (!(command & decode))
		printf(" [disabled]");
	print_size(bar->size);
	putchar('\n');
}

static void print_window(const char *name, const struct pci_window *window, int digits,
			 unsigned bits)
{
	printf("\t%s behind bridge: ", name);
	if (window->size) {
		printf("%0*llx-%0*llx", digits, (unsigned long long)window->bus_base, digits,
		       (unsigned long long)(window->bus_base + window->size - 1));
		print_size(window->size);
	} else {
		printf("[disabled]");
	}
	printf(" [%u-bit]\n", bits);
}

static void print_bridge(const struct pci_function *fn)
{
	const struct pci_bridge *bridge = fn->bridge;
	bool io32 = FIELD_GET(PCI_IO_TYPE, pci_read8(fn, PCI_IO_BASE)) == PCI_IO_TYPE_32;

	printf("\tBus: primary=%02x, secondary=%02x, subordinate=%02x, sec-latency=%u\n",
	       fn->msi.rid >> 8, bridge->secondary, bridge->subordinate,
	       pci_read8(fn, PCI_SECONDARY_LATENCY_TIMER));
	if (bridge->has_io)
		print_window("I/O", &bridge->windows[PCI_SPACE_IO], io32 ? 8 : 4, io32 ? 32 : 16);
	print_window("Memory", &bridge->windows[PCI_SPACE_MEM32], 8, 32);
	if (bridge->has_mem64)
		print_window("Prefetchable memory", &bridge->windows[PCI_SPACE_MEM64], 16, 64);
}

static void print_msi(const struct pci_function *fn, unsigned at)
{
	uint16_t control = pci_read16(fn, at + PCI_MSI_CONTROL);

	printf("MSI: Enable%c Count=%u/%u Maskable%c 64bit%c",
	       control & PCI_MSI_CONTROL_ENABLE ? '+' : '-',
	       BIT(FIELD_GET(PCI_MSI_CONTROL_MME, control)),
	       BIT(FIELD_GET(PCI_MSI_CONTROL_MMC, control)),
	       control & PCI_MSI_CONTROL_MASKABLE ? '+' : '-',
	       control & PCI_MSI_CONTROL_64BIT ? '+' : '-');
}

static void print_msix(const struct pci_function *fn, unsigned at)
{
	uint16_t control = pci_read16(fn, at + PCI_MSIX_CONTROL);

	printf("MSI-X: Enable%c Count=%u Masked%c", control & PCI_MSIX_CONTROL_ENABLE ? '+' : '-',
	       FIELD_GET(PCI_MSIX_CONTROL_TABLE_SIZE, control) + 1u,
	       control & PCI_MSIX_CONTROL_FUNCTION_MASK ? '+' : '-');
}

static void print_express(const struct pci_function *fn, unsigned at)
{
	static const char *const types[] = {
		[0] = "Endpoint",
		[1] = "Legacy Endpoint",
		[4] = "Root Port",
		[5] = "Upstream Port",
		[6] = "Downstream Port",
		[7] = "PCI-Express to PCI/PCI-X Bridge",
		[8] = "PCI/PCI-X to PCI-Express Bridge",
		[9] = "Root Complex Integrated Endpoint",
		[10] = "Root Complex Event Collector",
	};
	uint16_t flags = pci_read16(fn, at + PCI_PCIE_FLAGS);
	unsigned type = FIELD_GET(PCI_PCIE_FLAGS_TYPE, flags);

	if (type < ARRAY_SIZE(types) && types[type])
		printf("Express %s", types[type]);
	else
		printf("Express Unknown type %u", type);
	if (type == PCI_PCIE_TYPE_ROOT_PORT || type == PCI_PCIE_TYPE_DOWNSTREAM)
		printf(" (Slot%c)", flags & PCI_PCIE_FLAGS_SLOT ? '+' : '-');
	printf(", MSI %02x", FIELD_GET(PCI_PCIE_FLAGS_MESSAGE, flags));
}

static void print_capability(const struct pci_function *fn, unsigned id, unsigned at)
{
	const char *name = pci_capability_name((uint8_t)id);

	printf("\tCapabilities: [%02x] ", at);
	if (id == PCI_CAP_ID_MSI)
		print_msi(fn, at);
	else if (id == PCI_CAP_ID_MSIX)
		print_msix(fn, at);
	else if (id == PCI_CAP_ID_PCIE)
		print_express(fn, at);
	else if (id == PCI_CAP_ID_PM)
		printf("Power Management version %u",
		       pci_read16(fn, at + PCI_PM_CAPABILITIES) & PCI_PM_VERSION);
	else if (id == PCI_CAP_ID_VENDOR)
		printf("Vendor Specific Information: Len=%02x <?>",
		       pci_read8(fn, at + PCI_VENDOR_LENGTH));
	else if (id == PCI_CAP_ID_SSVID)
		printf("Subsystem: Device %04x:%04x", pci_read16(fn, at + PCI_SSVID_VENDOR),
		       pci_read16(fn, at + PCI_SSVID_DEVICE));
	else if (name)
		printf("%s", name);
	else
		printf("#%02x [%04x]", id, pci_read16(fn, at + PCI_CAP_BODY));
	putchar('\n');
}

static void print_extended(const struct pci_function *fn, unsigned at)
{
	static const struct {
		uint16_t id;
		const char *name;
	} names[] = {
		{ 0x0001, "Advanced Error Reporting" },
		{ 0x0003, "Device Serial Number" },
		{ 0x000b, "Vendor Specific Information" },
		{ 0x000d, "Access Control Services" },
		{ 0x000e, "Alternative Routing-ID Interpretation (ARI)" },
		{ 0x000f, "Address Translation Service (ATS)" },
		{ 0x0010, "Single Root I/O Virtualization (SR-IOV)" },
		{ 0x0013, "Process Address Space ID (PASID)" },
		{ 0x0017, "Transaction Processing Hints" },
		{ 0x0018, "Latency Tolerance Reporting" },
		{ 0x0019, "Secondary PCI Express" },
		{ 0x001d, "Downstream Port Containment" },
	};
	uint32_t header = pci_read32(fn, at);
	unsigned id = FIELD_GET(PCI_EXT_CAP_ID, header), i = 0;

	while (i < ARRAY_SIZE(names) && names[i].id != id)
		i++;
	printf("\tCapabilities: [%03x] ", at);
	if (i < ARRAY_SIZE(names))
		printf("%s\n", names[i].name);
	else
		printf("Extended Capability ID %#02x\n", id);
}

static void print_capabilities(const struct pci_function *fn)
{
	unsigned at, n = 0;

	if (!(pci_read16(fn, PCI_STATUS) & PCI_STATUS_CAP_LIST))
		return;
	at = pci_read8(fn, PCI_CAPABILITIES_POINTER) & PCI_CAP_POINTER_MASK;
	for (; at >= PCI_CAP_FIRST && n < MAX_LISTED; n++) {
		uint16_t header = pci_read16(fn, at);

		print_capability(fn, header & 0xff, at);
		at = (header >> 8) & PCI_CAP_POINTER_MASK;
	}
	if (!fn->cap_pcie || fn->host->config_size < PCI_EXTENDED_CONFIG_SIZE)
		return;
	for (at = PCI_EXT_CAP_FIRST; at >= PCI_EXT_CAP_FIRST && n < MAX_LISTED; n++) {
		uint32_t header = pci_read32(fn, at);

		if (!header || header == UINT32_MAX)
			return;
		print_extended(fn, at);
		at = FIELD_GET(PCI_EXT_CAP_NEXT, header) & PCI_EXT_CAP_POINTER_MASK;
	}
}

void lspci_details(const struct pci_function *fn)
{
	uint16_t command = pci_read16(fn, PCI_COMMAND);

	print_subsystem(fn);
	print_flags(fn);
	for (unsigned i = 0; i < PCI_NR_BARS; i++)
		if (fn->bars[i].size)
			print_bar(&fn->bars[i], command);
	if (fn->bridge)
		print_bridge(fn);
	print_capabilities(fn);
	if (fn->driver)
		printf("\tKernel driver in use: %s\n", fn->driver->name);
	if (fn->problem)
		printf("\tLeft out: %s\n", fn->problem);
}

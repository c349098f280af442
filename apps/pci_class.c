// SPDX-License-Identifier: Apache-2.0
#include "apps/pci_class.h"

#include <stddef.h>

#include "kernel/lib/bits.h"

struct name {
	uint32_t key;
	const char *text;
};

static const char *find(const struct name *names, unsigned count, uint32_t key)
{
	for (unsigned i = 0; i < count; i++)
		if (names[i].key == key)
			return names[i].text;
	return NULL;
}

static const struct name classes[] = {
	{ 0x0000, "Non-VGA unclassified device" },
	{ 0x0001, "VGA compatible unclassified device" },
	{ 0x0100, "SCSI storage controller" },
	{ 0x0101, "IDE interface" },
	{ 0x0104, "RAID bus controller" },
	{ 0x0105, "ATA controller" },
	{ 0x0106, "SATA controller" },
	{ 0x0107, "Serial Attached SCSI controller" },
	{ 0x0108, "Non-Volatile memory controller" },
	{ 0x0109, "Universal Flash Storage controller" },
	{ 0x0180, "Mass storage controller" },
	{ 0x0200, "Ethernet controller" },
	{ 0x0207, "Infiniband controller" },
	{ 0x0208, "Fabric controller" },
	{ 0x0280, "Network controller" },
	{ 0x0300, "VGA compatible controller" },
	{ 0x0302, "3D controller" },
	{ 0x0380, "Display controller" },
	{ 0x0400, "Multimedia video controller" },
	{ 0x0401, "Multimedia audio controller" },
	{ 0x0403, "Audio device" },
	{ 0x0480, "Multimedia controller" },
	{ 0x0500, "RAM memory" },
	{ 0x0501, "FLASH memory" },
	{ 0x0502, "CXL" },
	{ 0x0580, "Memory controller" },
	{ 0x0600, "Host bridge" },
	{ 0x0601, "ISA bridge" },
	{ 0x0604, "PCI bridge" },
	{ 0x0607, "CardBus bridge" },
	{ 0x0609, "Semi-transparent PCI-to-PCI bridge" },
	{ 0x0680, "Bridge" },
	{ 0x0700, "Serial controller" },
	{ 0x0701, "Parallel controller" },
	{ 0x0702, "Multiport serial controller" },
	{ 0x0703, "Modem" },
	{ 0x0780, "Communication controller" },
	{ 0x0800, "PIC" },
	{ 0x0801, "DMA controller" },
	{ 0x0802, "Timer" },
	{ 0x0803, "RTC" },
	{ 0x0805, "SD Host controller" },
	{ 0x0806, "IOMMU" },
	{ 0x0880, "System peripheral" },
	{ 0x0900, "Keyboard controller" },
	{ 0x0902, "Mouse controller" },
	{ 0x0980, "Input device controller" },
	{ 0x0b40, "Co-processor" },
	{ 0x0c00, "FireWire (IEEE 1394)" },
	{ 0x0c03, "USB controller" },
	{ 0x0c04, "Fibre Channel" },
	{ 0x0c05, "SMBus" },
	{ 0x0c09, "CANBUS" },
	{ 0x0c80, "Serial bus controller" },
	{ 0x0d11, "Bluetooth" },
	{ 0x0d80, "Wireless controller" },
	{ 0x1000, "Network and computing encryption device" },
	{ 0x1080, "Encryption controller" },
	{ 0x1101, "Performance counters" },
	{ 0x1180, "Signal processing controller" },
	{ 0x1200, "Processing accelerators" },
};

static const struct name base_classes[] = {
	{ 0x00, "Unclassified device" },
	{ 0x01, "Mass storage controller" },
	{ 0x02, "Network controller" },
	{ 0x03, "Display controller" },
	{ 0x04, "Multimedia controller" },
	{ 0x05, "Memory controller" },
	{ 0x06, "Bridge" },
	{ 0x07, "Communication controller" },
	{ 0x08, "Generic system peripheral" },
	{ 0x09, "Input device controller" },
	{ 0x0a, "Docking station" },
	{ 0x0b, "Processor" },
	{ 0x0c, "Serial bus controller" },
	{ 0x0d, "Wireless controller" },
	{ 0x0e, "Intelligent controller" },
	{ 0x0f, "Satellite communications controller" },
	{ 0x10, "Encryption controller" },
	{ 0x11, "Signal processing controller" },
	{ 0x12, "Processing accelerators" },
	{ 0x13, "Non-Essential Instrumentation" },
	{ 0x40, "Coprocessor" },
	{ 0xff, "Unassigned class" },
};

static const struct name interfaces[] = {
	{ 0x010601, "AHCI 1.0" },
	{ 0x010802, "NVM Express" },
	{ 0x030000, "VGA controller" },
	{ 0x060400, "Normal decode" },
	{ 0x060401, "Subtractive decode" },
	{ 0x070002, "16550" },
	{ 0x0c0300, "UHCI" },
	{ 0x0c0310, "OHCI" },
	{ 0x0c0320, "EHCI" },
	{ 0x0c0330, "XHCI" },
};

static const struct name capabilities[] = {
	{ 0x01, "Power Management" },
	{ 0x03, "Vital Product Data" },
	{ 0x05, "MSI" },
	{ 0x08, "HyperTransport" },
	{ 0x09, "Vendor Specific Information" },
	{ 0x0a, "Debug port" },
	{ 0x0c, "Hot-plug capable" },
	{ 0x0d, "Subsystem" },
	{ 0x10, "Express" },
	{ 0x11, "MSI-X" },
	{ 0x12, "SATA HBA" },
	{ 0x13, "PCI Advanced Features" },
};

const char *pci_class_name(uint16_t class_)
{
	return find(classes, ARRAY_SIZE(classes), class_);
}

const char *pci_base_class_name(uint8_t base)
{
	return find(base_classes, ARRAY_SIZE(base_classes), base);
}

const char *pci_interface_name(uint32_t class_)
{
	return find(interfaces, ARRAY_SIZE(interfaces), class_);
}

const char *pci_capability_name(uint8_t id)
{
	return find(capabilities, ARRAY_SIZE(capabilities), id);
}

// SPDX-License-Identifier: Apache-2.0
/* OPAL API, "OPAL_PCI_CONFIG_*": what is not there, or isolated, reads all ones. */
#include "drivers/pci/opal/bridge.h"
#include "drivers/pci/pci_regs.h"
#include "platform/powernv9/opal.h"

static const struct opal_bridge *bridge_of(const struct pci_host *host)
{
	return host->config_data;
}

static bool read(struct pci_host *host, uint16_t rid, unsigned offset, enum opal_token token,
		 void *value)
{
	return offset < PCI_EXTENDED_CONFIG_SIZE &&
	       !opal_call(token, bridge_of(host)->id, rid, offset, (uintptr_t)value);
}

static void write(struct pci_host *host, uint16_t rid, unsigned offset, enum opal_token token,
		  uint32_t value)
{
	if (offset < PCI_EXTENDED_CONFIG_SIZE)
		opal_call(token, bridge_of(host)->id, rid, offset, value);
}

static uint8_t read8(struct pci_host *host, uint16_t rid, unsigned offset)
{
	uint8_t value;

	return read(host, rid, offset, OPAL_PCI_CONFIG_READ_BYTE, &value) ? value : UINT8_MAX;
}

static uint16_t read16(struct pci_host *host, uint16_t rid, unsigned offset)
{
	uint16_t value;

	return read(host, rid, offset, OPAL_PCI_CONFIG_READ_HALF_WORD, &value) ? value : UINT16_MAX;
}

static uint32_t read32(struct pci_host *host, uint16_t rid, unsigned offset)
{
	uint32_t value;

	return read(host, rid, offset, OPAL_PCI_CONFIG_READ_WORD, &value) ? value : UINT32_MAX;
}

static void write8(struct pci_host *host, uint16_t rid, unsigned offset, uint8_t value)
{
	write(host, rid, offset, OPAL_PCI_CONFIG_WRITE_BYTE, value);
}

static void write16(struct pci_host *host, uint16_t rid, unsigned offset, uint16_t value)
{
	write(host, rid, offset, OPAL_PCI_CONFIG_WRITE_HALF_WORD, value);
}

static void write32(struct pci_host *host, uint16_t rid, unsigned offset, uint32_t value)
{
	write(host, rid, offset, OPAL_PCI_CONFIG_WRITE_WORD, value);
}

const struct pci_config_ops pci_opal_config_ops = {
	.name = "opal",
	.read8 = read8,
	.read16 = read16,
	.read32 = read32,
	.write8 = write8,
	.write16 = write16,
	.write32 = write32,
};

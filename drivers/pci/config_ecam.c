// SPDX-License-Identifier: Apache-2.0
#include "drivers/pci/config_ecam.h"

#include "arch/io.h"
#include "drivers/pci/pci_regs.h"

/* 0: no such bus or offset; what is not there reads all ones, and writes to it are dropped. */
static uintptr_t ecam_address(const struct pci_host *host, uint16_t rid, unsigned offset)
{
	const struct pci_ecam *ecam = host->config_data;
	unsigned bus = rid >> 8;

	if (bus < host->first_bus || bus > host->last_bus || offset >= PCI_EXTENDED_CONFIG_SIZE)
		return 0;
	return ecam->base + (((uintptr_t)rid - ((uintptr_t)host->first_bus << 8)) << 12) + offset;
}

static uint8_t ecam_read8(struct pci_host *host, uint16_t rid, unsigned offset)
{
	uintptr_t address = ecam_address(host, rid, offset);

	return address ? mmio_read8(address) : UINT8_MAX;
}

static uint16_t ecam_read16(struct pci_host *host, uint16_t rid, unsigned offset)
{
	uintptr_t address = ecam_address(host, rid, offset);

	return address ? mmio_read16(address) : UINT16_MAX;
}

static uint32_t ecam_read32(struct pci_host *host, uint16_t rid, unsigned offset)
{
	uintptr_t address = ecam_address(host, rid, offset);

	return address ? mmio_read32(address) : UINT32_MAX;
}

static void ecam_write8(struct pci_host *host, uint16_t rid, unsigned offset, uint8_t value)
{
	uintptr_t address = ecam_address(host, rid, offset);

	if (address)
		mmio_write8(address, value);
}

static void ecam_write16(struct pci_host *host, uint16_t rid, unsigned offset, uint16_t value)
{
	uintptr_t address = ecam_address(host, rid, offset);

	if (address)
		mmio_write16(address, value);
}

static void ecam_write32(struct pci_host *host, uint16_t rid, unsigned offset, uint32_t value)
{
	uintptr_t address = ecam_address(host, rid, offset);

	if (address)
		mmio_write32(address, value);
}

const struct pci_config_ops pci_ecam_ops = {
	.name = "ecam",
	.read8 = ecam_read8,
	.read16 = ecam_read16,
	.read32 = ecam_read32,
	.write8 = ecam_write8,
	.write16 = ecam_write16,
	.write32 = ecam_write32,
	.address = ecam_address,
};

// SPDX-License-Identifier: Apache-2.0
/*
 * Power Architecture Platform Reference, "ibm,read-pci-config" and "ibm,write-pci-config". What
 * is not there is a status, not a value: it reads all ones here, as everywhere.
 */
#include "drivers/pci/rtas/config.h"

#include <errno.h>

#include "platform/pseries/phb.h"
#include "platform/pseries/rtas.h"

static uint32_t read_token, write_token;

int pci_rtas_config_init(void)
{
	read_token = rtas_token("ibm,read-pci-config");
	write_token = rtas_token("ibm,write-pci-config");
	return read_token == RTAS_NO_TOKEN || write_token == RTAS_NO_TOKEN ? -ENODEV : 0;
}

static uint32_t rtas_read(struct pci_host *host, uint16_t rid, unsigned offset, uint32_t size)
{
	const struct rtas_phb *phb = host->config_data;
	const uint32_t args[] = { rtas_config_address(rid, offset), phb->buid_hi, phb->buid_lo,
				  size };
	uint32_t rets[2];

	if (offset >= host->config_size || rtas_call(read_token, 4, args, 2, rets))
		return UINT32_MAX;
	return rets[1];
}

static void rtas_write(struct pci_host *host, uint16_t rid, unsigned offset, uint32_t size,
		       uint32_t value)
{
	const struct rtas_phb *phb = host->config_data;
	const uint32_t args[] = { rtas_config_address(rid, offset), phb->buid_hi, phb->buid_lo,
				  size, value };

	if (offset < host->config_size)
		rtas_call(write_token, 5, args, 1, NULL);
}

static uint8_t read8(struct pci_host *host, uint16_t rid, unsigned offset)
{
	return (uint8_t)rtas_read(host, rid, offset, 1);
}

static uint16_t read16(struct pci_host *host, uint16_t rid, unsigned offset)
{
	return (uint16_t)rtas_read(host, rid, offset, 2);
}

static uint32_t read32(struct pci_host *host, uint16_t rid, unsigned offset)
{
	return rtas_read(host, rid, offset, 4);
}

static void write8(struct pci_host *host, uint16_t rid, unsigned offset, uint8_t value)
{
	rtas_write(host, rid, offset, 1, value);
}

static void write16(struct pci_host *host, uint16_t rid, unsigned offset, uint16_t value)
{
	rtas_write(host, rid, offset, 2, value);
}

static void write32(struct pci_host *host, uint16_t rid, unsigned offset, uint32_t value)
{
	rtas_write(host, rid, offset, 4, value);
}

const struct pci_config_ops pci_rtas_config_ops = {
	.name = "rtas",
	.read8 = read8,
	.read16 = read16,
	.read32 = read32,
	.write8 = write8,
	.write16 = write16,
	.write32 = write32,
};

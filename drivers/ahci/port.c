// SPDX-License-Identifier: Apache-2.0
#include "drivers/ahci/port.h"

#include <errno.h>
#include <string.h>

#include "arch/barrier.h"
#include "drivers/pci/mmio.h"
#include "kernel/lib/endian.h"
#include "kernel/mem.h"
#include "kernel/time.h"

/* Section 10.1.2 and 10.3: a port that does not stop within half a second is hung. */
#define STOP_TIMEOUT_MS     500
#define SPIN_UP_TIMEOUT_MS  10000
#define IDENTIFY_TIMEOUT_MS 10000

_Static_assert(offsetof(struct ahci_memory, table.data) - offsetof(struct ahci_memory, table) ==
		       0x80,
	       "the region descriptors stand at 80h of the command table");

static uint32_t port_read(const struct ahci_port *port, unsigned reg)
{
	return pci_mmio_read32(port->fn, port->regs + reg);
}

static void port_write(const struct ahci_port *port, unsigned reg, uint32_t value)
{
	pci_mmio_write32(port->fn, port->regs + reg, value);
}

static void port_write64(const struct ahci_port *port, unsigned reg, uint64_t value)
{
	port_write(port, reg, (uint32_t)value);
	port_write(port, reg + 4, (uint32_t)(value >> 32));
}

bool ahci_port_present(const struct pci_function *fn, uintptr_t regs)
{
	return FIELD_GET(AHCI_PXSSTS_DET, pci_mmio_read32(fn, regs + AHCI_PXSSTS)) ==
	       AHCI_DET_PRESENT;
}

static bool no_commands(void *port)
{
	return !(port_read(port, AHCI_PXCMD) & AHCI_PXCMD_CR);
}

static bool no_reception(void *port)
{
	return !(port_read(port, AHCI_PXCMD) & AHCI_PXCMD_FR);
}

static bool idle(void *port)
{
	return !(port_read(port, AHCI_PXTFD) & (AHCI_PXTFD_BSY | AHCI_PXTFD_DRQ));
}

int ahci_port_stop(struct ahci_port *port)
{
	port_write(port, AHCI_PXIE, 0);
	port_write(port, AHCI_PXCMD, port_read(port, AHCI_PXCMD) & ~AHCI_PXCMD_ST);
	if (!time_wait(no_commands, port, STOP_TIMEOUT_MS))
		return -EIO;
	port_write(port, AHCI_PXCMD, port_read(port, AHCI_PXCMD) & ~AHCI_PXCMD_FRE);
	return time_wait(no_reception, port, STOP_TIMEOUT_MS) ? 0 : -EIO;
}

int ahci_port_start(struct ahci_port *port)
{
	struct ahci_memory *memory = port->memory;

	memory->list[0].table = le64(dma_address(&memory->table));
	memory->table.data = le64(dma_address(memory->identify));
	memory->table.data_last = le32(ATA_IDENTIFY_BYTES - 1);
	port_write64(port, AHCI_PXCLB, dma_address(memory->list));
	port_write64(port, AHCI_PXFB, dma_address(memory->received));
	port_write(port, AHCI_PXSERR, ~0u);
	port_write(port, AHCI_PXCMD, port_read(port, AHCI_PXCMD) | AHCI_PXCMD_FRE);
	/* The device's first FIS brings its status and its signature. */
	if (!time_wait(idle, port, SPIN_UP_TIMEOUT_MS))
		return -EIO;
	port->atapi = port_read(port, AHCI_PXSIG) == AHCI_PXSIG_ATAPI;
	port_write(port, AHCI_PXIS, ~0u);
	port_write(port, AHCI_PXCMD, port_read(port, AHCI_PXCMD) | AHCI_PXCMD_ST);
	return 0;
}

/* In slot 0. regions: of data, 0 or 1. */
static void issue(struct ahci_port *port, uint8_t command, unsigned regions)
{
	struct ahci_memory *memory = port->memory;

	memory->table.fis[0] = le32(FIELD_PREP(FIS_TYPE, FIS_H2D) | FIS_H2D_C |
				    FIELD_PREP(FIS_COMMAND, (uint32_t)command));
	memory->list[0].dw0 = le32(FIELD_PREP(AHCI_HEADER_CFL, FIS_H2D_DWORDS) |
				   FIELD_PREP(AHCI_HEADER_PRDTL, regions));
	/* Header and table are in memory before the controller is told to fetch them. */
	barrier_publish_to_device();
	port_write(port, AHCI_PXCI, BIT(0));
}

static bool is_busy(struct ahci_port *port)
{
	return port_read(port, AHCI_PXCI) & BIT(0);
}

int ahci_port_raise(struct ahci_port *port)
{
	if (is_busy(port))
		return -EBUSY;
	issue(port, ATA_CHECK_POWER_MODE, 0);
	return 0;
}

void ahci_port_interrupt(struct ahci_port *port)
{
	uint32_t causes = port_read(port, AHCI_PXIS);

	port_write(port, AHCI_PXIS, causes);
	/* release pairs with the acquire in identified(): the waiter reads the device's data */
	atomic_fetch_or_explicit(&port->causes, causes, memory_order_release);
}

/* Old QEMUs interrupt for the PIO Setup FIS before the data is there; PxCI tells. */
static bool identified(void *arg)
{
	struct ahci_port *port = arg;
	uint32_t causes = atomic_load_explicit(&port->causes, memory_order_acquire);

	return (causes & AHCI_PXI_ERRORS) || (causes && !is_busy(port));
}

/* ATA strings hold the first of two letters in the upper half of each word. */
static void take_model(struct ahci_port *port)
{
	unsigned length = 2 * ATA_IDENTIFY_MODEL_WORDS;

	for (unsigned i = 0; i < length; i++) {
		uint16_t word = le16(port->memory->identify[ATA_IDENTIFY_MODEL + i / 2]);
		char c = (char)(i % 2 ? word : word >> 8);

		port->model[i] = c >= ' ' && c <= '~' ? c : ' ';
	}
	while (length && port->model[length - 1] == ' ')
		length--;
	port->model[length] = '\0';
}

int ahci_port_identify(struct ahci_port *port)
{
	bool came;

	if (is_busy(port))
		return -EIO;
	memset(port->memory->identify, 0, sizeof(port->memory->identify));
	/* relaxed: no command is under way, so no handler runs */
	atomic_store_explicit(&port->causes, 0, memory_order_relaxed);
	port_write(port, AHCI_PXIE, AHCI_PXI_DHRS | AHCI_PXI_PSS | AHCI_PXI_ERRORS);
	issue(port, port->atapi ? ATA_IDENTIFY_PACKET_DEVICE : ATA_IDENTIFY_DEVICE, 1);
	came = !pci_wait(port->fn, identified, port, IDENTIFY_TIMEOUT_MS);
	/* QEMU interrupts for the data and for the end: the second is no raise's. */
	time_sleep_ms(1);
	/* Of what ahci_port_raise() does only the end is told: one command, one interrupt. */
	port_write(port, AHCI_PXIE, AHCI_PXI_DHRS | AHCI_PXI_ERRORS);
	if (!came)
		return -ETIMEDOUT;
	if ((atomic_load_explicit(&port->causes, memory_order_relaxed) & AHCI_PXI_ERRORS) ||
	    (port_read(port, AHCI_PXTFD) & AHCI_PXTFD_ERR))
		return -EIO;
	/* The status read came after the device's data; it is read now. */
	barrier_after_device_read();
	take_model(port);
	return 0;
}

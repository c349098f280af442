/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "drivers/ahci/regs.h"
#include "drivers/pci/pci.h"

/* What the controller reads and writes, for one port and its command slot 0 (chapter 4). */
struct ahci_memory {
	_Alignas(1024) struct {
		uint32_t dw0;
		uint32_t bytes; /* transferred, by the controller */
		uint64_t table;
		uint32_t reserved[4];
	} list[32];
	_Alignas(256) uint8_t received[256];
	struct {
		_Alignas(256) uint32_t fis[16];
		uint8_t atapi[16];
		uint8_t reserved[48];
		uint64_t data; /* the only region descriptor */
		uint32_t data_reserved;
		uint32_t data_last; /* bytes - 1 */
	} table;
	_Alignas(256) uint16_t identify[ATA_IDENTIFY_BYTES / 2];
};

/* The port with the device; all zero: there is none. */
struct ahci_port {
	struct pci_function *fn;
	uintptr_t regs;
	struct ahci_memory *memory;
	bool atapi;
	_Atomic uint32_t causes; /* PxIS bits seen since the last identify */
	char model[2 * ATA_IDENTIFY_MODEL_WORDS + 1];
};

/* Is there a device with a link? Any context. */
bool ahci_port_present(const struct pci_function *fn, uintptr_t regs);

/* Stops commands, then reception, as 10.3 has it. 0, -EIO. Thread context. */
int ahci_port_stop(struct ahci_port *port);

/* Gives the controller the memory, and lets it take commands; it was stopped. 0, -EIO. */
int ahci_port_start(struct ahci_port *port);

/* Fills port->model; needs the interrupt. 0, -EIO, -ETIMEDOUT. Thread context. */
int ahci_port_identify(struct ahci_port *port);

/* A command without data: one interrupt when it has ended. 0, -EBUSY: one is under way. */
int ahci_port_raise(struct ahci_port *port);

/* Of the handler: takes the port's causes. */
void ahci_port_interrupt(struct ahci_port *port);

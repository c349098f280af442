/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "drivers/pci/pci.h"

/*
 * Described functions behind a host bridge, reached through drivers/pci/config_ecam.c and
 * tests/host/fake_mmio.h. A register is its bytes and which of their bits take writes, so
 * BARs size, bridges route by the bus numbers written to them, and anything can be made
 * malformed. A test file names tests/host/fake_ecam.c in SOURCES.
 */
struct fake_function {
	struct fake_function *parent;
	uint8_t device, function;
	uint8_t config[4096], writable[4096];
	uint8_t last_cap;
	uint16_t last_ext_cap;
	uint8_t bus_offset;                     /* a VF may be on a bus after its PF's */
	const struct fake_function *enabled_by; /* of a VF its PF */
	unsigned reads;                         /* of its configuration space */
	bool absent;                            /* nobody answers */
	/* Takes a write instead of the registers if it says so; may change anything. */
	bool (*write)(struct fake_function *fn, unsigned offset, uint64_t value);
	void (*read)(struct fake_function *fn, unsigned offset); /* before each read */
};

#define FAKE_MEM32      0x40000000ull
#define FAKE_MEM64      0x400000000ull
#define FAKE_CPU_OFFSET 0x1000000000ull /* cpu_base - bus_base of both */

enum fake_bar { FAKE_BAR_IO, FAKE_BAR_32, FAKE_BAR_32_PREF, FAKE_BAR_64, FAKE_BAR_64_PREF };

/* A new empty host bridge, of the next segment: 1 GiB of each memory, 64 KiB of IO. */
struct pci_host *fake_host(void);

/* parent NULL: on the root bus. A type 0 function without anything. */
struct fake_function *fake_add(struct fake_function *parent, unsigned device, unsigned function);
void fake_multifunction(struct fake_function *fn);
/* Turns it into a bridge with all windows. */
struct fake_function *fake_bridge(struct fake_function *parent, unsigned device);
void fake_set(struct fake_function *fn, unsigned offset, unsigned bytes, uint32_t value,
	      uint32_t writable);
uint32_t fake_get(const struct fake_function *fn, unsigned offset, unsigned bytes);
void fake_bar(struct fake_function *fn, unsigned i, enum fake_bar kind, uint64_t size);
/* Links a capability behind the last one. */
void fake_cap(struct fake_function *fn, uint8_t id, unsigned offset);
void fake_msix(struct fake_function *fn, unsigned offset, unsigned count, uint32_t table,
	       uint32_t pba);
void fake_msi(struct fake_function *fn, unsigned offset, uint16_t control);
void fake_pcie(struct fake_function *fn, unsigned offset, unsigned type);

/* Links an extended capability behind the last one; the first at 0x100. */
void fake_ext_cap(struct fake_function *fn, uint16_t id, unsigned offset);
void fake_ari(struct fake_function *fn, unsigned offset, unsigned next);
/* A PF with VF BAR 0 of 64 bit, 16 KiB; VF n is the function at rid + first + n * stride. */
void fake_sriov(struct fake_function *pf, unsigned offset, unsigned total, unsigned first,
		unsigned stride);
struct fake_function *fake_vf(struct fake_function *pf, unsigned n);
/* The boot setting `sriov` from now on; NULL: none. */
void fake_wish_vfs(const char *setting);

/* Adds the host with what was described; the scanned function, NULL: not found. */
int fake_scan(void);
struct pci_function *fake_found(const struct fake_function *fn);

/* From here on accesses stay in the log of fake_mmio.h; else each clears it. */
void fake_record(bool on);
/* Address of a configuration register, as the log has it. */
uintptr_t fake_config_address(const struct fake_function *fn, unsigned offset);
/* Reads of configuration space that nobody answered, since fake_host(). */
unsigned fake_unanswered(void);
/* The host bridge that is described. */
struct pci_host *fake_the_host(void);

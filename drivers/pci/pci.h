/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/lib/table.h"
#include "kernel/msi_iommu.h"
#include "platform/dt.h"

struct pci_host;

/* Configuration space. offset: aligned to the width, below pci_host.config_size. Any context. */
struct pci_config_ops {
	const char *name;
	uint8_t (*read8)(struct pci_host *host, uint16_t rid, unsigned offset);
	uint16_t (*read16)(struct pci_host *host, uint16_t rid, unsigned offset);
	uint32_t (*read32)(struct pci_host *host, uint16_t rid, unsigned offset);
	void (*write8)(struct pci_host *host, uint16_t rid, unsigned offset, uint8_t value);
	void (*write16)(struct pci_host *host, uint16_t rid, unsigned offset, uint16_t value);
	void (*write32)(struct pci_host *host, uint16_t rid, unsigned offset, uint32_t value);
	/* Where it is mapped; 0: no such bus or offset. NULL: it is not. */
	uintptr_t (*address)(const struct pci_host *host, uint16_t rid, unsigned offset);
};

/* A window of a host bridge: what functions see at bus_base the CPU sees at cpu_base. */
enum pci_space { PCI_SPACE_IO, PCI_SPACE_MEM32, PCI_SPACE_MEM64, PCI_NR_SPACES };

struct pci_window {
	uint64_t bus_base;
	uint64_t cpu_base;
	uint64_t size; /* 0: no such window */
	uint64_t next; /* allocator: first free bus address */
};

/* One host bridge (one segment). Filled by its discovery, or by hand in tests. */
struct pci_host {
	const struct pci_config_ops *config;
	void *config_data;
	unsigned config_size; /* bytes of configuration space a function: 256 or 4096 */
	uint16_t segment;
	uint8_t first_bus, last_bus;
	struct pci_window windows[PCI_NR_SPACES];
	/* MSI controller of a requester ID (msi-map, msi-parent); NULL: none. device_id out. */
	const struct msi_domain *(*msi_domain)(struct pci_host *host, uint16_t rid,
					       uint32_t *device_id);
	/* The IOMMU that a requester ID is behind (iommu-map), of those that are known; NULL: none. */
	struct msi_iommu *(*iommu)(struct pci_host *host, uint16_t rid, uint32_t *id);
	/*
	 * Where an INTx pin (1 to 4: INTA to INTD) of a function on the root bus goes; NULL: there
	 * are none. 0, -ENODEV. Thread context.
	 */
	int (*map_intx)(struct pci_host *host, uint16_t rid, unsigned pin,
			struct dt_interrupt *interrupt);
	void *firmware;
	/* Scan: the first bus number not given out, and the last that may be. */
	uint16_t next_bus, bus_limit;
};

#define PCI_NR_BARS 6

struct pci_bar {
	uint64_t size;     /* 0: not implemented, or upper half of a 64-bit BAR */
	uint64_t bus_addr; /* 0 until assigned */
	uint64_t cpu_addr;
	uint8_t space; /* enum pci_space of its window; PCI_NR_SPACES: there is none for its kind */
	bool io, is64, prefetchable;
};

/* What a bridge lets through to its secondary bus; MEM64 is its prefetchable window. */
struct pci_bridge {
	uint8_t secondary, subordinate;
	bool forwards; /* false: left out together with all behind it */
	bool has_io, has_mem64;
	bool hotplug; /* a slot that can be filled and emptied: room is kept for what comes */
	bool ari; /* the function number of what is on the link is 8 bits, its device number 0 */
	struct pci_window windows[PCI_NR_SPACES]; /* bus addresses */
	uint64_t align[PCI_NR_SPACES];
};

/* A function that has virtual functions, as many as were wished for (docs/architecture.md). */
struct pci_sriov {
	uint16_t count; /* VFs enabled, or to be; 0: none */
	uint16_t offset,
		stride; /* requester IDs: of the first less the PF's own, and between two */
	uint16_t device;
	struct pci_bar bars[PCI_NR_BARS]; /* size of one VF's, addresses of the first one's */
};

struct pci_intx;

#define PCI_NAME_SIZE sizeof("ssss:bb:dd.f")

/*
 * One function. Once found its memory stays: a removed one is no longer in the list, and is used
 * again for what comes to its place.
 */
struct pci_function {
	struct msi_function msi; /* name, rid, segment: there */
	struct pci_host *host;
	struct pci_function *parent; /* bridge above, NULL on the root bus */
	struct pci_function *next;   /* in order of segment and requester ID */
	uint16_t vendor, device, subsystem_vendor, subsystem_device;
	uint32_t class_rev; /* class, subclass, prog-if, revision */
	uint8_t header_type;
	bool usable;         /* false: malformed, left out (logged once) */
	const char *problem; /* why not usable, a literal */
	struct pci_bar bars[PCI_NR_BARS];
	uint8_t cap_pcie, cap_msi, cap_msix, cap_pm; /* offsets, 0: none */
	uint16_t cap_ari, cap_sriov;
	struct pci_bridge *bridge;     /* NULL: not a bridge */
	struct pci_sriov *sriov;       /* NULL: no VFs */
	struct pci_function *physical; /* of a VF its PF, else NULL */
	struct pci_intx *intx;         /* NULL: no INTx used so far */
	/* MSI-X (PCIe Base Specification, "MSI-X Capability and Table Structures"), mapped. */
	uintptr_t msix_table, msix_pba;
	uint32_t *msix_entry_control; /* Vector Control of each entry at prepare, unmasked */
	uint16_t msi_control;         /* Message Control of the MSI capability as found */
	char name[PCI_NAME_SIZE];     /* msi.name: "bb:dd.f"; "ssss:bb:dd.f" outside segment 0 */
	const struct pci_driver *driver;
	void *driver_data;
};

static inline struct pci_function *pci_function_of(struct msi_function *fn)
{
	return container_of(fn, struct pci_function, msi);
}

/*
 * Was it removed? Latched: from then on none of its registers is touched. An access that has
 * begun before reads all ones. Any context.
 */
static inline bool pci_gone(const struct pci_function *fn)
{
	/* relaxed: it orders nothing, who was too late meets all ones */
	return atomic_load_explicit(&fn->msi.removed, memory_order_relaxed);
}
/*
 * For who has read all ones from a register, and was told nothing by a port: reads the vendor ID
 * twice and the port's between. false: it is there, asleep or broken. Any context.
 */
bool pci_lost(struct pci_function *fn);

/*
 * time_wait() for something that the function does: 0; -ENODEV: it is gone, which is looked for
 * now and then; -ETIMEDOUT. Thread context.
 */
int pci_wait(struct pci_function *fn, bool (*cond)(void *arg), void *arg, uint32_t timeout_ms);

/* Configuration space of a function; once it is gone, all ones. Any context. */
uint8_t pci_read8(const struct pci_function *fn, unsigned offset);
uint16_t pci_read16(const struct pci_function *fn, unsigned offset);
uint32_t pci_read32(const struct pci_function *fn, unsigned offset);
void pci_write8(const struct pci_function *fn, unsigned offset, uint8_t value);
void pci_write16(const struct pci_function *fn, unsigned offset, uint16_t value);
void pci_write32(const struct pci_function *fn, unsigned offset, uint32_t value);

/*
 * Capability walks, bounded against loops. Offset, 0: none; -ELOOP, -EINVAL: the list is
 * malformed. after: 0 for the first, or the offset of the one before.
 */
int pci_find_capability(const struct pci_function *fn, uint8_t id, unsigned after);
int pci_find_extended_capability(const struct pci_function *fn, uint16_t id, unsigned after);

/* Memory decode, IO decode and bus master on (PCI_COMMAND_* bits). Thread context. */
void pci_enable(struct pci_function *fn);
/* VFs that a PF has enabled; 0 for any other function. */
static inline unsigned pci_nr_vfs(const struct pci_function *fn)
{
	return fn->sriov ? fn->sriov->count : 0;
}
/* Does the function answer at its memory BARs? Of a VF the PF says that. Any context. */
bool pci_memory_decodes(const struct pci_function *fn);
/* Maps a memory BAR: address for arch/io.h; 0: not assigned, IO, or smaller than min_size. */
uintptr_t pci_map_bar(struct pci_function *fn, unsigned bar, uint64_t min_size);

/* All functions that are there, usable or not, ordered. */
struct pci_function *pci_first(void);
struct pci_function *pci_find(const char *bdf); /* "bb:dd.f" or "ssss:bb:dd.f"; NULL */
bool pci_was_removed(const char *bdf);          /* is there none because it was removed? */
unsigned pci_count(void);

/*
 * Boot: takes a filled host bridge, scans its buses, sizes and assigns BARs and bridge
 * windows, reads capabilities, sets up MSI for each function. How many functions, or -errno.
 */
int pci_host_add(struct pci_host *host);
/* Boot: an IOMMU that is a function itself has registered: attaches what is behind it. */
void pci_iommu_found(void);

/* A driver of a kind of function. vendor/device or class; PCI_ANY in what does not matter. */
#define PCI_ANY 0xffffffffu
struct pci_id {
	uint32_t vendor, device;
	uint32_t class_, class_mask; /* of class_rev >> 8; mask 0: any */
};

struct pci_driver {
	const char *name;
	const struct pci_id *ids;
	unsigned nr_ids;
	/* Optional: more than ids say, without a log line when it does not. */
	bool (*takes)(const struct pci_function *fn);
	/* 0, or -errno: the function stays without driver, logged. Thread context. */
	int (*probe)(struct pci_function *fn);
	/*
	 * Optional: brings the device to rest, if it is not gone, then frees its vectors and all that probe took.
	 * Thread context, interrupts on; nobody uses the function meanwhile.
	 */
	void (*remove)(struct pci_function *fn);
	/*
	 * Optional, both or none, around pci_reset(): quiet ends what is under way with an error
	 * and takes no more; restore brings the device, as after power-on, back to work, with the
	 * vectors and the memory that it has. 0, or -errno: it stays at rest. Thread context.
	 */
	void (*quiet)(struct pci_function *fn);
	int (*restore)(struct pci_function *fn);
	/* Optional: raises a vector by the device's own means, does not wait. -EINVAL: cannot, -ENODEV: gone. */
	int (*raise)(struct pci_function *fn, unsigned vector);
};
TABLE_DECLARE(struct pci_driver, pci_driver);

/*
 * Function-level reset: the function, its driver and its vectors work as before afterwards, events
 * are not lost, one may come twice. 0; -EOPNOTSUPP: it, or its driver, has none; -EBUSY: one of its
 * VFs has a driver; -ENODEV, -ETIMEDOUT, -EIO: it did not come back. Nobody else uses the
 * function meanwhile; mask, unmask and affinity may come. Thread context.
 */
int pci_reset(struct pci_function *fn);
/* Has it a function-level reset? */
bool pci_can_reset(const struct pci_function *fn);

/* Boot, after all hosts were added: says what of the setting `sriov` names nothing that is here. */
void pci_check_settings(void);

/* Offers every usable function without driver to the drivers; how many were taken. */
unsigned pci_probe_drivers(void);
/*
 * Takes a function from its driver: pci_probe_drivers() offers it again. 0; -ENODEV: it has
 * none; -EOPNOTSUPP: that driver does not give back. Context as for remove.
 */
int pci_remove_driver(struct pci_function *fn);

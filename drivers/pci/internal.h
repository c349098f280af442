/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "drivers/pci/pci.h"
#include "drivers/pci/pci_regs.h"

/* Between the files of drivers/pci: the steps of pci_host_add(). Boot, thread context. */

#define for_each_function(fn) for ((fn) = pci_first(); (fn); (fn) = (fn)->next)

static inline bool pci_child_of(const struct pci_function *fn, const struct pci_host *host,
				const struct pci_function *parent)
{
	return fn->host == host && fn->parent == parent;
}

/* Functions on one bus; parent: the bridge above, NULL: the root bus. */
#define for_each_child(host, parent, fn) \
	for_each_function(fn)            \
		if (pci_child_of(fn, host, parent))

/* Is it behind the bridge, however deep? NULL: any of the host. */
bool pci_behind(const struct pci_function *fn, const struct pci_host *host,
		const struct pci_function *bridge);
#define for_each_behind(host, bridge, fn) \
	for_each_function(fn)             \
		if (pci_behind(fn, host, bridge))

/* Adds to the list in order of segment and requester ID, and names it. */
void pci_function_add(struct pci_function *fn);

/* Out of the list, and its tables freed; it has no driver any more. */
void pci_function_drop(struct pci_function *fn);
/* Zeroed, for a place: what was removed from there, else new memory. NULL: there is none. */
struct pci_function *pci_function_take(const struct pci_host *host, uint16_t rid);
/*
 * Latches that what is behind the bridge, or also itself (with its VFs), is gone. Was that news?
 * Any context.
 */
bool pci_declare_gone(struct pci_function *top, bool itself);

/* Not usable from now on; one log line with its name. problem is a literal. */
void pci_leave_out(struct pci_function *fn, const char *problem);

/* Walks both lists, keeps offsets of known capabilities. 0, -EINVAL, -ELOOP: malformed. */
int pci_read_capabilities(struct pci_function *fn);

/* A function that is there, in the list; the caller fills its identity. NULL: no memory. */
struct pci_function *pci_new_function(struct pci_host *host, struct pci_function *parent,
				      uint16_t rid);
/* Everything that is read before there are addresses; leaves it out if it is malformed. */
void pci_examine(struct pci_function *fn);

/* Sizes the BARs of both header types; decoding is off. 0, -EINVAL: one never sizes. */
int pci_size_bars(struct pci_function *fn);
/* The same for n BARs whose registers begin at offset. */
int pci_size_bar_registers(struct pci_function *fn, unsigned offset, unsigned n,
			   struct pci_bar *bars);
/* Which windows a bridge has at all. */
void pci_probe_bridge_windows(struct pci_function *bridge);
/* Writes what pci_layout() decided into BARs and bridge windows; all decode, and bridges forward. */
void pci_program(struct pci_host *host, const struct pci_function *port);

/* What the layout gave its BARs. */
void pci_write_bars(struct pci_function *fn);
/* After a PF's reset: its VFs as they were. */
void pci_sriov_restore(struct pci_function *pf);

/* Memory and IO decode on, where it has addresses. */
void pci_decode(struct pci_function *fn);

/*
 * Gives every BAR and bridge window its addresses; leaves out what does not fit. Here and above,
 * port NULL: all of the host; else what came behind the port, in the port's own windows.
 */
void pci_layout(struct pci_host *host, struct pci_function *port);

/* Finds all functions, numbering buses on the way; BARs sized, capabilities read. */
void pci_scan(struct pci_host *host);
/* The same for what came behind a port, with the bus numbers that it has. */
void pci_scan_slot(struct pci_function *port);
/* From found to usable: addresses, VFs, MSI. port as for pci_layout(). How many are usable. */
unsigned pci_set_up(struct pci_host *host, struct pci_function *port);
/* Offers a function to the drivers. Did one take it? */
bool pci_probe_function(struct pci_function *fn);

/*
 * VFs (drivers/pci/sriov.c). Prepare: at scan of the PF's bus, when no bus behind it has a
 * number yet; reserves theirs. Enable: when everything has addresses; adds them to the list.
 */
void pci_sriov_prepare(struct pci_function *pf);
void pci_sriov_enable(struct pci_host *host, const struct pci_function *port);

/* INTx as a vector (drivers/pci/intx.c), where the function has a pin. */
void pci_intx_read(struct pci_function *fn);
/* The pin of a function one bridge up (PCI-to-PCI Bridge Architecture, 9.1, table 9-1). */
static inline unsigned pci_intx_swizzle(unsigned pin, unsigned device)
{
	return (pin - 1 + device) % PCI_NR_INTERRUPT_PINS + 1;
}

/* Message counts from the capabilities. NULL, or what is malformed, a literal. */
const char *pci_msix_read(struct pci_function *fn);
const char *pci_msi_read(struct pci_function *fn);
/* With the BARs assigned: maps table and PBA. 0, -ENOMEM, -EINVAL. */
int pci_msix_map(struct pci_function *fn);

/* How prepare begins: both types off, memory decode and bus master on, INTx off. */
void pci_msi_begin(struct pci_function *fn);

/* In place of a read from a function that is gone, one from its port. false: it is not gone. */
bool pci_flush_gone(struct msi_function *msi);

extern const struct msi_function_ops pci_msix_ops, pci_msi_ops;

// SPDX-License-Identifier: Apache-2.0
/*
 * INTx as a vector of the MSI core. Functions share the wires; whose interrupt it is says the
 * Interrupt Status bit of each, and the Interrupt Disable bit is a vector's mask (PCI Local Bus
 * Specification, 6.2.2 and 6.2.3). A wire is a level: nothing is latched, and what stays asserted
 * comes again when it is unmasked.
 */
#include <errno.h>
#include <stdlib.h>

#include "arch/barrier.h"
#include "drivers/irqchip/wired.h"
#include "drivers/pci/internal.h"
#include "drivers/pci/pci_regs.h"
#include "kernel/irq.h"
#include "kernel/smp.h"

/* Interrupt Disable lies in the upper byte of Command; the lower one has other writers. */
#define COMMAND_UPPER (PCI_COMMAND + 1)
#define INTX_DISABLE  (PCI_COMMAND_INTX_DISABLE >> 8)

struct pci_intx {
	struct wired_user user;
	struct pci_function *fn;
	uint8_t pin;
	struct irq_desc *kept;           /* taken once, used by each allocation */
	_Atomic(struct irq_desc *) desc; /* NULL: not allocated */
};

/* On a link the device number is 0, even if an 8-bit function number looks different. */
static unsigned device_of(const struct pci_function *fn)
{
	return fn->parent && fn->parent->bridge->ari ? 0 : (fn->msi.rid >> 3) & 31;
}

static int find_wire(struct pci_function *fn, struct dt_interrupt *interrupt)
{
	unsigned pin = pci_read8(fn, PCI_INTERRUPT_PIN);

	if (!pin || pin > PCI_NR_INTERRUPT_PINS)
		return -ENODEV;
	for (; fn->parent; fn = fn->parent)
		pin = pci_intx_swizzle(pin, device_of(fn));
	return fn->host->map_intx(fn->host, fn->msi.rid, pin, interrupt);
}

static void call_handler(struct pci_function *fn, struct irq_desc *desc)
{
	uint64_t *handled = &desc->handled[smp_index()];

	desc->handler(desc->arg);
	/*
	 * What the handler wrote has reached the function, and its wire has fallen, before
	 * the source is looked at again: a read of it comes back after both.
	 */
	barrier_mmio();
	(void)pci_read16(fn, PCI_STATUS);
	barrier_after_device_read();
	__atomic_store_n(handled, *handled + 1, __ATOMIC_RELEASE);
}

static bool run(void *arg)
{
	struct pci_intx *intx = arg;
	/* acquire: pairs with alloc(), which filled it in */
	struct irq_desc *desc = atomic_load_explicit(&intx->desc, memory_order_acquire);
	uint16_t status;
	bool mine;

	if (!desc)
		return false;
	/* All ones: nobody is there to ask for anything. */
	status = pci_read16(intx->fn, PCI_STATUS);
	if (status == UINT16_MAX || !(status & PCI_STATUS_INTERRUPT))
		return false;
	/* acquire, release: as a claim and its completion do; irq_kill() waits for RUN */
	mine = !(atomic_fetch_or_explicit(&desc->state, IRQ_RUN, memory_order_acquire) & IRQ_SHUT);
	if (mine)
		call_handler(intx->fn, desc);
	atomic_fetch_and_explicit(&desc->state, ~IRQ_RUN, memory_order_release);
	return mine;
}

/* --- the registers --- */

static void write_disable(struct msi_function *msi, uint8_t disable)
{
	struct pci_function *fn = pci_function_of(msi);
	uint8_t command = pci_read8(fn, COMMAND_UPPER);

	pci_write8(fn, COMMAND_UPPER, (uint8_t)((command & ~INTX_DISABLE) | disable));
	(void)pci_read8(fn, COMMAND_UPPER);
}

static void read_msg(struct msi_function *msi, unsigned i, struct msi_msg *msg)
{
	(void)msi, (void)i;
	*msg = (struct msi_msg){ 0 };
}

static bool can_mask(const struct msi_function *msi)
{
	(void)msi;
	return true;
}

static bool masked(struct msi_function *msi, unsigned i)
{
	(void)i;
	return pci_read16(pci_function_of(msi), PCI_COMMAND) & PCI_COMMAND_INTX_DISABLE;
}

static bool pending(struct msi_function *msi, unsigned i)
{
	(void)i;
	return pci_read16(pci_function_of(msi), PCI_STATUS) & PCI_STATUS_INTERRUPT;
}

static const struct msi_function_ops intx_ops = {
	.type = MSI_INTX,
	.read_msg = read_msg,
	.can_mask = can_mask,
	.masked = masked,
	.pending = pending,
};

/* --- what the holder of OWNED does --- */

static void mask(struct irq_desc *desc)
{
	write_disable(desc->chip_data, INTX_DISABLE);
}

static void unmask(struct irq_desc *desc)
{
	write_disable(desc->chip_data, 0);
}

static int activate(struct irq_desc *desc, uint8_t shadow)
{
	desc->shadow = shadow;
	if (!(shadow & IRQ_SHADOW_MASKED))
		unmask(desc);
	return 0;
}

static const struct irq_chip intx_chip = {
	.name = "intx",
	.activate = activate,
	.mask = mask,
	.unmask = unmask,
};

/* --- the backend --- */

static bool available(const struct msi_function *msi)
{
	return msi->intx;
}

static int query(struct msi_function *msi, enum msi_type type)
{
	(void)msi, (void)type;
	return 1;
}

/* What stays for all allocations: a descriptor, and a place among those on the wire. */
static int open(struct pci_function *fn)
{
	struct pci_intx *intx = calloc(1, sizeof(*intx));
	struct dt_interrupt interrupt;
	int rc;

	if (!intx)
		return -ENOMEM;
	intx->fn = fn;
	intx->pin = pci_read8(fn, PCI_INTERRUPT_PIN);
	intx->user = (struct wired_user){ .run = run, .arg = intx };
	rc = find_wire(fn, &interrupt);
	if (!rc && irq_desc_claim(1, &intx->kept) < 0)
		rc = -ENOSPC;
	if (!rc)
		rc = wired_join(&interrupt, &intx->user, "INTx");
	if (rc)
		free(intx);
	else
		fn->intx = intx;
	return rc;
}

static int alloc(struct msi_function *msi, enum msi_type type, unsigned min, unsigned max,
		 const uint16_t *wish)
{
	struct pci_function *fn = pci_function_of(msi);
	struct irq_desc *desc;
	int rc = fn->intx ? 0 : open(fn);

	(void)type, (void)min, (void)max, (void)wish;
	if (rc)
		return rc;
	desc = fn->intx->kept;
	irq_desc_init(desc, IRQ_KIND_INTX, &intx_chip, smp_index(), 0);
	desc->chip_data = msi;
	desc->handler = NULL;
	desc->name = NULL;
	msi->descs[0] = desc;
	msi->held = 1;
	/* release: pairs with run() */
	atomic_store_explicit(&fn->intx->desc, desc, memory_order_release);
	return 1;
}

static void free_vector(struct msi_function *msi)
{
	write_disable(msi, INTX_DISABLE);
	irq_kill(msi->descs[0]);
	atomic_store_explicit(&pci_function_of(msi)->intx->desc, NULL, memory_order_relaxed);
}

static int enable(struct msi_function *msi)
{
	pci_msi_begin(pci_function_of(msi));
	return irq_activate(msi->descs[0]);
}

static void disable(struct msi_function *msi)
{
	irq_deactivate(msi->descs[0]);
}

static const struct msi_ops intx_backend = {
	.name = "intx",
	.available = available,
	.query = query,
	.alloc = alloc,
	.free = free_vector,
	.enable = enable,
	.disable = disable,
	.chip = &intx_chip,
};

/* The wire is looked for when somebody wants it: most never do. */
void pci_intx_read(struct pci_function *fn)
{
	uint8_t pin = pci_read8(fn, PCI_INTERRUPT_PIN);

	/* A place keeps its wire: what comes to it with another pin goes without. */
	if (!fn->host->map_intx || fn->physical || !pin || (fn->intx && fn->intx->pin != pin))
		return;
	fn->msi.intx = &intx_backend;
	fn->msi.intx_ops = &intx_ops;
}

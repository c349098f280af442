// SPDX-License-Identifier: Apache-2.0
/*
 * Hot-plug slots of PCI Express ports (PCIe Base Specification, "PCI Express Hot-Plug Support",
 * "Slot Control Register", "Slot Status Register"), and functions that are gone. What ports say
 * is latched where their interrupt comes; what follows from it is done in thread context.
 */
#include "drivers/pci/hotplug.h"

#include <errno.h>

#include "drivers/pci/internal.h"
#include "kernel/console.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"
#include "kernel/spinlock.h"
#include "kernel/time.h"
#include "platform/platform.h"

#define CHANGED (PCI_PCIE_SLTSTA_PDC | PCI_PCIE_SLTSTA_DLLSC)
#define EVENTS  (PCI_PCIE_SLTSTA_ABP | CHANGED | PCI_PCIE_SLTSTA_CC)
#define ENABLES                                                                 \
	(PCI_PCIE_SLTCTL_ABPE | PCI_PCIE_SLTCTL_PDCE | PCI_PCIE_SLTCTL_DLLSCE | \
	 PCI_PCIE_SLTCTL_CCIE | PCI_PCIE_SLTCTL_HPIE)

/* Status registers that are never quiet must not hold a handler. */
#define MAX_ROUNDS      8
#define COMMAND_MS      1000 /* "Command Completed" comes within a second */
#define POWER_OFF_MS    1000 /* before anything that relies on the power being off */
#define LINK_MS         1000
#define LINK_SETTLED_MS 100  /* from link up to the first request ("Conventional Reset") */
#define ANSWER_MS       1000 /* "Conventional Reset": then a function that retries is broken */

struct slot {
	struct pci_function *port;
	uint32_t capabilities;
	bool knows_link;
	bool polled;             /* no vector */
	struct spinlock lock;    /* of taking the events from the status register */
	_Atomic uint32_t events; /* taken, and not looked at yet */
};

static unsigned reg(const struct slot *slot, unsigned offset)
{
	return slot->port->cap_pcie + offset;
}

static uint16_t slot_status(const struct slot *slot)
{
	return pci_read16(slot->port, reg(slot, PCI_PCIE_SLTSTA));
}

static bool link_up(void *arg)
{
	const struct slot *slot = arg;

	return pci_read16(slot->port, reg(slot, PCI_PCIE_LNKSTA)) & PCI_PCIE_LNKSTA_DLLLA;
}

/* All events out of the register: it sends a message when the first one comes to none. */
static void take_events(struct slot *slot)
{
	irqflags_t flags = spin_lock_irq(&slot->lock);
	uint16_t seen = 0;

	for (unsigned i = 0; i < MAX_ROUNDS; i++) {
		uint16_t status = slot_status(slot), events = status & EVENTS;

		if (status == UINT16_MAX || !events)
			break;
		pci_write16(slot->port, reg(slot, PCI_PCIE_SLTSTA), events);
		seen |= events;
	}
	/* release: pairs with who takes them; what is gone is known before */
	if ((seen & CHANGED) && pci_declare_gone(slot->port, false))
		log_warn("%s: what was in the slot is gone", slot->port->name);
	atomic_fetch_or_explicit(&slot->events, seen, memory_order_release);
	spin_unlock_irq(&slot->lock, flags);
}

static void interrupt(void *arg)
{
	take_events(arg);
	console_wake();
}

static bool is_complete(void *arg)
{
	struct slot *slot = arg;

	take_events(slot);
	return atomic_fetch_and_explicit(&slot->events, ~PCI_PCIE_SLTSTA_CC, memory_order_relaxed) &
	       PCI_PCIE_SLTSTA_CC;
}

/* One command, and its end. */
static void command(struct slot *slot, uint16_t mask, unsigned value)
{
	uint16_t control = pci_read16(slot->port, reg(slot, PCI_PCIE_SLTCTL));

	/* A port that went with all behind it. */
	if (pci_gone(slot->port))
		return;
	is_complete(slot);
	pci_write16(slot->port, reg(slot, PCI_PCIE_SLTCTL), (uint16_t)((control & ~mask) | value));
	if (!(slot->capabilities & PCI_PCIE_SLTCAP_NCCS) &&
	    !time_wait(is_complete, slot, COMMAND_MS))
		log_warn("%s: the slot does not complete a command", slot->port->name);
}

static void indicate(struct slot *slot, unsigned what)
{
	command(slot, PCI_PCIE_SLTCTL_PIC, (unsigned)FIELD_PREP(PCI_PCIE_SLTCTL_PIC, what));
}

/* --- functions that go --- */

static struct pci_function *last_behind(const struct pci_function *port, bool only_gone)
{
	struct pci_function *fn, *found = NULL;

	for_each_function(fn)
		if (only_gone ? pci_gone(fn) : pci_behind(fn, fn->host, port))
			found = fn;
	return found;
}

/* From behind: VFs go before their PF, and what is behind a bridge before it. */
static unsigned remove_all(const struct pci_function *port, bool only_gone)
{
	struct pci_function *fn;
	unsigned n = 0;

	for (; (fn = last_behind(port, only_gone)); n++) {
		if (pci_remove_driver(fn) == -EOPNOTSUPP)
			msi_free(&fn->msi);
		/* It stays quiet as long as it still has power. */
		pci_write16(fn, PCI_COMMAND, PCI_COMMAND_INTX_DISABLE);
		log_info("%s: removed", fn->name);
		pci_function_drop(fn);
	}
	return n;
}

/* --- power --- */

static struct slot *slot_of(const struct pci_function *port)
{
	return port->driver_data;
}

static bool has_power_switch(const struct slot *slot)
{
	return slot->capabilities & PCI_PCIE_SLTCAP_POWER;
}

static bool is_powered(const struct slot *slot)
{
	return !has_power_switch(slot) ||
	       !(pci_read16(slot->port, reg(slot, PCI_PCIE_SLTCTL)) & PCI_PCIE_SLTCTL_PCC);
}

int pci_slot_off(struct pci_function *port, bool eject)
{
	struct slot *slot = slot_of(port);

	if (!is_powered(slot) && !eject)
		return -EALREADY;
	indicate(slot, PCI_PCIE_INDICATOR_BLINK);
	remove_all(port, false);
	if (has_power_switch(slot) && is_powered(slot)) {
		command(slot, PCI_PCIE_SLTCTL_PCC, PCI_PCIE_SLTCTL_PCC);
		time_sleep_ms((uint32_t)platform_setting_number("slot.off_ms", POWER_OFF_MS));
	}
	/* Bit and indicator in one: QEMU ejects by both, also where there is no power to switch. */
	if (eject)
		command(slot, PCI_PCIE_SLTCTL_PCC | PCI_PCIE_SLTCTL_PIC,
			PCI_PCIE_SLTCTL_PCC | PCI_PCIE_SLTCTL_PIC);
	log_info("%s: slot off", port->name);
	return 0;
}

static bool function_answers(void *arg)
{
	const struct pci_function *port = arg;
	uint16_t vendor = port->host->config->read16(
		port->host, (uint16_t)(port->bridge->secondary << 8), PCI_VENDOR_ID);

	/* 1: Configuration Request Retry */
	return vendor != UINT16_MAX && vendor > 1;
}

static int start_link(struct slot *slot)
{
	command(slot, PCI_PCIE_SLTCTL_PCC | PCI_PCIE_SLTCTL_PIC,
		(unsigned)FIELD_PREP(PCI_PCIE_SLTCTL_PIC, PCI_PCIE_INDICATOR_BLINK));
	if (slot->knows_link && !time_wait(link_up, slot, LINK_MS)) {
		log_error("%s: slot: no link", slot->port->name);
		return -EIO;
	}
	time_sleep_ms(LINK_SETTLED_MS);
	if (time_wait(function_answers, slot->port, ANSWER_MS))
		return 0;
	log_error("%s: slot: nothing answers", slot->port->name);
	return -EIO;
}

int pci_slot_on(struct pci_function *port)
{
	struct slot *slot = slot_of(port);
	struct pci_function *fn;
	unsigned usable;

	if (!port->bridge->forwards || !(slot_status(slot) & PCI_PCIE_SLTSTA_PDS))
		return -ENODEV;
	if (last_behind(port, false))
		return -EALREADY;
	if (start_link(slot)) {
		/* Power off; the attention indicator says that something is wrong. */
		command(slot, PCI_PCIE_SLTCTL_PCC | PCI_PCIE_SLTCTL_AIC,
			PCI_PCIE_SLTCTL_PCC |
				(unsigned)FIELD_PREP(PCI_PCIE_SLTCTL_AIC, PCI_PCIE_INDICATOR_ON));
		return -EIO;
	}
	pci_scan_slot(port);
	usable = pci_set_up(port->host, port);
	command(slot, PCI_PCIE_SLTCTL_PIC | PCI_PCIE_SLTCTL_AIC,
		(unsigned)(FIELD_PREP(PCI_PCIE_SLTCTL_PIC, PCI_PCIE_INDICATOR_ON) |
			   FIELD_PREP(PCI_PCIE_SLTCTL_AIC, PCI_PCIE_INDICATOR_OFF)));
	log_info("%s: slot on: %u usable", port->name, usable);
	for_each_behind(port->host, port, fn) pci_probe_function(fn);
	return 0;
}

/* --- what is asked for --- */

/* Was there anything to do? */
static bool serve(struct pci_function *port)
{
	struct slot *slot = slot_of(port);
	uint32_t events;
	bool gone;

	if (slot->polled)
		take_events(slot);
	/* acquire: pairs with the release in take_events() */
	events = atomic_exchange_explicit(&slot->events, 0, memory_order_acquire);
	if (!(events & (CHANGED | PCI_PCIE_SLTSTA_ABP)))
		return false;
	/* What the port has declared gone before the events were taken. */
	gone = remove_all(NULL, true);
	/* The button, of what is there; what has come; power off behind what was pulled out. */
	if (last_behind(port, false))
		return (events & PCI_PCIE_SLTSTA_ABP) && !pci_slot_off(port, true);
	if (slot_status(slot) & PCI_PCIE_SLTSTA_PDS)
		return pci_slot_on(port) != -ENODEV;
	if (has_power_switch(slot) && is_powered(slot))
		return !pci_slot_off(port, true);
	return gone;
}

bool pci_hotplug_poll(void)
{
	struct pci_function *fn;
	bool acted;

	for_each_function(fn)
		if (!fn->physical)
			pci_lost(fn);
	acted = remove_all(NULL, true);
	for_each_function(fn)
		if (pci_is_slot(fn))
			acted |= serve(fn);
	return acted;
}

/* --- the driver of ports --- */

void pci_slot_state(const struct pci_function *port, struct pci_slot_state *state)
{
	struct slot *slot = slot_of(port);
	uint16_t link = pci_read16(port, reg(slot, PCI_PCIE_LNKSTA));

	*state = (struct pci_slot_state){
		.number = FIELD_GET(PCI_PCIE_SLTCAP_NUMBER, slot->capabilities),
		.present = slot_status(slot) & PCI_PCIE_SLTSTA_PDS,
		.power = is_powered(slot),
		.link_known = slot->knows_link,
		.link = link & PCI_PCIE_LNKSTA_DLLLA,
		.gts = FIELD_GET(PCI_PCIE_LNKSTA_SPEED, link),
		.lanes = FIELD_GET(PCI_PCIE_LNKSTA_WIDTH, link),
	};
}

/* Any one vector says it all; without one, the slot is polled. */
static void start_vector(struct slot *slot)
{
	struct msi_function *msi = &slot->port->msi;

	slot->polled = msi_alloc(msi, 1, 1, MSI_ALLOW_MSIX | MSI_ALLOW_MSI, NULL) < 0;
	if (slot->polled)
		return;
	msi_request(msi, 0, interrupt, slot, "slot");
	slot->polled = msi_enable(msi);
	if (slot->polled)
		msi_free(msi);
}

static bool port_takes(const struct pci_function *fn)
{
	return fn->bridge && fn->bridge->hotplug && fn->bridge->forwards;
}

static int port_probe(struct pci_function *fn)
{
	struct slot *slot = page_alloc(sizeof(*slot), 0);

	if (!slot)
		return -ENOMEM;
	slot->port = fn;
	slot->capabilities = pci_read32(fn, reg(slot, PCI_PCIE_SLTCAP));
	slot->knows_link = pci_read32(fn, reg(slot, PCI_PCIE_LNKCAP)) & PCI_PCIE_LNKCAP_DLLLARC;
	fn->driver_data = slot;
	start_vector(slot);
	command(slot, ENABLES, slot->polled ? 0 : ENABLES);
	/* What firmware left on is ours to say so. */
	if (last_behind(fn, false))
		indicate(slot, PCI_PCIE_INDICATOR_ON);
	return 0;
}

/* A command completes, whatever it changes. */
static int port_raise(struct pci_function *fn, unsigned vector)
{
	struct slot *slot = slot_of(fn);
	uint16_t control = pci_read16(fn, reg(slot, PCI_PCIE_SLTCTL));

	if (vector || (slot->capabilities & PCI_PCIE_SLTCAP_NCCS))
		return -EINVAL;
	pci_write16(fn, reg(slot, PCI_PCIE_SLTCTL), control);
	return 0;
}

static void port_remove(struct pci_function *fn)
{
	struct slot *slot = slot_of(fn);

	command(slot, ENABLES, 0);
	msi_free(&fn->msi);
	page_free(slot, sizeof(*slot));
}

static const struct pci_id port_ids[] = {
	{ .vendor = PCI_ANY, .device = PCI_ANY, .class_ = 0x060400, .class_mask = 0xffff00 },
};

TABLE_ENTRY(struct pci_driver, pci_driver, 5, slot) = {
	.name = "slot",
	.ids = port_ids,
	.nr_ids = ARRAY_SIZE(port_ids),
	.takes = port_takes,
	.probe = port_probe,
	.raise = port_raise,
	.remove = port_remove,
};

bool pci_is_slot(const struct pci_function *port)
{
	return port->driver == &pci_driver_entry_slot;
}

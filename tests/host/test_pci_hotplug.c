// SPDX-License-Identifier: Apache-2.0
// SOURCES: tests/host/fake_ecam.c drivers/pci/bar_math.c drivers/pci/bars.c drivers/pci/caps.c
// SOURCES: drivers/pci/config_ecam.c drivers/pci/function.c drivers/pci/host.c drivers/pci/layout.c
// SOURCES: drivers/pci/msi_regs.c drivers/pci/msix.c drivers/pci/scan.c kernel/lib/format.c
// SOURCES: drivers/pci/sriov.c
/* A slot that is filled and emptied, and functions that vanish (docs/msi.md M13). */
#include "drivers/pci/hotplug.c"

#include <stdlib.h>
#include <string.h>

#include "tests/host/cmocka_test.h"
#include "tests/host/fake_ecam.h"
#include "tests/host/fake_mmio.h"
#include "tests/host/host_support.h"

#define CAP  0x50
#define MIB2 0x200000ull

static struct fake_function *port_fake, *card;
static struct pci_function *port;
static struct irq_desc vector;
static unsigned woken, probed, detached;

int msi_function_init(struct msi_function *msi)
{
	return msi->msix_count || msi->msi_count ? 0 : -ENODEV;
}

const bool msi_checked = true;

int msi_check_change(struct msi_function *msi, enum msi_part part, const struct msi_msg *msg,
		     const void *caller)
{
	(void)msi, (void)part, (void)msg, (void)caller;
	return 0;
}

int msi_check_write(struct msi_function *msi, unsigned i, const struct msi_msg *msg,
		    const void *caller)
{
	(void)msi, (void)i, (void)msg, (void)caller;
	return 0;
}

int msi_alloc(struct msi_function *msi, unsigned min, unsigned max, unsigned flags,
	      const uint16_t *wish)
{
	(void)min, (void)max, (void)flags, (void)wish;
	if (!msi->descs)
		msi->descs = calloc(1, sizeof(*msi->descs));
	msi->descs[0] = &vector;
	msi->count = 1;
	return 1;
}

int msi_enable(struct msi_function *msi)
{
	(void)msi;
	return 0;
}

void msi_free(struct msi_function *msi)
{
	(void)msi;
}

void console_wake(void)
{
	woken++;
}

unsigned long platform_setting_number(const char *key, unsigned long fallback)
{
	(void)key;
	return fallback;
}

bool time_wait(bool (*cond)(void *arg), void *arg, uint32_t timeout_ms)
{
	(void)timeout_ms;
	return cond(arg) || cond(arg);
}

bool pci_probe_function(struct pci_function *fn)
{
	(void)fn;
	probed++;
	return true;
}

int pci_remove_driver(struct pci_function *fn)
{
	(void)fn;
	detached++;
	return -ENODEV;
}

/* --- the slot's registers as QEMU has them --- */

static uint16_t slot_register(unsigned offset)
{
	return (uint16_t)fake_get(port_fake, CAP + offset, 2);
}

static void set_status(uint16_t clear, uint16_t set)
{
	fake_set(port_fake, CAP + PCI_PCIE_SLTSTA, 2,
		 (slot_register(PCI_PCIE_SLTSTA) & (uint16_t)~clear) | set, 0);
}

static void set_link(bool up)
{
	fake_set(port_fake, CAP + PCI_PCIE_LNKSTA, 2, up ? PCI_PCIE_LNKSTA_DLLLA : 0, 0);
}

static bool has_power(void)
{
	return !(slot_register(PCI_PCIE_SLTCTL) & PCI_PCIE_SLTCTL_PCC);
}

static bool port_write(struct fake_function *fn, unsigned offset, uint64_t value)
{
	if (offset == CAP + PCI_PCIE_SLTSTA) {
		set_status((uint16_t)value & EVENTS, 0);
		return true;
	}
	if (offset != CAP + PCI_PCIE_SLTCTL)
		return false;
	fake_set(fn, offset, 2, (uint32_t)value, 0xffff);
	set_status(0, PCI_PCIE_SLTSTA_CC);
	card->absent = !(slot_register(PCI_PCIE_SLTSTA) & PCI_PCIE_SLTSTA_PDS) || !has_power();
	set_link(!card->absent);
	if (card->absent && FIELD_GET(PCI_PCIE_SLTCTL_PIC, value) == PCI_PCIE_INDICATOR_OFF &&
	    (slot_register(PCI_PCIE_SLTSTA) & PCI_PCIE_SLTSTA_PDS))
		set_status(PCI_PCIE_SLTSTA_PDS, PCI_PCIE_SLTSTA_PDC);
	return true;
}

/* A slot with a card of a BAR in it, powered on or empty and off. */
static void describe(bool occupied)
{
	/* Those of earlier hosts, which would be looked for here. */
	while (pci_first())
		pci_function_drop(pci_first());
	fake_host();
	host_log_clear();
	port_fake = fake_bridge(NULL, 2);
	fake_pcie(port_fake, CAP, PCI_PCIE_TYPE_ROOT_PORT);
	port_fake->config[CAP + PCI_PCIE_FLAGS + 1] |= PCI_PCIE_FLAGS_SLOT >> 8;
	fake_set(port_fake, CAP + PCI_PCIE_LNKCAP, 4, PCI_PCIE_LNKCAP_DLLLARC, 0);
	fake_set(port_fake, CAP + PCI_PCIE_SLTCAP, 4,
		 PCI_PCIE_SLTCAP_BUTTON | PCI_PCIE_SLTCAP_POWER | PCI_PCIE_SLTCAP_HOTPLUG, 0);
	fake_set(port_fake, CAP + PCI_PCIE_SLTCTL, 2, occupied ? 0x03c0 : 0x07c0, 0xffff);
	port_fake->write = port_write;
	card = fake_add(port_fake, 0, 0);
	fake_bar(card, 0, FAKE_BAR_32, 0x4000);
	fake_bar(card, 2, FAKE_BAR_64_PREF, 0x100000);
	card->absent = !occupied;
	set_status(0, occupied ? PCI_PCIE_SLTSTA_PDS : 0);
	set_link(occupied);
}

static void start(bool occupied)
{
	describe(occupied);
	assert_int_equal(fake_scan(), 1 + occupied);
	port = fake_found(port_fake);
	assert_true(port_takes(port));
	assert_int_equal(port_probe(port), 0);
	port->driver = &pci_driver_entry_slot;
	woken = probed = detached = 0;
}

static void stop(void)
{
	port_remove(port);
	port->driver = NULL;
}

static void event(uint16_t events)
{
	set_status(0, events);
	vector.handler(vector.arg);
	assert_int_equal(slot_register(PCI_PCIE_SLTSTA) & EVENTS, 0);
	assert_int_equal(woken, 1);
	woken = 0;
}

static void insert(void)
{
	card->config[PCI_COMMAND] = 0;
	fake_set(card, PCI_BASE_ADDRESS_0, 4, 0, 0xffffc000);
	set_status(0, PCI_PCIE_SLTSTA_PDS);
	event(PCI_PCIE_SLTSTA_PDC | PCI_PCIE_SLTSTA_ABP);
	pci_hotplug_poll();
}

static uint64_t window_bytes(enum pci_space space)
{
	return port->bridge->windows[space].size;
}

static void empty_slot_has_room(void **state)
{
	(void)state;
	start(false);
	assert_int_equal(window_bytes(PCI_SPACE_MEM32), MIB2);
	assert_int_equal(window_bytes(PCI_SPACE_MEM64), MIB2);
	assert_int_equal(window_bytes(PCI_SPACE_IO), 0);
	stop();
}

static void what_is_there_goes_before_room(void **state)
{
	struct pci_host *host;
	struct fake_function *other;

	(void)state;
	describe(false);
	other = fake_add(NULL, 3, 0);
	fake_bar(other, 0, FAKE_BAR_32, 0x100000);
	host = fake_the_host();
	host->windows[PCI_SPACE_MEM32].size = 0x100000;
	fake_scan();
	port = fake_found(port_fake);
	assert_true(fake_found(other)->usable);
	assert_int_equal(fake_found(other)->bars[0].bus_addr, FAKE_MEM32);
	assert_int_equal(window_bytes(PCI_SPACE_MEM32), 0);
	assert_int_equal(window_bytes(PCI_SPACE_MEM64), MIB2);
}

static void comes_goes_and_comes_again(void **state)
{
	struct pci_function *fn, *before = NULL;
	unsigned count;

	(void)state;
	start(false);
	count = pci_count();
	for (unsigned round = 1; round <= 3; round++) {
		insert();
		fn = fake_found(card);
		assert_non_null(fn);
		assert_true(has_power());
		assert_int_equal(probed, round);
		assert_int_equal(fn->parent == port, 1);
		/* Its places are the slot's own, the same each time, and it decodes there. */
		assert_int_equal(fn->bars[0].bus_addr,
				 port->bridge->windows[PCI_SPACE_MEM32].bus_base);
		assert_int_equal(fn->bars[2].bus_addr,
				 port->bridge->windows[PCI_SPACE_MEM64].bus_base);
		assert_int_equal(fake_get(card, PCI_BASE_ADDRESS_0, 4), fn->bars[0].bus_addr);
		assert_true(fake_get(card, PCI_COMMAND, 2) & PCI_COMMAND_MEMORY);
		/* No memory is taken again. */
		assert_true(!before || fn == before);
		before = fn;
		event(PCI_PCIE_SLTSTA_ABP);
		pci_hotplug_poll();
		assert_int_equal(detached, round);
		assert_null(fake_found(card));
		assert_false(has_power());
		assert_int_equal(pci_count(), count);
		/* What the slot says of it changes nothing. */
		vector.handler(vector.arg);
		woken = 0;
		pci_hotplug_poll();
		assert_int_equal(pci_count(), count);
	}
	stop();
}

static void port_declares_it_gone(void **state)
{
	struct pci_function *fn;
	unsigned reads;

	(void)state;
	start(true);
	fn = fake_found(card);
	assert_true(fn->usable);
	reads = card->reads;
	set_status(PCI_PCIE_SLTSTA_PDS, 0);
	event(PCI_PCIE_SLTSTA_PDC);
	/* Latched in the handler; the card still answers, but is not asked again. */
	assert_true(pci_gone(fn));
	assert_int_equal(pci_read32(fn, PCI_VENDOR_ID), ~0u);
	pci_write16(fn, PCI_COMMAND, PCI_COMMAND_MEMORY);
	pci_hotplug_poll();
	assert_null(fake_found(card));
	assert_true(pci_was_removed(fn->name));
	assert_int_equal(detached, 1);
	assert_int_equal(card->reads, reads);
	assert_false(has_power());
	stop();
}

/* Another card, before anybody has seen that the first one went. */
static void exchanged_card_is_new(void **state)
{
	(void)state;
	start(true);
	event(PCI_PCIE_SLTSTA_PDC);
	pci_hotplug_poll();
	assert_non_null(fake_found(card));
	assert_false(pci_gone(fake_found(card)));
	assert_int_equal(detached, 1);
	assert_int_equal(probed, 1);
	stop();
}

static void slot_without_link_is_given_up(void **state)
{
	(void)state;
	start(false);
	fake_set(port_fake, CAP + PCI_PCIE_LNKCAP, 4, PCI_PCIE_LNKCAP_DLLLARC, 0);
	set_status(0, PCI_PCIE_SLTSTA_PDS);
	/* It has power, but nobody drives the link. */
	card->config[PCI_VENDOR_ID] = 0xff;
	card->config[PCI_VENDOR_ID + 1] = 0xff;
	assert_int_equal(pci_slot_on(port), -EIO);
	assert_null(fake_found(card));
	assert_false(has_power());
	assert_int_equal(FIELD_GET(PCI_PCIE_SLTCTL_AIC, slot_register(PCI_PCIE_SLTCTL)),
			 PCI_PCIE_INDICATOR_ON);
	stop();
}

static void by_hand(void **state)
{
	(void)state;
	start(true);
	assert_int_equal(pci_slot_on(port), -EALREADY);
	assert_int_equal(pci_slot_off(port, false), 0);
	assert_null(fake_found(card));
	assert_true(slot_register(PCI_PCIE_SLTSTA) & PCI_PCIE_SLTSTA_PDS);
	assert_int_equal(pci_slot_off(port, false), -EALREADY);
	assert_int_equal(pci_slot_on(port), 0);
	assert_non_null(fake_found(card));
	assert_int_equal(pci_slot_off(port, true), 0);
	assert_int_equal(pci_slot_on(port), -ENODEV);
	stop();
}

/* Where no port says it: all ones twice, and the port answers between (M13). */
static unsigned port_reads;

static void comes_back(struct fake_function *fn, unsigned offset)
{
	(void)fn, (void)offset;
	port_reads++;
	card->absent = false;
}

static void count_reads(struct fake_function *fn, unsigned offset)
{
	(void)fn, (void)offset;
	port_reads++;
}

static void lost_only_after_two_looks(void **state)
{
	struct pci_function *fn;

	(void)state;
	start(true);
	fn = fake_found(card);
	assert_false(pci_lost(fn));
	port_reads = 0;
	port_fake->read = comes_back;
	card->absent = true;
	assert_false(pci_lost(fn));
	assert_int_equal(port_reads, 1);
	port_fake->read = count_reads;
	card->absent = true;
	assert_true(pci_lost(fn));
	assert_int_equal(port_reads, 2);
	/* For good, and found by who looks for it. */
	card->absent = false;
	assert_true(pci_lost(fn));
	pci_hotplug_poll();
	assert_null(fake_found(card));
	assert_int_equal(detached, 1);
	port_fake->read = NULL;
	stop();
}

static void lost_port_takes_all_behind_it(void **state)
{
	struct pci_function *fn;

	(void)state;
	start(true);
	fn = fake_found(card);
	port_fake->absent = true;
	card->absent = true;
	assert_true(pci_lost(fn));
	assert_true(pci_gone(port));
	/* The port's own driver too. */
	pci_hotplug_poll();
	assert_null(fake_found(port_fake));
	assert_int_equal(detached, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_slot_has_room),
		cmocka_unit_test(what_is_there_goes_before_room),
		cmocka_unit_test(comes_goes_and_comes_again),
		cmocka_unit_test(port_declares_it_gone),
		cmocka_unit_test(exchanged_card_is_new),
		cmocka_unit_test(slot_without_link_is_given_up),
		cmocka_unit_test(by_hand),
		cmocka_unit_test(lost_only_after_two_looks),
		cmocka_unit_test(lost_port_takes_all_behind_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

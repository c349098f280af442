// SPDX-License-Identifier: Apache-2.0
/*
 * Both messages of a root port that has two (plain MSI, 32 address bits, mask bits): slot
 * events come by message 0, errors by message 1 (docs/msi.md M3, M9).
 */
#include <stdio.h>

#include "drivers/pci/hotplug.h"
#include "drivers/pci/pci_regs.h"
#include "kernel/msi.h"
#include "kernel/smp.h"
#include "kernel/time.h"
#include "tests/target/test.h"

#define EVENTS     200
#define TIMEOUT_MS 10000

/* PCIe Base Specification, "Advanced Error Reporting Capability" */
#define AER_ID           0x0001
#define AER_ROOT_COMMAND 0x2c
#define AER_ROOT_STATUS  0x30
#define AER_ROOT_REPORTS GENMASK(6, 0)
#define ROOT_COMMAND_ALL GENMASK(2, 0) /* correctable, non-fatal, fatal */
#define DEVICE_CONTROL   0x08
#define DEVICE_ERRORS    GENMASK(3, 0)
#define BRIDGE_CONTROL   0x3e
#define BRIDGE_SERR      BIT(1)
#define COMMAND_SERR     BIT(8)

static struct port {
	struct pci_function *fn;
	int aer;
	_Atomic uint32_t runs[2];
} port;

static void slot_event(void *arg)
{
	struct port *at = arg;

	pci_write16(at->fn, at->fn->cap_pcie + PCI_PCIE_SLTSTA, PCI_PCIE_SLTSTA_CC);
	atomic_fetch_add_explicit(&at->runs[0], 1, memory_order_release);
}

static void error_event(void *arg)
{
	struct port *at = arg;
	unsigned status = (unsigned)at->aer + AER_ROOT_STATUS;

	pci_write32(at->fn, status, pci_read32(at->fn, status) & AER_ROOT_REPORTS);
	atomic_fetch_add_explicit(&at->runs[1], 1, memory_order_release);
}

static uint32_t runs(unsigned message)
{
	return atomic_load_explicit(&port.runs[message], memory_order_acquire);
}

struct expected {
	unsigned message;
	uint32_t runs;
};

static bool have_run(void *arg)
{
	const struct expected *expected = arg;

	return runs(expected->message) == expected->runs;
}

static bool wait_runs(unsigned message, uint32_t count)
{
	struct expected expected = { message, count };

	return time_wait(have_run, &expected, TIMEOUT_MS);
}

/* A port of two messages, taken from its driver, with both; false: there is none. */
static bool open(void)
{
	struct pci_function *fn = pci_first();
	int err;

	while (fn && !(pci_is_slot(fn) && fn->msi.msi_count == 2 && fn->msi.domain))
		fn = fn->next;
	if (!fn || pci_remove_driver(fn))
		return false;
	port = (struct port){ .fn = fn, .aer = pci_find_extended_capability(fn, AER_ID, 0) };
	err = msi_alloc(&fn->msi, 2, 2, MSI_ALLOW_MSI, NULL) != 2;
	if (!err)
		err = msi_request(&fn->msi, 0, slot_event, &port, "slot");
	if (!err)
		err = msi_request(&fn->msi, 1, error_event, &port, "errors");
	return !err && !msi_enable(&fn->msi);
}

static void close(void)
{
	pci_write16(port.fn, port.fn->cap_pcie + PCI_PCIE_SLTCTL, 0);
	msi_free(&port.fn->msi);
	pci_probe_drivers();
}

static bool is_block(void)
{
	const struct irq_desc *first = port.fn->msi.descs[0], *second = port.fn->msi.descs[1];

	return first->hart == second->hart && !(first->identity & 1) &&
	       second->identity == first->identity + 1;
}

/* Commands of the slot, each after the one before was handled; the first to be wrong, or EVENTS. */
static unsigned send_events(void)
{
	unsigned reg = port.fn->cap_pcie + PCI_PCIE_SLTCTL;
	uint16_t control = pci_read16(port.fn, reg) | PCI_PCIE_SLTCTL_HPIE | PCI_PCIE_SLTCTL_CCIE;
	uint32_t before;

	/* The first command enables the events, and may have completed before. */
	pci_write16(port.fn, reg, control);
	time_sleep_ms(20);
	before = runs(0);
	for (unsigned n = 1; n <= EVENTS; n++) {
		pci_write16(port.fn, reg, control);
		if (!wait_runs(0, before + n))
			return n;
	}
	return EVENTS;
}

TEST(messages, events_of_a_port)
{
	unsigned sent, target;
	uint32_t others;
	bool block;

	SKIP_IF(!open(), "no port with two messages");
	target = smp_next_online(port.fn->msi.descs[0]->hart);
	block = is_block();
	sent = send_events();
	/* Whichever is asked to, both move. */
	block &= msi_set_affinity(&port.fn->msi, 1, target) == 1 && is_block() &&
		 port.fn->msi.descs[0]->hart == target;
	sent += send_events();
	others = runs(1);
	close();
	CHECK(block);
	CHECK_EQ(sent, 2 * EVENTS);
	CHECK_EQ(others, 0);
}

/* Lets errors through to the port, which then sends what QEMU's monitor injects. */
static void enable_errors(void)
{
	unsigned control = port.fn->cap_pcie + DEVICE_CONTROL;

	pci_write16(port.fn, PCI_COMMAND, pci_read16(port.fn, PCI_COMMAND) | COMMAND_SERR);
	pci_write16(port.fn, BRIDGE_CONTROL, pci_read16(port.fn, BRIDGE_CONTROL) | BRIDGE_SERR);
	pci_write16(port.fn, control, pci_read16(port.fn, control) | DEVICE_ERRORS);
	pci_write32(port.fn, (unsigned)port.aer + AER_ROOT_STATUS, AER_ROOT_REPORTS);
	pci_write32(port.fn, (unsigned)port.aer + AER_ROOT_COMMAND, ROOT_COMMAND_ALL);
}

/* tests/harness/machine/test_messages.py injects an error at each line. */
TEST_BY_NAME(messages, errors_of_a_port)
{
	uint32_t events, n;

	SKIP_IF(!open(), "no port with two messages");
	if (port.aer > 0)
		enable_errors();
	for (n = 0; n < 5; n++) {
		printf("# %s: waits for error %u\n", port.fn->msi.name, (unsigned)n + 1);
		fflush(stdout);
		if (!wait_runs(1, n + 1))
			break;
	}
	events = runs(0);
	close();
	CHECK_EQ(n, 5);
	CHECK_EQ(events, 0);
}

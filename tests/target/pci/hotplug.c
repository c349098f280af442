// SPDX-License-Identifier: Apache-2.0
/* Slots lose their power while other harts use what is in them (docs/msi.md M13). */
#include <errno.h>
#include <stdlib.h>

#include "drivers/nvme/nvme.h"
#include "drivers/pci/hotplug.h"
#include "drivers/pci/pci_regs.h"
#include "drivers/pci/raise.h"
#include "drivers/virtio/blk.h"
#include "kernel/mem.h"
#include "kernel/smp.h"
#include "kernel/time.h"
#include "tests/target/test.h"

#define MAX_LOADS 3
/* From when all harts have begun, and well before they look whether the function is there. */
#define UNDER_WAY_MS 50
#define SETTLE_MS    100 /* generous for a drain, which takes microseconds */
#define END_MS       10000
#define BUF_BYTES    4096

struct load {
	struct work work;
	struct pci_function *fn;
	void *buf;
	_Atomic uint32_t begun;
};

static bool is_never(void *arg)
{
	(void)arg;
	return false;
}

static int use_once(struct load *load)
{
	struct nvme *nvme = nvme_of(load->fn);
	struct virtio_blk *blk = virtio_blk_of(load->fn);

	if (nvme)
		return nvme_read(nvme, nvme_first_usable(nvme), 0, 8, load->buf);
	if (blk)
		return virtio_blk_read(blk, 0, 8, load->buf);
	/* Its raise is in flight: masked, it is not handled. */
	return pci_wait(load->fn, is_never, NULL, END_MS);
}

static int use_until_it_fails(void *arg)
{
	struct load *load = arg;
	int err;

	do {
		atomic_fetch_add_explicit(&load->begun, 1, memory_order_relaxed);
		err = use_once(load);
	} while (!err);
	return err;
}

/* The one function in the slot, if a driver that can be used has it. */
static struct pci_function *card_in(const struct pci_function *port)
{
	for (struct pci_function *fn = pci_first(); fn; fn = fn->next)
		if (fn->parent == port && fn->driver && fn->driver->raise && !fn->bridge)
			return fn;
	return NULL;
}

static bool has_begun(void *arg)
{
	struct load *load = arg;

	return atomic_load_explicit(&load->begun, memory_order_relaxed);
}

static unsigned start_loads(struct load *loads, struct pci_function *fn, void *buf)
{
	unsigned n = 0, vectors = fn->msi.count;
	bool disk = nvme_of(fn) || virtio_blk_of(fn);
	unsigned most = disk || vectors > MAX_LOADS ? MAX_LOADS : 1;

	/* Raised here: the other harts keep off the registers while QEMU takes the card away. */
	for (unsigned i = 0; i < most && !disk; i++) {
		msi_mask(&fn->msi, vectors - 1 - i);
		fn->driver->raise(fn, vectors - 1 - i);
	}
	for (unsigned hart = smp_next_online(smp_index()); hart != smp_index() && n < most;
	     hart = smp_next_online(hart)) {
		loads[n] = (struct load){ .fn = fn, .buf = (char *)buf + n * BUF_BYTES };
		loads[n].work.fn = use_until_it_fails;
		loads[n].work.arg = &loads[n];
		n += !smp_post(hart, &loads[n].work);
	}
	for (unsigned i = 0; i < n; i++)
		time_wait(has_begun, &loads[i], END_MS);
	time_sleep_ms(UNDER_WAY_MS);
	return n;
}

static bool is_gone(void *arg)
{
	return pci_gone(arg);
}

/*
 * Slot Control, written behind the driver's back: power off, and with eject the indicator too,
 * which makes QEMU take the card out.
 */
static void cut_power(struct pci_function *port, bool eject)
{
	unsigned reg = port->cap_pcie + PCI_PCIE_SLTCTL;
	uint16_t control = pci_read16(port, reg) | PCI_PCIE_SLTCTL_PCC;

	pci_write16(port, reg, eject ? control | PCI_PCIE_SLTCTL_PIC : control);
}

/* All loads end, with the error that says why; then it is removed. */
static void lose_power(struct test_result *t, struct pci_function *port, struct pci_function *fn,
		       void *buf, bool eject)
{
	struct load loads[MAX_LOADS];
	unsigned n = start_loads(loads, fn, buf), wrong = 0, idle = 0;
	bool gone;

	cut_power(port, eject);
	gone = time_wait(is_gone, fn, END_MS);
	for (unsigned i = 0; i < n; i++) {
		wrong += smp_wait(&loads[i].work) != -ENODEV;
		idle += !loads[i].begun;
	}
	pci_hotplug_poll();
	CHECK(gone);
	CHECK_EQ(wrong, 0);
	CHECK_EQ(idle, 0);
	CHECK(!card_in(port));
}

static void cycle(struct test_result *t, struct pci_function *port, void *buf)
{
	struct pci_function *fn = card_in(port);

	lose_power(t, port, fn, buf, false);
	if (t->failed)
		return;
	CHECK_EQ(pci_slot_on(port), 0);
	fn = card_in(port);
	CHECK(fn);
}

/* What a round may not keep. */
struct budget {
	size_t used;
	unsigned identities;
};

static struct budget budget(const struct pci_function *port)
{
	return (struct budget){ mem_used(), port->msi.domain ? port->msi.domain->available() : 0 };
}

/* The last places are still being drained. */
static bool is_kept(void *arg)
{
	struct budget *before = ((void **)arg)[1], now = budget(((void **)arg)[0]);

	return now.used == before->used && now.identities == before->identities;
}

static bool comes_to(struct pci_function *port, struct budget *before)
{
	return time_wait(is_kept, (void *[]){ port, before }, END_MS);
}

TEST(hotplug, power_is_cut_under_load)
{
	const char *rounds = test_parameter("rounds");
	unsigned tried = 0;
	void *buf;

	SKIP_IF(!rounds, "what is in the slots is left alone (parameter rounds=N)");
	SKIP_IF(smp_online_count() < 2, "one hart alone can't use it meanwhile");
	buf = dma_alloc(MAX_LOADS * BUF_BYTES, UINT64_MAX);
	SKIP_IF(!buf, "no memory");
	for (struct pci_function *port = pci_first(); port; port = port->next) {
		struct budget before = { 0 };

		if (!pci_is_slot(port) || !card_in(port))
			continue;
		tried++;
		/* The first round may map, and fill tables that stay. */
		for (unsigned i = 0; i <= strtoul(rounds, NULL, 0) && !t->failed; i++) {
			cycle(t, port, buf);
			if (!i && !t->failed) {
				time_sleep_ms(SETTLE_MS);
				before = budget(port);
			}
		}
		if (t->failed)
			break;
		if (!comes_to(port, &before)) {
			CHECK_EQ(budget(port).used, before.used);
			CHECK_EQ(budget(port).identities, before.identities);
		}
	}
	dma_free(buf, MAX_LOADS * BUF_BYTES);
	if (!t->failed)
		SKIP_IF(!tried, "no slot with a function that can be used");
}

/* Leaves the slots empty, so only who can fill them again asks for it. */
TEST(hotplug, cards_are_pulled_out_under_load)
{
	unsigned tried = 0;
	void *buf;

	SKIP_IF(!test_parameter("pull"), "the slots stay as they are (parameter pull=1)");
	buf = dma_alloc(MAX_LOADS * BUF_BYTES, UINT64_MAX);
	SKIP_IF(!buf, "no memory");
	for (struct pci_function *port = pci_first(); port && !t->failed; port = port->next)
		if (pci_is_slot(port) && card_in(port)) {
			tried++;
			lose_power(t, port, card_in(port), buf, true);
		}
	dma_free(buf, MAX_LOADS * BUF_BYTES);
	if (!t->failed)
		SKIP_IF(!tried, "no slot with a function that can be used");
}

/* Somebody else makes it vanish meanwhile. */
TEST(hotplug, raise_ends_when_its_function_vanishes)
{
	const char *bdf = test_parameter("vanish");
	struct pci_function *fn = bdf ? pci_find(bdf) : NULL;
	struct pci_raised out;
	int err;

	SKIP_IF(!fn || !fn->msi.count, "it is for a function that vanishes (parameter vanish=BDF)");
	/* Masked: it is not handled. */
	msi_mask(&fn->msi, 0);
	err = pci_raise_series(fn, 0, 1, &out);
	CHECK_EQ(err, -ENODEV);
	CHECK_EQ(out.handled, 0);
	CHECK(pci_gone(fn));
}

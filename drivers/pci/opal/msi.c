// SPDX-License-Identifier: Apache-2.0
/*
 * Messages of a bridge: each of its sources has one, address and data of which the firmware says
 * (OPAL API, "OPAL_GET_MSI_64") and which stays as it is wherever the source goes.
 */
#include <errno.h>
#include <stdlib.h>

#include "drivers/irqchip/opal.h"
#include "drivers/pci/opal/bridge.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/log.h"
#include "kernel/msi.h"
#include "kernel/smp.h"
#include "platform/powernv9/opal.h"

#define WORD_BITS      64
#define MSI_RANGE      1 /* as many sources as one message names */
#define MAX_IDENTITIES (UINT16_MAX + 1)

static struct opal_bridge *bridges;
static unsigned nr_identities;
static _Atomic unsigned nr_taken;

static const struct opal_bridge *bridge_of(unsigned identity)
{
	const struct opal_bridge *at = bridges;

	while (at && identity - at->first_identity >= at->nr_msis)
		at = at->next;
	return at;
}

static uint32_t source(unsigned identity)
{
	const struct opal_bridge *bridge = bridge_of(identity);

	return bridge ? bridge->first_source + (identity - bridge->first_identity) : MSI_NO_SOURCE;
}

static void compose(unsigned hart, unsigned identity, struct msi_msg *msg)
{
	const struct opal_bridge *bridge = bridge_of(identity);

	(void)hart;
	*msg = (struct msi_msg){ 0 };
	if (!bridge ||
	    opal_call(OPAL_GET_MSI_64, bridge->id, OPAL_PE, identity - bridge->first_identity,
		      MSI_RANGE, (uintptr_t)&msg->address, (uintptr_t)&msg->data))
		log_error("pci: the firmware has no message for identity %u", identity);
}

static bool message_ok(const struct irq_desc *desc, const struct msi_msg *msg)
{
	struct msi_msg right;

	compose(desc->hart, desc->identity, &right);
	return right.address && msg->address == right.address && msg->data == right.data;
}

/* --- which are taken, under the bridge's lock --- */

static bool is_taken(const struct opal_bridge *bridge, unsigned n)
{
	return bridge->taken[n / WORD_BITS] >> n % WORD_BITS & 1;
}

static bool is_free(const struct opal_bridge *bridge, unsigned first, unsigned n)
{
	for (unsigned i = first; i < first + n; i++)
		if (is_taken(bridge, i))
			return false;
	return true;
}

static void give_one(struct opal_bridge *bridge, unsigned n)
{
	bridge->taken[n / WORD_BITS] &= ~(1ull << n % WORD_BITS);
}

static void give_all(struct opal_bridge *bridge, unsigned n, const struct vector_place *places)
{
	for (unsigned i = 0; i < n; i++)
		give_one(bridge, places[i].identity - bridge->first_identity);
}

/* All of a run, which the endpoint may send then; or none, and 0: refused. */
static unsigned take_run(struct opal_bridge *bridge, unsigned at, unsigned run,
			 struct vector_place *places)
{
	for (unsigned i = 0; i < run; i++) {
		unsigned n = at + i;

		if (opal_call(OPAL_PCI_SET_XIVE_PE, bridge->id, OPAL_PE, n)) {
			give_all(bridge, i, places);
			return 0;
		}
		bridge->taken[n / WORD_BITS] |= 1ull << n % WORD_BITS;
		places[i].identity = (uint16_t)(bridge->first_identity + n);
	}
	return run;
}

/* Up to max, in steps of an aligned run. How many. */
static unsigned take_runs(struct opal_bridge *bridge, unsigned run, unsigned max,
			  struct vector_place *places)
{
	unsigned got = 0;

	for (unsigned at = 0; at + run <= bridge->nr_msis && got < max; at += run)
		if (is_free(bridge, at, run))
			got += take_run(bridge, at, run, &places[got]);
	return got;
}

/* A block begins on one hart: the first wish. */
static void choose_harts(unsigned n, const uint16_t *wish, bool block, struct vector_place *places)
{
	static _Atomic unsigned last;
	/* relaxed: a hint */
	unsigned hart = atomic_load_explicit(&last, memory_order_relaxed);

	for (unsigned i = 0; i < n; i++) {
		bool wished = wish && wish[i] < smp_count() && smp_online(wish[i]);

		if (!block || !i)
			hart = wished ? wish[i] : smp_next_online(hart);
		places[i].hart = (uint16_t)hart;
	}
	atomic_store_explicit(&last, hart, memory_order_relaxed);
}

static int claim(struct msi_function *fn, unsigned min, unsigned max, const uint16_t *wish,
		 bool block, struct vector_place *places)
{
	struct opal_bridge *bridge = fn->firmware;
	irqflags_t flags;
	unsigned got;

	/* Plain MSI; the firmware's messages for 32-bit addresses are others. */
	if (block && fn->address_limit <= UINT32_MAX)
		return -ENODEV;
	flags = spin_lock_irq(&bridge->lock);
	got = take_runs(bridge, block ? max : 1, max, places);

	if (got < min) {
		give_all(bridge, got, places);
		got = 0;
	}
	spin_unlock_irq(&bridge->lock, flags);
	atomic_fetch_add_explicit(&nr_taken, got, memory_order_relaxed);
	choose_harts(got, wish, block, places);
	return got ? (int)got : -ENOSPC;
}

static void give(struct msi_function *fn, unsigned n, const struct vector_place *places)
{
	struct opal_bridge *bridge = fn->firmware;
	irqflags_t flags = spin_lock_irq(&bridge->lock);

	give_all(bridge, n, places);
	spin_unlock_irq(&bridge->lock, flags);
	atomic_fetch_sub_explicit(&nr_taken, n, memory_order_relaxed);
}

static unsigned available(void)
{
	return nr_identities - atomic_load_explicit(&nr_taken, memory_order_relaxed);
}

static const struct msi_domain domain = {
	.name = "opal",
	.claim = claim,
	.compose = compose,
	.message_ok = message_ok,
	.available = available,
	.sources = &opal_sources,
	.source = source,
	.give = give,
};

static const struct msi_domain *find_domain(struct pci_host *host, uint16_t rid,
					    uint32_t *device_id)
{
	(void)host;
	*device_id = rid;
	return &domain;
}

int pci_opal_msi_init(struct opal_bridge *bridge)
{
	dt_node_t node = bridge->dt.node;
	int rc;

	bridge->first_source = dt_u32(node, "ibm,opal-msi-ranges", 0, 0);
	bridge->nr_msis = dt_u32(node, "ibm,opal-msi-ranges", 1, 0);
	bridge->first_identity = nr_identities;
	if (!bridge->nr_msis || bridge->nr_msis > MAX_IDENTITIES - nr_identities)
		return -EINVAL;
	bridge->taken = calloc(bridge->nr_msis / WORD_BITS + 1, sizeof(*bridge->taken));
	if (!bridge->taken)
		return -ENOMEM;
	rc = opal_sources_add(bridge->first_source, bridge->nr_msis);
	if (rc)
		return rc;
	nr_identities += bridge->nr_msis;
	bridge->next = bridges;
	bridges = bridge;
	bridge->dt.host.msi_domain = find_domain;
	return 0;
}

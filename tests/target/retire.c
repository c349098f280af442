// SPDX-License-Identifier: Apache-2.0
/* Places that are left, drained and used again (docs/msi.md M1, M11, M13). */
#include <errno.h>

#include "arch/irqflags.h"
#include "drivers/pci/pci.h"
#include "kernel/slot.h"
#include "kernel/time.h"
#include "tests/target/test.h"

#define TIMEOUT_MS 5000
#define LARGEST    16

/* MSI-X of a function that nobody uses. */
static struct pci_function *spare(void)
{
	struct pci_function *fn = pci_first();

	while (fn && (fn->driver || !fn->usable || !msi_names_places(&fn->msi) ||
		      !fn->msi.backend || !fn->msi.msix_ops || fn->msi.count))
		fn = fn->next;
	return fn;
}

#define NO_SPARE "no MSI-X function without driver"

static unsigned set_size(const struct pci_function *fn)
{
	return MIN(fn->msi.msix_count, LARGEST);
}

static void count_run(void *arg)
{
	atomic_fetch_add((_Atomic unsigned *)arg, 1);
}

/* The calling hart's, enabled. */
static int take_one(struct pci_function *fn, _Atomic unsigned *runs)
{
	uint16_t here = (uint16_t)smp_index();
	int rc = msi_alloc(&fn->msi, 1, 1, MSI_ALLOW_MSIX | MSI_WAIT, &here);

	if (rc != 1)
		return rc;
	rc = msi_request(&fn->msi, 0, count_run, runs, "test");
	return rc ? rc : msi_enable(&fn->msi);
}

struct room {
	const struct msi_domain *domain;
	unsigned free;
};

static bool has_room(void *arg)
{
	const struct room *room = arg;

	return room->domain->available() >= room->free;
}

/* All that was left is drained. */
static bool becomes_free(const struct pci_function *fn, unsigned room)
{
	struct room want = { fn->msi.domain, room };

	return time_wait(has_room, &want, TIMEOUT_MS) && fn->msi.domain->available() == room;
}

static bool nothing_is_held(void *arg)
{
	const struct vector_space *space = arg;

	return !(atomic_load(&space->credit) >> 32);
}

/* At rest: as much as there can be until something is allocated. What earlier tests left is drained first. */
static unsigned all_room(const struct pci_function *fn)
{
	time_wait(nothing_is_held, fn->msi.domain->space, TIMEOUT_MS);
	return fn->msi.domain->available();
}

TEST(retire, freed_identities_come_back)
{
	struct pci_function *fn = spare();
	unsigned room, known = 0;

	SKIP_IF(!fn, NO_SPARE);
	room = all_room(fn);
	/* Ten times all there are. */
	for (unsigned taken = 0; taken < 10 * room; taken += set_size(fn)) {
		CHECK_EQ(msi_alloc(&fn->msi, set_size(fn), set_size(fn), MSI_ALLOW_MSIX | MSI_WAIT,
				   NULL),
			 set_size(fn));
		msi_free(&fn->msi);
		/* The descriptors too: there are never more than a space full of them. */
		if (!taken)
			known = irq_desc_count();
	}
	CHECK(irq_desc_count() <= known + room);
	CHECK(becomes_free(fn, room));
}

TEST(retire, moves_never_use_up_a_file)
{
	struct pci_function *fn = spare();
	unsigned home = smp_index(), other = smp_next_online(home), room;
	_Atomic unsigned runs = 0;

	SKIP_IF(!fn, NO_SPARE);
	SKIP_IF(other == home, "one hart");
	room = all_room(fn);
	CHECK_EQ(take_one(fn, &runs), 0);
	for (unsigned i = 0; i < 100000; i++)
		CHECK_EQ(msi_set_affinity(&fn->msi, 0, i % 2 ? home : other), 0);
	CHECK_EQ(fn->msi.descs[0]->moved, 100000);
	CHECK_EQ(msi_drain(&fn->msi, 0), 0);
	CHECK_EQ(fn->msi.descs[0]->places, 1);
	CHECK_EQ(fn->msi.domain->available(), room - 1);
	msi_free(&fn->msi);
	CHECK(becomes_free(fn, room));
}

/* A message that is pending at DRAIN: its place is the vector's until after the handler. */
TEST(retire, pending_place_waits_for_its_claim)
{
	struct pci_function *fn = spare();
	unsigned home = smp_index(), other = smp_next_online(home), identity;
	_Atomic unsigned runs = 0;
	struct irq_desc *desc;
	irqflags_t flags;

	SKIP_IF(!fn, NO_SPARE);
	SKIP_IF(other == home, "one hart");
	CHECK_EQ(take_one(fn, &runs), 0);
	desc = fn->msi.descs[0];
	identity = desc->identity;
	flags = irq_save();
	fn->msi.domain->send(home, identity);
	CHECK_EQ(msi_set_affinity(&fn->msi, 0, other), 0);
	CHECK_EQ(runs, 0);
	/* KICK and DRAIN are the lowest identities, so they come first, and find it pending. */
	irq_restore(flags);
	CHECK_EQ(msi_drain(&fn->msi, 0), 0);
	CHECK_EQ(runs, 1);
	CHECK_EQ(desc->late, 1);
	CHECK(atomic_load(&this_hart()->slots[identity]) != desc);
	msi_free(&fn->msi);
}

TEST(retire, returning_vector_takes_its_place_back)
{
	struct pci_function *fn = spare();
	unsigned home = smp_index(), other = smp_next_online(home), identity, free_then;
	_Atomic unsigned runs = 0;
	struct irq_desc *desc;
	irqflags_t flags;

	SKIP_IF(!fn, NO_SPARE);
	SKIP_IF(other == home, "one hart");
	CHECK_EQ(take_one(fn, &runs), 0);
	desc = fn->msi.descs[0];
	identity = desc->identity;
	free_then = fn->msi.domain->available();
	flags = irq_save();
	CHECK_EQ(msi_set_affinity(&fn->msi, 0, other), 0);
	fn->msi.domain->send(home, identity);
	CHECK_EQ(msi_set_affinity(&fn->msi, 0, home), 0);
	CHECK_EQ(desc->identity, identity);
	irq_restore(flags);
	CHECK_EQ(msi_drain(&fn->msi, 0), 0);
	/* It came to the place while it was left, and was claimed when that was taken back: not late. */
	CHECK_EQ(runs, 1);
	CHECK_EQ(desc->late, 0);
	CHECK_EQ(fn->msi.domain->available(), free_then);
	msi_free(&fn->msi);
}

struct death {
	const struct pci_function *fn;
	uint64_t dead;
};

static bool died(void *arg)
{
	const struct death *death = arg;

	return atomic_load(&death->fn->msi.gone.dead) == death->dead;
}

TEST(retire, late_arrival_of_a_freed_vector_is_dead)
{
	struct pci_function *fn = spare();
	_Atomic unsigned runs = 0;
	struct death death = { .fn = fn };
	unsigned room;
	irqflags_t flags;

	SKIP_IF(!fn, NO_SPARE);
	room = all_room(fn);
	death.dead = atomic_load(&fn->msi.gone.dead) + 1;
	CHECK_EQ(take_one(fn, &runs), 0);
	flags = irq_save();
	fn->msi.domain->send(smp_index(), fn->msi.descs[0]->identity);
	msi_free(&fn->msi);
	irq_restore(flags);
	CHECK(time_wait(died, &death, TIMEOUT_MS));
	CHECK_EQ(runs, 0);
	CHECK(becomes_free(fn, room));
}

/* --- all the places in quarantine --- */

static _Atomic unsigned deaf_harts;
static _Atomic bool listen;

/* Takes no interrupt until it may listen again, so it drains nothing. */
static int go_deaf(void *arg)
{
	irqflags_t flags = irq_save();

	(void)arg;
	atomic_fetch_add(&deaf_harts, 1);
	while (!atomic_load(&listen))
		cpu_relax();
	irq_restore(flags);
	return 0;
}

static void all_deaf(struct work *work)
{
	atomic_store(&listen, false);
	atomic_store(&deaf_harts, 0);
	for (unsigned i = 0; i < smp_count(); i++) {
		work[i] = (struct work){ .fn = go_deaf };
		if (i == smp_index() || smp_post(i, &work[i]))
			work[i].fn = NULL;
	}
	while (atomic_load(&deaf_harts) != smp_online_count() - 1)
		cpu_relax();
}

static void all_listen(struct work *work)
{
	atomic_store(&listen, true);
	for (unsigned i = 0; i < smp_count(); i++)
		if (work[i].fn)
			smp_wait(&work[i]);
}

TEST(retire, quarantine_is_no_lack_of_places)
{
	static struct work work[64];
	struct pci_function *fn = spare();
	unsigned room, sets = 0;
	irqflags_t flags;
	int rc, want;

	SKIP_IF(!fn, NO_SPARE);
	SKIP_IF(smp_count() > ARRAY_SIZE(work), "too many harts for this test");
	room = all_room(fn);
	want = (int)set_size(fn);
	all_deaf(work);
	flags = irq_save();
	do {
		rc = msi_alloc(&fn->msi, (unsigned)want, (unsigned)want, MSI_ALLOW_MSIX, NULL);
		sets += rc > 0;
		if (rc > 0)
			msi_free(&fn->msi);
	} while (rc > 0 && sets <= room);
	irq_restore(flags);
	all_listen(work);
	CHECK_EQ(rc, -EAGAIN);
	CHECK_EQ(sets, room / (unsigned)want);
	CHECK_EQ(msi_alloc(&fn->msi, (unsigned)want, (unsigned)want, MSI_ALLOW_MSIX | MSI_WAIT,
			   NULL),
		 want);
	msi_free(&fn->msi);
	CHECK(becomes_free(fn, room));
}

// SPDX-License-Identifier: Apache-2.0
/* Harts go away and come back (docs/msi.md M12), whatever the interrupt controller is. */
#include "kernel/hart_off.h"

#include <errno.h>
#include <stdlib.h>

#include "drivers/pci/raise.h"
#include "kernel/time.h"
#include "tests/target/test.h"

#define ROUNDS       20
#define MANY_HARTS   8 /* beyond it, one round each */
#define MOVE_TRIES   1000
#define NOT_THERE    (-ENODEV)
#define HOME_NOWHERE UINT16_MAX

static bool moves(const struct irq_desc *desc)
{
	return (desc->kind == IRQ_KIND_MSI || desc->kind == IRQ_KIND_WIRED) &&
	       !(atomic_load(&desc->state) & IRQ_DEAD);
}

/* Where all vectors are; what has no place to move from is HOME_NOWHERE. */
static uint16_t *note_homes(void)
{
	uint16_t *homes = malloc((irq_desc_count() + 1) * sizeof(*homes));

	for (unsigned i = 0; homes && i < irq_desc_count(); i++)
		homes[i] = moves(irq_desc_at(i)) ? irq_desc_at(i)->hart : HOME_NOWHERE;
	return homes;
}

/* Places in quarantine come back. */
static int move(struct irq_desc *desc, unsigned hart)
{
	int rc = irq_set_affinity(desc, hart);

	for (unsigned i = 0; i < MOVE_TRIES && rc == -EAGAIN; i++) {
		time_sleep_ms(1);
		rc = irq_set_affinity(desc, hart);
	}
	return rc;
}

static void send_home(uint16_t *homes)
{
	for (unsigned i = 0; homes && i < irq_desc_count(); i++)
		if (homes[i] != HOME_NOWHERE)
			move(irq_desc_at(i), homes[i]);
	free(homes);
}

static unsigned gather_on(unsigned hart)
{
	unsigned n = 0;

	for (unsigned i = 0; i < irq_desc_count(); i++)
		n += moves(irq_desc_at(i)) && move(irq_desc_at(i), hart) >= 0;
	return n;
}

static unsigned left_on(unsigned hart)
{
	unsigned n = 0;

	for (unsigned i = 0; i < irq_desc_count(); i++)
		n += moves(irq_desc_at(i)) && irq_desc_at(i)->hart == hart;
	return n;
}

/* Has it a vector that no other hart can have? */
static bool holds_one_fast(unsigned hart)
{
	for (unsigned i = 0; i < irq_desc_count(); i++) {
		struct irq_desc *desc = irq_desc_at(i);

		if (!moves(desc) || desc->hart != hart)
			continue;
		if (move(desc, smp_next_online(hart)) == -EOPNOTSUPP)
			return true;
		move(desc, hart);
	}
	return false;
}

/* The next hart after this one that can go; this one: none can. */
static unsigned other_hart(void)
{
	unsigned other = smp_next_online(smp_index());

	while (other != smp_index() && holds_one_fast(other))
		other = smp_next_online(other);
	return other;
}

/* A place that is not drained: a message for it may be on its way. */
static bool holds_places(const struct hart *hart)
{
	for (unsigned id = 1; hart->slots && id <= hart->max_id; id++)
		if (atomic_load(&hart->slots[id]) == &irq_parked)
			return true;
	return false;
}

struct fire {
	_Atomic bool over;
	unsigned raised;
};

/* Each vector that its driver can raise, each raise after the one before: -1 if one is not exact. */
static int fire_once(struct fire *fire)
{
	for (struct pci_function *fn = pci_first(); fn; fn = fn->next)
		for (unsigned v = 0; fn->driver && fn->driver->raise && v < fn->msi.count; v++) {
			struct pci_raised out;
			int rc = pci_raise_series(fn, v, 3, &out);

			if (rc == -EINVAL || rc == -EOPNOTSUPP)
				continue;
			if (rc || out.raised != 3 || out.handled != 3)
				return -1;
			fire->raised += 3;
		}
	return 0;
}

static int keep_firing(void *arg)
{
	struct fire *fire = arg;
	int rc;

	do {
		rc = fire_once(fire);
	} while (!rc && !atomic_load(&fire->over));
	return rc;
}

static int nothing(void *arg)
{
	(void)arg;
	return 7;
}

/* NULL, or what was wrong. */
static const char *off_and_on(unsigned hart)
{
	if (hart_off(hart))
		return "it does not go";
	if (smp_online(hart) || left_on(hart))
		return "vectors are left there";
	if (holds_places(smp_hart(hart)))
		return "it stopped before it was drained";
	if (smp_run(hart, nothing, NULL) != NOT_THERE || hart_off(hart) != -ENODEV)
		return "it still works";
	if (hart_on(hart))
		return "it does not come";
	if (smp_run(hart, nothing, NULL) != 7 || hart_on(hart) != -EALREADY)
		return "it does not work";
	return NULL;
}

static const char *under_fire(unsigned hart, struct fire *fire)
{
	unsigned helper = smp_next_online(hart);
	struct work work = { .fn = keep_firing, .arg = fire };
	const char *wrong;

	if (holds_one_fast(hart))
		return hart_off(hart) == -EOPNOTSUPP ? NULL : "a vector was lost";
	if (helper == smp_index())
		helper = smp_next_online(helper);
	if (!gather_on(hart))
		return "nothing moves";
	if (helper == hart) {
		/* Two harts. */
		wrong = off_and_on(hart);
		return wrong || !fire_once(fire) ? wrong : "a raise was not exact";
	}
	atomic_store(&fire->over, false);
	if (smp_post(helper, &work))
		return "nobody raises";
	wrong = off_and_on(hart);
	atomic_store(&fire->over, true);
	return smp_wait(&work) ? "a raise was not exact" : wrong;
}

TEST(hart, goes_and_comes_back_under_fire)
{
	unsigned rounds = smp_online_count() > MANY_HARTS ? 1 : ROUNDS;
	uint16_t *homes = note_homes();
	struct fire fire = { .raised = 0 };
	const char *wrong = NULL;
	unsigned i = 0;

	for (; i < rounds * smp_count() && !wrong; i++) {
		unsigned hart = i % smp_count();

		if (hart != smp_index() && smp_online(hart))
			wrong = under_fire(hart, &fire);
	}
	send_home(homes);
	if (wrong)
		test_fail(t, __LINE__, "hart %u: %s", (i - 1) % smp_count(), wrong);
	SKIP_IF(smp_online_count() == 1, "one hart");
}

TEST(hart, own_and_absent_ones_are_refused)
{
	CHECK_EQ(hart_off(smp_index()), -EBUSY);
	CHECK_EQ(hart_on(smp_index()), -EALREADY);
	CHECK_EQ(hart_off(smp_count()), -ENODEV);
	CHECK_EQ(hart_on(smp_count()), -ENODEV);
}

struct swap {
	unsigned hart;
	int off, on;
};

static int off_and_on_from_here(void *arg)
{
	struct swap *swap = arg;

	swap->off = hart_off(swap->hart);
	swap->on = hart_on(swap->hart);
	return 0;
}

/* The hart of the shell waits here for the other, is stopped, started, and goes on. */
TEST(hart, thread_goes_on_where_it_was)
{
	struct swap swap = { .hart = smp_index() };
	uint16_t *homes = note_homes();
	int rc;

	SKIP_IF(smp_online_count() == 1, "one hart");
	SKIP_IF(holds_one_fast(smp_index()), "a vector here can't be moved");
	rc = smp_run(smp_next_online(smp_index()), off_and_on_from_here, &swap);
	send_home(homes);
	CHECK_EQ(rc, 0);
	CHECK_EQ(swap.off, 0);
	CHECK_EQ(swap.on, 0);
	CHECK_EQ(this_hart()->start_sp, this_hart()->stack_top);
	time_sleep_ms(2);
}

static struct timer alarm;
static _Atomic unsigned rings;

static void ring(struct timer *timer)
{
	(void)timer;
	atomic_fetch_add(&rings, 1);
}

static int set_alarm(void *arg)
{
	alarm.fn = ring;
	timer_arm_ms(&alarm, *(uint32_t *)arg);
	return 0;
}

TEST(hart, timer_is_waited_for)
{
	unsigned other = other_hart();
	uint16_t *homes = note_homes();
	uint32_t ms = 50;
	unsigned rung;
	int off, on;

	SKIP_IF(other == smp_index(), "no other hart can go");
	atomic_store(&rings, 0);
	CHECK_EQ(smp_run(other, set_alarm, &ms), 0);
	off = hart_off(other);
	rung = atomic_load(&rings);
	on = hart_on(other);
	send_home(homes);
	CHECK_EQ(off, 0);
	CHECK_EQ(on, 0);
	CHECK_EQ(rung, 1);
}

/* All that is free anywhere; what is in quarantine comes back meanwhile. */
static unsigned fill(struct vector_place *places, unsigned room)
{
	unsigned n = 0;

	for (unsigned quiet = 0; quiet < 20 && n < room;) {
		if (!smp_hart_ops->reserve(1, false, &places[n])) {
			n++;
			quiet = 0;
		} else {
			time_sleep_ms(1);
			quiet++;
		}
	}
	return n;
}

TEST(hart, stays_when_the_others_are_full)
{
	unsigned other = other_hart(), room = smp_count() * VECTOR_MAX_ID, n;
	uint16_t *homes = note_homes();
	struct vector_place *places;
	int rc;

	SKIP_IF(other == smp_index(), "no other hart can go");
	SKIP_IF(!smp_hart_ops->reserve, "no interrupt files");
	places = malloc(room * sizeof(*places));
	CHECK(places && gather_on(other));
	n = fill(places, room);
	rc = hart_off(other);
	while (n)
		smp_hart_ops->unreserve(&places[--n]);
	free(places);
	CHECK_EQ(rc, -ENOSPC);
	CHECK(smp_online(other));
	CHECK_EQ(hart_off(other), 0);
	CHECK_EQ(hart_on(other), 0);
	send_home(homes);
}

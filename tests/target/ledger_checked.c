// SPDX-License-Identifier: Apache-2.0
/* In checked builds only: the release image has little room. */
#include "tests/target/ledger.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "arch/cpu.h"
#include "arch/irqflags.h"
#include "drivers/pci/hotplug.h"
#include "kernel/mem.h"
#include "kernel/msi.h"
#include "kernel/smp.h"
#include "kernel/time.h"
#include "tests/target/test.h"

static uint32_t load(const _Atomic uint32_t *value)
{
	return atomic_load_explicit(value, memory_order_relaxed);
}

static void add(_Atomic uint32_t *value)
{
	atomic_fetch_add_explicit(value, 1, memory_order_relaxed);
}

/* In place of the driver's handler, which acknowledges first: what is raised later comes again. */
static void ledger_run(void *arg)
{
	struct ledger_vector *vector = arg;
	uint32_t number, sleeper;

	if (atomic_exchange_explicit(&vector->inside, 1, memory_order_acquire))
		add(&vector->overlapped);
	vector->handler(vector->arg);
	add(&vector->runs);
	/* acquire pairs with the release in ledger_raise() */
	number = atomic_load_explicit(&vector->raised, memory_order_acquire);
	if (number == load(&vector->seen))
		add(&vector->repeated);
	/* release: who finds it at rest finds the counts of this run */
	atomic_store_explicit(&vector->seen, number, memory_order_release);
	sleeper = load(&vector->sleeper);
	if (sleeper)
		smp_kick(sleeper - 1);
	/* The raiser goes on now; some runs last long enough to be raised, and moved, within. */
	for (unsigned linger = number % 16 ? 0 : 100; linger; linger--)
		cpu_relax();
	atomic_store_explicit(&vector->inside, 0, memory_order_release);
}

static size_t bytes(const struct ledger *ledger)
{
	return ledger->count * sizeof(*ledger->vectors);
}

/* Of a set that is not enabled: the ledger's handler for each vector, or the driver's. */
static int request_all(struct ledger *ledger, bool in)
{
	int err = 0;

	for (unsigned v = 0; v < ledger->count && !err; v++) {
		struct ledger_vector *vector = &ledger->vectors[v];

		err = in ? msi_request(&ledger->fn->msi, v, ledger_run, vector, vector->name)
			 : msi_request(&ledger->fn->msi, v, vector->handler, vector->arg,
				       vector->name);
	}
	return err ? err : msi_enable(&ledger->fn->msi);
}

int ledger_open(struct ledger *ledger, struct pci_function *fn)
{
	struct msi_function *msi = &fn->msi;

	*ledger = (struct ledger){ .fn = fn, .count = msi->count };
	if (!fn->driver || !fn->driver->raise || !msi->enabled || msi->ops->type == MSI_INTX)
		return -EOPNOTSUPP;
	ledger->vectors = page_alloc(bytes(ledger), 0);
	if (!ledger->vectors)
		return -ENOMEM;
	for (unsigned v = 0; v < ledger->count; v++) {
		ledger->vectors[v].handler = msi->descs[v]->handler;
		ledger->vectors[v].arg = msi->descs[v]->arg;
		ledger->vectors[v].name = msi->descs[v]->name;
	}
	msi_disable(msi);
	return request_all(ledger, true);
}

void ledger_close(struct ledger *ledger)
{
	if (ledger->fn->msi.count) {
		msi_disable(&ledger->fn->msi);
		request_all(ledger, false);
	}
	page_free(ledger->vectors, bytes(ledger));
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

bool ledger_holds_causes(const struct ledger *ledger)
{
	return !strncmp(ledger->fn->driver->name, "igb", 3);
}

/* Their runs have seen no number; those that began before the set was freed are forgiven. */
static void fire_and_free(struct ledger *ledger)
{
	struct msi_function *msi = &ledger->fn->msi;

	for (unsigned v = 0; v < ledger->count; v++)
		ledger->fn->driver->raise(ledger->fn, v);
	msi_free(msi);
	for (unsigned v = 0; v < ledger->count; v++) {
		struct ledger_vector *vector = &ledger->vectors[v];
		uint32_t runs = MIN(load(&vector->repeated), 1u);

		atomic_fetch_sub_explicit(&vector->repeated, runs, memory_order_relaxed);
		atomic_fetch_sub_explicit(&vector->runs, runs, memory_order_relaxed);
	}
}

int ledger_reallocate(struct ledger *ledger, bool fire)
{
	struct msi_function *msi = &ledger->fn->msi;
	unsigned flags = msi->ops->type == MSI_MSIX ? MSI_ALLOW_MSIX : MSI_ALLOW_MSI;
	uint32_t start = time_ms();
	int rc;

	if (fire)
		fire_and_free(ledger);
	else
		msi_free(msi);
	/* -EAGAIN: others have what was left, or it is not free again yet. */
	while ((rc = msi_alloc(msi, ledger->count, ledger->count, flags, NULL)) == -EAGAIN)
		if (time_ms() - start > LEDGER_TIMEOUT_MS)
			break;
		else
			time_wait(never, NULL, 1);
	return rc < 0 ? rc : request_all(ledger, true);
}

int ledger_raise(struct ledger *ledger, unsigned v)
{
	struct ledger_vector *vector = &ledger->vectors[v];
	uint32_t number = load(&vector->raised);
	int err;

	/* release pairs with the acquire in ledger_run(); the driver's store to the device is ordered by itself */
	atomic_store_explicit(&vector->raised, number + 1, memory_order_release);
	err = ledger->fn->driver->raise(ledger->fn, v);
	if (err)
		atomic_store_explicit(&vector->raised, number, memory_order_relaxed);
	return err;
}

static int nothing(void *arg)
{
	(void)arg;
	return 0;
}

/*
 * A read from the function: its messages have left it. A hart that then runs a job in its
 * thread has taken all that was pending, and handled it.
 */
void ledger_settle(const struct ledger *ledgers, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		ledgers[i].fn->msi.ops->flush(&ledgers[i].fn->msi);
	/* Twice: what was latched is sent again by the first hart that has it. */
	for (unsigned hart = 0; hart < 2 * smp_count(); hart++)
		if (smp_online(hart % smp_count()))
			smp_run(hart % smp_count(), nothing, NULL);
}

static void print_vector(const struct ledger *ledger, unsigned v)
{
	const struct ledger_vector *vector = &ledger->vectors[v];
	const struct irq_desc *desc = ledger->fn->msi.descs[v];

	printf("# %s[%u]: raised %u, seen %u, runs %u, repeated %u, overlapped %u, lost %u\n",
	       ledger->fn->msi.name, v, (unsigned)load(&vector->raised),
	       (unsigned)load(&vector->seen), (unsigned)load(&vector->runs),
	       (unsigned)load(&vector->repeated), (unsigned)load(&vector->overlapped),
	       (unsigned)load(&vector->lost));
	printf("# irq %u on hart %u, identity %u, word %08x, late %u, dead %u\n", irq_number(desc),
	       desc->hart, desc->identity, (unsigned)load(&desc->state),
	       (unsigned)load(&desc->late), (unsigned)load(&desc->dead));
}

struct ledger_sum ledger_judge(const struct ledger *ledger, bool lockstep)
{
	struct ledger_sum sum = { 0 };

	for (unsigned v = 0; v < ledger->count; v++) {
		const struct ledger_vector *vector = &ledger->vectors[v];
		uint32_t raised = load(&vector->raised), runs = load(&vector->runs);
		uint32_t seen = load(&vector->seen), lost, duplicated;

		lost = load(&vector->lost) + (seen != raised);
		duplicated = lockstep ? load(&vector->repeated) : runs > raised ? runs - raised : 0;
		/* A run inside another is one too many, whatever it saw. */
		duplicated += load(&vector->overlapped);
		sum.raised += raised;
		sum.runs += runs;
		sum.merged += seen > runs ? seen - runs : 0;
		sum.lost += lost;
		sum.duplicated += raised ? duplicated : 0;
		sum.stray += raised ? 0 : runs;
		if (lost || duplicated || (!raised && runs))
			print_vector(ledger, v);
	}
	return sum;
}

static bool is_of(const struct irq_desc *desc, const struct ledger *ledgers, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (desc->chip_data == &ledgers[i].fn->msi)
			return true;
	return false;
}

/* What its driver asks of a card that comes back, and when that is done, is nobody's raise. */
static bool is_of_a_slot(const struct irq_desc *desc)
{
	const struct pci_function *fn = pci_function_of(desc->chip_data);

	return pci_is_slot(fn) || (fn->parent && pci_is_slot(fn->parent));
}

uint64_t ledger_others(const struct ledger *ledgers, unsigned count)
{
	uint64_t sum = load(&irq_unowned.spurious);

	for (unsigned i = 0; i < irq_desc_count(); i++) {
		const struct irq_desc *desc = irq_desc_at(i);

		/* What was freed has no row any more, or will have none when it is drained. */
		if (load(&desc->state) & IRQ_DEAD)
			continue;
		sum += load(&desc->spurious);
		if (desc->kind == IRQ_KIND_MSI && !is_of(desc, ledgers, count) &&
		    !is_of_a_slot(desc))
			sum += irq_handled(desc);
	}
	return sum;
}

struct rest {
	const struct ledger *ledger;
	unsigned v;
};

static bool rests(void *arg)
{
	const struct rest *rest = arg;

	return ledger_at_rest(rest->ledger, rest->v);
}

/* Looks at once and for a while before it sleeps: most are handled within microseconds. */
static bool wait_for_rest(const struct ledger *ledger, unsigned v)
{
	struct rest rest = { ledger, v };

	for (unsigned spin = 0; spin < 1000; spin++) {
		if (rests(&rest))
			return true;
		cpu_relax();
	}
	return time_wait(rests, &rest, LEDGER_TIMEOUT_MS);
}

/* Of the own hart they are pending together, and merge: its interrupts are off meanwhile. */
static int burst(struct ledger *ledger, unsigned v, unsigned n)
{
	irqflags_t flags = irq_save();
	int err = 0;

	for (unsigned i = 0; i < n && !err; i++)
		err = ledger_raise(ledger, v);
	irq_restore(flags);
	return err;
}

/* A vector that the device can't raise is left alone. */
static void raise_vector(struct ledger *ledger, unsigned v, unsigned raises, bool lockstep)
{
	for (unsigned done = 0, n; done < raises; done += n) {
		n = lockstep ? 1 : MIN(1 + done % 16, raises - done);
		if ((lockstep ? ledger_raise(ledger, v) : burst(ledger, v, n)) ||
		    !wait_for_rest(ledger, v))
			return;
	}
}

/* What is wrong, printed; 0: nothing. *raised: how many the device did. */
static uint64_t check(struct ledger *ledger, unsigned raises, bool lockstep, uint64_t *raised)
{
	uint64_t others = ledger_others(ledger, 1), wrong;
	struct ledger_sum sum;

	for (unsigned v = 0; v < ledger->count; v++)
		raise_vector(ledger, v, raises, lockstep);
	ledger_settle(ledger, 1);
	sum = ledger_judge(ledger, lockstep);
	sum.stray += ledger_others(ledger, 1) - others;
	wrong = sum.lost + sum.duplicated + sum.stray + (sum.runs + sum.merged != sum.raised) +
		(lockstep && sum.merged);
	if (wrong)
		printf("# %s: raised %llu, runs %llu, merged %llu, stray %llu\n",
		       ledger->fn->msi.name, (unsigned long long)sum.raised,
		       (unsigned long long)sum.runs, (unsigned long long)sum.merged,
		       (unsigned long long)sum.stray);
	*raised = sum.raised;
	return wrong;
}

static bool can_raise(const struct pci_function *fn)
{
	return fn->driver && fn->driver->raise && fn->msi.enabled && fn->msi.ops->type != MSI_INTX;
}

/* A raise is a frame, which the port at the other end of the wire announces too. */
static bool raises_itself_alone(const struct pci_function *fn)
{
	return can_raise(fn) && strcmp(fn->driver->name, "virtio-net");
}

/* Those whose message has left when the raise is done: at rest the last one has been seen. */
bool ledger_raises_at_once(const struct pci_function *fn)
{
	static const char *const drivers[] = { "edu", "igb", "igb-vf", "rocker", "xhci" };

	for (unsigned i = 0; i < ARRAY_SIZE(drivers); i++)
		if (can_raise(fn) && !strcmp(fn->driver->name, drivers[i]))
			return true;
	return false;
}

/* Of all functions that it is true for: what is wrong, and how much was raised. */
static uint64_t check_all(bool (*take)(const struct pci_function *fn), unsigned raises,
			  bool lockstep, uint64_t *raised)
{
	uint64_t wrong = 0;

	*raised = 0;
	for (struct pci_function *fn = pci_first(); fn; fn = fn->next) {
		struct ledger ledger;
		uint64_t of_this = 0;

		if (!take(fn))
			continue;
		if (ledger_open(&ledger, fn)) {
			wrong++;
			continue;
		}
		wrong += check(&ledger, raises, lockstep, &of_this);
		ledger_close(&ledger);
		*raised += of_this;
	}
	return wrong;
}

/* Each of every function that can be raised: one raise, one run, and nobody else's. */
TEST(ledger, lockstep_balances)
{
	uint64_t raised;

	CHECK_EQ(check_all(raises_itself_alone, 200, true, &raised), 0);
	SKIP_IF(!raised, "no function sends messages when told to");
}

TEST(ledger, bursts_balance)
{
	uint64_t raised;

	CHECK_EQ(check_all(ledger_raises_at_once, 2000, false, &raised), 0);
	SKIP_IF(!raised, "no function sends messages at once when told to");
}

// SPDX-License-Identifier: Apache-2.0
/* What the stress tests share: raisers, movers, and their books (docs/msi.md M14). */
#include "tests/target/stress.h"

#include <stdio.h>
#include <stdlib.h>

#include "kernel/msi.h"
#include "kernel/time.h"
#include "tests/target/test.h"

/* How often a raiser looks in vain before it sleeps and leaves the processor to others. */
#define TURNS_BEFORE_SLEEP 64

unsigned long stress_parameter(const char *key, unsigned long fallback)
{
	const char *value = test_parameter(key);

	return value ? strtoul(value, NULL, 0) : fallback;
}

uint32_t stress_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static uint32_t load(const _Atomic uint32_t *value)
{
	return atomic_load_explicit(value, memory_order_relaxed);
}

static void fail(struct stress *stress)
{
	atomic_store_explicit(&stress->failed, 1, memory_order_relaxed);
}

/* --- the gate: who is inside is seen by who closes it, or sees it closed --- */

bool stress_enter(struct stress *stress, unsigned ledger)
{
	struct stress_gate *gate = &stress->gates[ledger];

	/* seq_cst, as the two below: one of the two sees the other */
	atomic_fetch_add(&gate->users, 1);
	if (!atomic_load(&gate->closed))
		return true;
	stress_leave(stress, ledger);
	return false;
}

void stress_leave(struct stress *stress, unsigned ledger)
{
	/* release pairs with the acquire in is_quiet() */
	atomic_fetch_sub_explicit(&stress->gates[ledger].users, 1, memory_order_release);
}

struct quiet {
	struct stress *stress;
	unsigned ledger;
};

static bool is_quiet(void *arg)
{
	const struct quiet *quiet = arg;
	const struct ledger *ledger = &quiet->stress->ledgers[quiet->ledger];

	if (atomic_load(&quiet->stress->gates[quiet->ledger].users))
		return false;
	for (unsigned v = 0; v < ledger->count; v++)
		if (!ledger_at_rest(ledger, v))
			return false;
	return true;
}

bool stress_hold(struct stress *stress, unsigned ledger)
{
	struct quiet quiet = { stress, ledger };

	atomic_store(&stress->gates[ledger].closed, 1);
	return time_wait(is_quiet, &quiet, LEDGER_TIMEOUT_MS);
}

void stress_release(struct stress *stress, unsigned ledger)
{
	/* The vectors are there again before anybody uses them. */
	atomic_store_explicit(&stress->gates[ledger].closed, 0, memory_order_release);
}

/* --- raisers --- */

/* The n-th vector of all: its ledger's number, and its own there. */
static unsigned find_vector(const struct stress *stress, unsigned n, unsigned *v)
{
	unsigned i = 0;

	for (; n >= stress->ledgers[i].count; i++)
		n -= stress->ledgers[i].count;
	*v = n;
	return i;
}

static void lose(struct stress *stress, struct ledger *ledger, unsigned v)
{
	if (load(&ledger->vectors[v].lost))
		return;
	atomic_store_explicit(&ledger->vectors[v].lost, 1, memory_order_relaxed);
	printf("# %s[%u]: raise %u is lost: not handled within %u s\n", ledger->fn->msi.name, v,
	       (unsigned)load(&ledger->vectors[v].raised), LEDGER_TIMEOUT_MS / 1000);
	fail(stress);
}

enum turn { DONE, WAITING, RAISED };

static bool goal_reached(const struct stress_worker *worker, unsigned i, unsigned v)
{
	struct stress *stress = worker->stress;

	if (load(&worker->stop) || load(&stress->failed))
		return true;
	return load(&stress->ledgers[i].vectors[v].raised) >= stress->goal[i] &&
	       load(&stress->moves) >= load(&stress->moves_goal);
}

/* A vector is raised when the run for its last raise has begun. */
static enum turn turn(const struct stress_worker *worker, unsigned n)
{
	struct stress *stress = worker->stress;
	unsigned v, i = find_vector(stress, n, &v);
	struct ledger *ledger = &stress->ledgers[i];

	if (!ledger_at_rest(ledger, v)) {
		if (time_ms() - ledger->vectors[v].since_ms > LEDGER_TIMEOUT_MS)
			lose(stress, ledger, v);
		return load(&ledger->vectors[v].lost) ? DONE : WAITING;
	}
	if (goal_reached(worker, i, v))
		return DONE;
	if (!stress_enter(stress, i))
		return WAITING;
	ledger->vectors[v].since_ms = time_ms();
	if (ledger_raise(ledger, v))
		lose(stress, ledger, v);
	stress_leave(stress, i);
	return RAISED;
}

/* Has any of the share come to rest? */
static bool any_rests(void *arg)
{
	const struct stress_worker *worker = arg;
	const struct stress *stress = worker->stress;

	for (unsigned n = worker->number; n < stress->nr_vectors; n += stress->nr_raisers) {
		unsigned v, i = find_vector(stress, n, &v);

		if (ledger_at_rest(&stress->ledgers[i], v) && !goal_reached(worker, i, v))
			return true;
	}
	return false;
}

static void set_sleeper(const struct stress_worker *worker, uint32_t sleeper)
{
	const struct stress *stress = worker->stress;

	for (unsigned n = worker->number; n < stress->nr_vectors; n += stress->nr_raisers) {
		unsigned v, i = find_vector(stress, n, &v);

		/* relaxed: a run that does not see it yet is no loss, the sleep is short */
		atomic_store_explicit(&stress->ledgers[i].vectors[v].sleeper, sleeper,
				      memory_order_relaxed);
	}
}

/* All runs are to come on other harts: under QEMU they need the processor that this one spins on. */
static void sleep(struct stress_worker *worker)
{
	set_sleeper(worker, worker->hart + 1);
	time_wait(any_rests, worker, 10);
	set_sleeper(worker, 0);
}

/* A vector whose run is awaited does not hold up the others of this hart. */
static int raise_share(void *arg)
{
	struct stress_worker *worker = arg;
	unsigned raisers = worker->stress->nr_raisers, idle = 0;
	bool left;

	do {
		bool some = false;

		left = false;
		for (unsigned n = worker->number; n < worker->stress->nr_vectors; n += raisers) {
			enum turn what = turn(worker, n);

			some |= what == RAISED;
			left |= what != DONE;
		}
		if (some)
			idle = 0;
		else if (left && ++idle < TURNS_BEFORE_SLEEP)
			cpu_relax();
		else if (left)
			sleep(worker);
	} while (left);
	return 0;
}

/* --- movers --- */

static void mask_for_a_while(struct msi_function *msi, unsigned v, uint32_t random)
{
	msi_mask(msi, v);
	for (unsigned turns = random % 64; turns; turns--)
		cpu_relax();
	msi_unmask(msi, v);
}

/* Of a block all vectors move, and count. */
static void move(struct stress *stress, struct msi_function *msi, unsigned v, unsigned hart)
{
	int others = msi_set_affinity(msi, v, hart);

	if (others >= 0)
		atomic_fetch_add_explicit(&stress->moves, 1 + (unsigned)others,
					  memory_order_relaxed);
}

static int move_any(void *arg)
{
	struct stress_worker *worker = arg;
	struct stress *stress = worker->stress;

	while (!load(&worker->stop) && !load(&stress->failed)) {
		uint32_t random = stress_random(&worker->random);
		unsigned hart = random % smp_count(), v;
		unsigned i = find_vector(stress, (random >> 8) % stress->nr_vectors, &v);
		struct msi_function *msi = &stress->ledgers[i].fn->msi;

		if (!smp_online(hart) || !stress_enter(stress, i))
			continue;
		if (stress->masks && !(random >> 29))
			mask_for_a_while(msi, v, random >> 20);
		else if (msi->descs[v]->hart != hart)
			move(stress, msi, v, hart);
		stress_leave(stress, i);
	}
	return 0;
}

/* --- workers --- */

void stress_worker_start(struct stress_worker *worker)
{
	atomic_store_explicit(&worker->stop, 0, memory_order_relaxed);
	worker->work = (struct work){ .fn = worker->job, .arg = worker };
	/* A hart that is not online has its work done. */
	if (smp_post(worker->hart, &worker->work))
		atomic_store_explicit(&worker->work.done, 1, memory_order_relaxed);
}

void stress_worker_stop(struct stress_worker *worker)
{
	atomic_store_explicit(&worker->stop, 1, memory_order_relaxed);
	smp_wait(&worker->work);
}

static struct stress_worker *add_worker(struct stress *stress, unsigned hart, int (*job)(void *arg))
{
	struct stress_worker *worker = &stress->workers[stress->nr_workers++];

	*worker = (struct stress_worker){
		.stress = stress,
		.job = job,
		.hart = hart,
		.number = job == raise_share ? stress->nr_raisers++ : 0,
		.random = (stress->seed + stress->nr_workers) * 2654435761u | 1,
	};
	return worker;
}

void stress_start(struct stress *stress, bool raise_here)
{
	unsigned here = smp_index(), hart = smp_next_online(here);
	bool alone = !raise_here && smp_next_online(hart) == here;

	if (raise_here)
		add_worker(stress, here, raise_share);
	for (; hart != here && stress->nr_workers < STRESS_MAX_HARTS - 1;
	     hart = smp_next_online(hart))
		if (smp_next_online(hart) != here || alone)
			add_worker(stress, hart, raise_share);
		else
			add_worker(stress, hart, move_any);
	for (unsigned i = 0; i < stress->nr_workers; i++)
		if (stress->workers[i].hart != here)
			stress_worker_start(&stress->workers[i]);
}

void stress_finish(struct stress *stress)
{
	for (unsigned i = 0; i < stress->nr_workers; i++) {
		struct stress_worker *worker = &stress->workers[i];

		if (worker->hart == smp_index())
			worker->job(worker);
		else if (worker->job == raise_share)
			smp_wait(&worker->work);
	}
	stress_stop(stress);
}

void stress_stop(struct stress *stress)
{
	for (unsigned i = 0; i < stress->nr_workers; i++)
		atomic_store_explicit(&stress->workers[i].stop, 1, memory_order_relaxed);
	for (unsigned i = 0; i < stress->nr_workers; i++)
		if (stress->workers[i].hart != smp_index())
			smp_wait(&stress->workers[i].work);
}

/* --- the book --- */

static unsigned vectors_like(const struct stress *stress, const struct ledger *like)
{
	unsigned n = 0;

	for (unsigned i = 0; i < stress->nr_ledgers; i++)
		if (stress->ledgers[i].fn->driver == like->fn->driver)
			n += stress->ledgers[i].count;
	return n;
}

bool stress_open(struct stress *stress, uint32_t raises)
{
	*stress = (struct stress){
		.seed = (uint32_t)stress_parameter("SEED", time_ns()),
	};
	for (struct pci_function *fn = pci_first(); fn; fn = fn->next) {
		struct ledger *ledger = &stress->ledgers[stress->nr_ledgers];

		if (stress->nr_ledgers == STRESS_MAX_FUNCTIONS || !ledger_raises_at_once(fn) ||
		    ledger_open(ledger, fn))
			continue;
		stress->nr_ledgers++;
		stress->nr_vectors += ledger->count;
	}
	for (unsigned i = 0; i < stress->nr_ledgers; i++) {
		unsigned like = vectors_like(stress, &stress->ledgers[i]);

		stress->goal[i] = raises / like + !!(raises % like);
	}
	stress->refused = msi_check_refused();
	stress->others = ledger_others(stress->ledgers, stress->nr_ledgers);
	printf("# SEED=%lu: %u vectors of %u functions\n", (unsigned long)stress->seed,
	       stress->nr_vectors, stress->nr_ledgers);
	fflush(stdout);
	return stress->nr_ledgers;
}

void stress_close(struct stress *stress)
{
	for (unsigned i = 0; i < stress->nr_ledgers; i++)
		ledger_close(&stress->ledgers[i]);
}

bool stress_is_clean(const struct stress *stress)
{
	return msi_check_refused() == stress->refused;
}

static struct ledger_sum judge_one(const struct ledger *ledger)
{
	struct ledger_sum sum = ledger_judge(ledger, true);

	printf("# %s %s: raised=%llu runs=%llu lost=%llu duplicated=%llu\n", ledger->fn->msi.name,
	       ledger->fn->driver->name, (unsigned long long)sum.raised,
	       (unsigned long long)sum.runs, (unsigned long long)sum.lost,
	       (unsigned long long)sum.duplicated);
	return sum;
}

struct ledger_sum stress_judge(struct stress *stress)
{
	struct ledger_sum sum = { 0 };

	ledger_settle(stress->ledgers, stress->nr_ledgers);
	for (unsigned i = 0; i < stress->nr_ledgers; i++) {
		struct ledger_sum one = judge_one(&stress->ledgers[i]);

		sum.raised += one.raised;
		sum.runs += one.runs;
		sum.lost += one.lost;
		sum.duplicated += one.duplicated;
		sum.stray += one.stray;
	}
	sum.stray += ledger_others(stress->ledgers, stress->nr_ledgers) - stress->others;
	printf("moves=%lu raised=%llu lost=%llu duplicated=%llu stray=%llu\n",
	       (unsigned long)load(&stress->moves), (unsigned long long)sum.raised,
	       (unsigned long long)sum.lost, (unsigned long long)sum.duplicated,
	       (unsigned long long)sum.stray);
	return sum;
}

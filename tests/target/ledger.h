/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "drivers/pci/pci.h"

/*
 * The other side of the kernel's counters (docs/msi.md M14). A raise has a number, published
 * before the device is told; each run of the handler reads it when it has acknowledged the
 * device. At rest, when no hart has anything pending:
 *
 *	lost         the last run has not seen the last number
 *	merged       numbers seen, less runs
 *	duplicated   lock-step: runs that saw no new number; else: runs beyond the raises
 *	stray        runs of vectors that nobody raises, claims of identities that nobody has
 *
 * Lock-step: the next raise of a vector comes after the run for the one before has begun, so
 * each raise is one run. A raise may come while that run is still under way.
 */

/* How long a raise may take until it is called lost: never a measure, only an end. */
#define LEDGER_TIMEOUT_MS 30000

struct ledger_vector {
	_Atomic uint32_t raised; /* the number of the last raise: its one raiser's */
	_Atomic uint32_t seen;   /* the number that the last run read; the rest: the runs' */
	_Atomic uint32_t runs;
	_Atomic uint32_t repeated;   /* runs that saw no new number */
	_Atomic uint32_t overlapped; /* runs that began inside another */
	_Atomic uint32_t inside;
	irq_handler_t handler; /* the driver's own */
	void *arg;
	const char *name;
	_Atomic uint32_t sleeper; /* 1 + the hart that sleeps until the next run has begun, or 0 */
	_Atomic uint32_t lost;    /* raises that were given up: the raiser's */
	uint32_t since_ms;        /* of the last raise: the raiser's */
};

/* All vectors of a function that its driver has enabled. */
struct ledger {
	struct pci_function *fn;
	unsigned count;
	struct ledger_vector *vectors;
};

struct ledger_sum {
	uint64_t raised, runs, merged, lost, duplicated, stray;
};

/*
 * Stands between the function's vectors and their handlers until it is closed. 0, or
 * -errno with nothing changed; -EOPNOTSUPP: no messages, or a driver that raises none.
 * Thread context; nobody raises, moves or masks meanwhile.
 */
int ledger_open(struct ledger *ledger, struct pci_function *fn);
void ledger_close(struct ledger *ledger);

/*
 * Frees the vectors and allocates as many of the same type again; the book goes on. fire:
 * each vector is raised once more just before, without a number; whether it runs before it is
 * freed is not said, but after that it may not. Not where the device holds causes until they
 * are acknowledged. At rest only, else as ledger_open(). 0, or -errno: the function has no
 * vectors any more.
 */
int ledger_reallocate(struct ledger *ledger, bool fire);
/* Does the device hold a cause back until the run for the one before has acknowledged it? */
bool ledger_holds_causes(const struct ledger *ledger);

/* The next number of a vector; one raiser a vector. 0, or the driver's error: nothing raised. */
int ledger_raise(struct ledger *ledger, unsigned v);

/* Has the last run seen the last number? Any context. */
static inline bool ledger_at_rest(const struct ledger *ledger, unsigned v)
{
	const struct ledger_vector *vector = &ledger->vectors[v];

	/* acquire pairs with the release in the handler: what the run did is seen */
	return atomic_load_explicit(&vector->seen, memory_order_acquire) ==
	       atomic_load_explicit(&vector->raised, memory_order_relaxed);
}

/*
 * Waits until no message of the functions is under way or pending on a hart that is
 * online. Thread context, interrupts on.
 */
void ledger_settle(const struct ledger *ledgers, unsigned count);

/* Of all vectors of the function, when it has settled; what is wrong is printed, a line a vector. */
struct ledger_sum ledger_judge(const struct ledger *ledger, bool lockstep);

/*
 * Runs of all MSI vectors but those of the functions, of slots and of what is in them, and claims
 * of identities that nobody has.
 */
uint64_t ledger_others(const struct ledger *ledgers, unsigned count);

/* Does its driver raise by one store, after which the message has left? */
bool ledger_raises_at_once(const struct pci_function *fn);

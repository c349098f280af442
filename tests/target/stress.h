/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "kernel/smp.h"
#include "tests/target/ledger.h"

/*
 * The stress tests: raisers in lock-step on some harts, a mover on another, and a book of every
 * vector. They run by name only, and in checked builds.
 */
#define STRESS_MAX_FUNCTIONS 16
#define STRESS_MAX_HARTS     8

struct stress;

/* What one hart does, in its thread, until it returns by itself or is told to stop. */
struct stress_worker {
	struct work work;
	struct stress *stress;
	int (*job)(void *arg);
	unsigned hart, number; /* number: among those of its job */
	uint32_t random;       /* the state of its random numbers */
	_Atomic uint32_t stop;
};

/* Who uses a function, and whether nobody may: its vectors are being given back. */
struct stress_gate {
	_Atomic uint32_t users, closed;
};

struct stress {
	struct ledger ledgers[STRESS_MAX_FUNCTIONS];
	struct stress_gate gates[STRESS_MAX_FUNCTIONS];
	uint32_t goal[STRESS_MAX_FUNCTIONS]; /* raises of each vector */
	unsigned nr_ledgers, nr_vectors;
	uint32_t seed;
	uint64_t others;  /* ledger_others() at the start */
	unsigned refused; /* msi_check_refused() at the start */
	bool masks;       /* movers mask and unmask too */
	_Atomic uint32_t moves, moves_goal, failed;
	struct stress_worker workers[STRESS_MAX_HARTS];
	unsigned nr_workers, nr_raisers;
};

/* A parameter of the test, KEY=VALUE. */
unsigned long stress_parameter(const char *key, unsigned long fallback);

/* xorshift32: never 0. */
uint32_t stress_random(uint32_t *state);

/*
 * Opens the books of all functions whose raise is one store; their goals are raises for all
 * vectors of one driver together. Prints the seed (parameter SEED). false: there are none.
 */
bool stress_open(struct stress *stress, uint32_t raises);
void stress_close(struct stress *stress);

/*
 * Raisers on the other harts that are online, and a mover on the last of them, if they are two
 * or raise_here: the calling hart will raise too, in stress_finish().
 */
void stress_start(struct stress *stress, bool raise_here);
/* Raises here, if that was said, waits until the raisers have reached their goals, and stops all. */
void stress_finish(struct stress *stress);
/* Tells all to stop: raisers do when all that they raised has been handled. Waits for them. */
void stress_stop(struct stress *stress);
/* One worker, stopped and started again: its hart is free meanwhile. */
void stress_worker_stop(struct stress_worker *worker);
void stress_worker_start(struct stress_worker *worker);

/* For who uses a function's vectors: false while they are being given back. Leave soon. */
bool stress_enter(struct stress *stress, unsigned ledger);
void stress_leave(struct stress *stress, unsigned ledger);
/* Nobody is inside, nobody comes in, and what was raised has been handled. false: it was not. */
bool stress_hold(struct stress *stress, unsigned ledger);
void stress_release(struct stress *stress, unsigned ledger);

/* Has the sanitizer refused no message since then? */
bool stress_is_clean(const struct stress *stress);

/* When all have stopped: the sums, each function's printed; the line of the whole printed. */
struct ledger_sum stress_judge(struct stress *stress);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "drivers/msi/hypercall.h"

/*
 * A hypervisor for tests, on any platform: it answers as a knob says, holds sources of its own,
 * and writes nobody's registers. Its functions are those given to fake_hypervisor_adopt().
 */
#define FAKE_SOURCES 64

extern struct fake_hypervisor {
	/* Knobs; fake_hypervisor_reset() sets them to a hypervisor that grants all at once. */
	unsigned busy;        /* so many calls are answered busy ... */
	int32_t busy_status;  /* ... with this */
	unsigned room;        /* sources that may be granted */
	bool partial_holds;   /* a grant that falls short is held; else success, fewer, and none */
	unsigned all_or_none; /* it refuses whatever is more than this; 0: it grants what it has */
	unsigned first;       /* number of the first source of a grant */
	unsigned stride;      /* from one number to the next */
	unsigned excess;      /* it says that it granted so many more */
	bool can_reset;       /* it knows CHANGE_RESET */
	int32_t refuse;       /* it answers this to every request for vectors */
	bool lose_answer;     /* it does what it was asked for, and answers hardware error */
	unsigned bad_query;   /* the query of this vector, from 1, fails */
	bool reset;           /* the function has lost its messages, until a set is granted anew */
	/* What it saw. */
	unsigned changes, grants, releases, resets, queries;
	unsigned waited_ms;
	unsigned held; /* sources granted now */
	uint32_t sequence;
	unsigned wrong_sequences;
} fake_hypervisor;

void fake_hypervisor_reset(void);
/* The backend `fake` is available for this function from now on, and no other. */
void fake_hypervisor_adopt(const struct msi_function *fn);
/*
 * The function raises vector i: handled by the calling hart, latched while the source is off,
 * or lost, when it was released. Thread context. false: no source of it is granted, or no message left.
 */
bool fake_hypervisor_raise(const struct msi_function *fn, unsigned i);
/* Is the source of vector i routed to the hart, and on? */
bool fake_hypervisor_routes(const struct msi_function *fn, unsigned i, unsigned hart);
/* The next so many changes of a source's route fail. */
void fake_hypervisor_fail_routes(unsigned n);
/* Sources that are some vector's. */
unsigned fake_hypervisor_bound(void);

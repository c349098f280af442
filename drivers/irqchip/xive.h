/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kernel/spinlock.h"

struct irq_desc;

/* The priority of all sources: one queue a hart. Set at boot. */
extern uint8_t xive_priority;

/* What is between the files of the XIVE driver. */

/*
 * An event state buffer (Power Architecture Platform Reference, "H_INT_GET_SOURCE_INFO"): the bits
 * P, an event was sent and is not over, and Q, another one has come meanwhile. 00: an event is sent;
 * 10: an event sets Q; 01: off, events are lost.
 */
struct xive_esb {
	uint32_t number; /* of the source (LISN) */
	bool level;
	bool by_hcall;     /* no pages: by H_INT_ESB */
	uintptr_t manage;  /* mapped */
	uintptr_t trigger; /* mapped; 0: it can't be triggered */
};

#define XIVE_P BIT(1)
#define XIVE_Q BIT(0)

/* Offsets of loads in the management page: each changes the bits, and gives what they were. */
#define XIVE_END    0x000 /* off with P; a level that still asks is sent again */
#define XIVE_GET    0x800
#define XIVE_SET_00 0xc00
#define XIVE_SET_01 0xd00
#define XIVE_SET_10 0xe00
#define XIVE_SET_11 0xf00

/* Where the source's bits are. 0, -EINVAL: no such source, -EIO, -EAGAIN. Thread context. */
int xive_esb_find(struct xive_esb *esb, uint32_t number);
unsigned xive_esb_load(const struct xive_esb *esb, unsigned offset);
/* An event of the source, as if from its device. */
void xive_esb_trigger(const struct xive_esb *esb);

/*
 * One call with up to five arguments: its status; repeated while the hypervisor is busy, for some ms
 * at most. Any context.
 */
long xive_hcall(uint64_t function, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4);

/* Sends the source's events to a hart's queue (index). 0, -EIO, -EAGAIN. Any context. */
int xive_route(uint32_t number, unsigned hart);
/* To none. */
void xive_unroute(uint32_t number);
/* Events that the source has sent before are in a queue when it returns. Any context. */
void xive_sync(uint32_t number);

/* A source with a descriptor. */
struct xive_source {
	struct irq_desc *desc;
	struct xive_esb esb;
	struct spinlock lock; /* of the bits, and of: */
	bool off;             /* not activated yet, or unbound */
	bool masked;          /* P is set until it is not any more */
	bool busy;            /* while masked: P is an event's, whose end or retrigger is to come */
};

/* Boot. The sources of IPIs are no vector's. */
void xive_sources_init(uint32_t first_ipi, uint32_t nr_ipis);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct irq_desc;

/* What is between the files of the XICS driver. */

#define XICS_IPI 2 /* the source of H_IPI */

/* A source with a descriptor. */
struct xics_source {
	struct irq_desc *desc;
	uint32_t number;
	bool level;
	/* What it is set to. Under the lock of xics_source.c. */
	unsigned hart;
	bool routed, masked;
	bool held;                /* off until its latched event is taken */
	_Atomic uint32_t refused; /* edges in a row that nobody might handle */
	_Atomic uint32_t queued;  /* on a list of the target's */
	struct xics_source *next; /* there */
};

/* Boot: the services' tokens, and who asks for sources. 0, -ENOMEM, -ENODEV. */
int xics_sources_init(void);

/* What the root does with a source that it has accepted, before its H_EOI. Handler context. */
void xics_handle(struct xics_source *source);
/* The latched events that are for this hart, after an IPI. Handler context. */
void xics_run_queued(void);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "drivers/irqchip/aplic_math.h"
#include "drivers/irqchip/wired.h"
#include "kernel/spinlock.h"
#include "kernel/vector.h"

/* An APLIC domain, by one of its two delivery modes (AIA specification, chapter 4). */

struct aplic;
struct aplic_idc;

struct aplic_source {
	_Atomic(struct irq_desc *) desc;
	struct aplic *aplic;
	unsigned mode; /* APLIC_SM_* */
	/* MSI: the requester's; desc's handler is handle_level() for level sources. */
	irq_handler_t handler;
	void *arg;
	/* Direct, under the lock: the owner wants it enabled; it is held back since a claim. */
	bool wanted, held;
};

struct aplic_delivery {
	uint32_t domaincfg;
	const struct irq_chip *chip;
	/* A place for one more source. 0, -ENOSPC, -EAGAIN. */
	int (*claim)(struct aplic *aplic, unsigned source, struct vector_place *place);
	/* The descriptor is complete: who claims at its place finds it. */
	void (*publish)(struct irq_desc *desc);
};

struct aplic {
	struct wired_domain domain;
	const struct aplic_delivery *delivery;
	uintptr_t base;
	unsigned nr_sources;
	struct aplic_source *sources; /* by source number */
	/* Direct: */
	struct aplic_idc *idcs; /* by hart index */
	struct spinlock lock;   /* held and wanted of all sources, and their enable bits */
};

static inline struct aplic_source *aplic_source_of(const struct irq_desc *desc)
{
	return desc->chip_data;
}

static inline uintptr_t aplic_base_of(const struct irq_desc *desc)
{
	return aplic_source_of(desc)->aplic->base;
}

extern const struct aplic_delivery aplic_msi, aplic_direct;

/*
 * Direct delivery, after the domain was reset: its IDCs become the roots of their harts. size:
 * bytes of registers. 0; -ENODEV: no hart of ours at this level; -EINVAL; as wired_root_register().
 */
int aplic_direct_init(struct aplic *aplic, dt_node_t node, uint64_t size);

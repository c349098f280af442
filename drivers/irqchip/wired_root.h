/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "platform/dt.h"

/*
 * A wired controller as the root of harts: on a machine without IMSIC the supervisor
 * external interrupt comes from it. One of these for each hart that it interrupts: a PLIC
 * context, an APLIC IDC. All members run on that hart with interrupts off.
 */
struct wired_root {
	/* Once: lets through what is enabled for this hart. */
	void (*up)(struct wired_root *root);
	/* Claims and gives to irq_dispatch() until nothing is pending. */
	void (*interrupt)(struct wired_root *root);
};

/*
 * Boot hart, before the others start; *root lives for ever. The first call makes the
 * pool of descriptors. 0; -EBUSY: the hart has one, or has an IMSIC; -ENOMEM.
 */
int wired_root_register(unsigned hart, struct wired_root *root);

/*
 * For set_affinity: may a source come to the hart (index) still? Who answers so while the hart
 * begins to leave is found there, by the target in the source's word.
 */
bool wired_root_open(unsigned hart);

/* Pairs of interrupts-extended. */
unsigned wired_root_pairs(dt_node_t node);
/*
 * The hart (index) whose supervisor external interrupt the n-th pair of interrupts-extended
 * names; -ENOENT: it is another level's, or no hart of ours.
 */
int wired_root_hart(dt_node_t node, unsigned n);

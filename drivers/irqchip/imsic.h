/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

#include "drivers/irqchip/imsic_math.h"
#include "kernel/msi.h"
#include "kernel/vector.h"

/*
 * The supervisor-level interrupt files of all harts (AIA specification, chapter 3):
 * MSI domain, IPIs and the trap path.
 */

/* Identities that this kernel keeps on each hart; DRAIN is stored by the hart itself only (docs/msi.md M11). */
enum { IMSIC_ID_KICK = 1, IMSIC_ID_DRAIN = 2, IMSIC_ID_FIRST_FREE = 3 };

/* Filled by the discovery, or by hand. */
struct imsic_config {
	struct imsic_geometry geometry;
	unsigned max_id;    /* highest identity of each file (riscv,num-ids) */
	const int *hart_of; /* by file in geometry order: hart index, negative: no hart of ours */
	uint32_t phandle;   /* 0: none */
};

/* Boot hart, once, after smp_init(): all files of known harts, the domain, this hart's file on. 0 or -errno. */
int imsic_init(const struct imsic_config *config);

/* After imsic_init(): an identity on exactly this hart for a wired source. 0, -ENOSPC, -EAGAIN. */
int imsic_claim_wired(unsigned hart, struct vector_place *place);
/* Group and hart index of the hart (index) for APLIC target registers; guest index is 0. */
unsigned imsic_target_index(unsigned hart);
uint32_t imsic_phandle(void);
/* An APLIC that sends to the files, by its mapped genmsi register (section 4.5.15). Boot. */
void imsic_add_sender(uintptr_t genmsi);

/* Own hart, interrupts off: for tests. Is the identity pending / enabled? */
bool imsic_pending(unsigned identity);
bool imsic_enabled(unsigned identity);

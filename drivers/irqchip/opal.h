/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

struct irq_desc;
struct msi_source_domain;

/* The firmware's sources: messages of host bridges, by their global numbers. */
extern const struct msi_source_domain opal_sources;
/* Boot: n sources from this number on can have vectors. 0, -ENOMEM. */
int opal_sources_add(uint32_t first, unsigned n);

/* What is between the files of the driver. */

/* Boot. 0, -ENOMEM. */
int opal_sources_init(void);
/* What the root does with a source that it has accepted, before its end of interrupt. Handler context. */
void opal_handle(uint32_t number);
/* The latched events that are for this hart, after an IPI. Handler context. */
void opal_run_queued(void);

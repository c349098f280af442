/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * By the number that the hypervisor gave a source, what the driver of the presentation has for it.
 * Numbers have 24 bits with XICS (Power Architecture Platform Reference, "XIRR"); with XIVE, of
 * whose 32 bits no more are in use, too.
 */
#define PAPR_NR_SOURCES (1u << 24)

/* Boot, before the others. */
void papr_map_init(void);
/* NULL: nobody's. Any context. */
void *papr_find(uint32_t number);
/* 0, -EINVAL: no such number, -EBUSY: it has one, -ENOMEM. msi: of the pool that is for MSIs. Thread context. */
int papr_insert(uint32_t number, void *source, bool msi);
/* msi: as it was inserted. Who found it before may still use it. */
void papr_remove(uint32_t number, bool msi);
/* An upper bound of MSIs that the hypervisor has left, of all bridges. */
unsigned papr_msis_left(void);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

#include "drivers/pci/pci.h"

/* Sets of vectors for benches. Thread context, one at a time. */

/* A function without driver that has so many MSI-X vectors, none allocated; or NULL. */
struct pci_function *bench_spare_function(unsigned vectors);
/* Allocates, requests (arch_bench_handler, arg) and enables. 0, or -errno with nothing held. */
int bench_take_set(struct msi_function *fn, unsigned n, const uint16_t *wish, void *arg);

/*
 * What other harts do at a kick shows in this hart's count (-icount). So kicks are kept
 * until they are let go: a call is measured without what it starts on other harts.
 */
void bench_hold_kicks(void);
void bench_let_kicks_go(void);

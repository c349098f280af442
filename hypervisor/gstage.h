/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Second-stage address translation Sv39x4 (the ISA manual, Volume II, "Hypervisor Extension", "Guest
 * Physical Address Translation"). The caller serialises.
 */
struct gstage {
	uint64_t *root; /* 16 KiB */
	unsigned vmid;
};

enum gstage_prot { GSTAGE_RWX, GSTAGE_RW, GSTAGE_R };

/* 0 or -ENOMEM. Thread context. */
int gstage_init(struct gstage *gstage, unsigned vmid);
/*
 * Maps [guest, guest + size) to host, page-aligned, with the largest pages that fit. 0; -EINVAL; -EEXIST:
 * something is mapped there; -ENOMEM. Takes effect on harts that have not looked there before.
 */
int gstage_map(struct gstage *gstage, uint64_t guest, uint64_t host, uint64_t size,
	       enum gstage_prot prot);
/* Takes away what gstage_map() gave with the same address and size; harts may hold it until they fence. */
void gstage_unmap(struct gstage *gstage, uint64_t guest, uint64_t size);
/* The value of hgatp. */
uint64_t gstage_hgatp(const struct gstage *gstage);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "kernel/msi.h"

/*
 * What stands between functions and memory: found for a function by iommu-map, and told of it
 * before it has vectors. Behind one, a function reaches nothing until it is attached.
 */
struct msi_iommu {
	/* id: of the function at this IOMMU. Sets fn->remap, unless its place had one before. 0 or -errno. Thread context. */
	int (*attach)(struct msi_iommu *iommu, struct msi_function *fn, uint32_t id);
	uint32_t phandle; /* it is found by this */
	struct msi_iommu *next;
};

/*
 * A function's part of it: which harts' interrupt files its messages reach. The backend holds
 * a file for each place there, from before a message can name it until it is drained.
 */
struct msi_remap {
	/*
	 * n more places of it are at the hart (index): its messages get there when this returns
	 * 0. Or -errno: the IOMMU does not answer. Any context; spins for the IOMMU, a bounded
	 * time, where the function had no place there.
	 */
	int (*hold)(struct msi_remap *remap, unsigned hart, unsigned n);
	/* n of them are drained. Any context; the same wait, for the last one. */
	void (*drop)(struct msi_remap *remap, unsigned hart, unsigned n);
	/* The function is gone, or its place empty: it reaches nothing. Thread context. */
	void (*detach)(struct msi_remap *remap);
	/* The backend's: a block at hand for the move that is under way; identity 0: none. */
	struct vector_place reserved;
};

/* Those that pass nothing by themselves. Grows at boot. */
extern struct msi_iommu *msi_iommus;
/* NULL: none of them has the phandle. */
struct msi_iommu *msi_iommu_find(uint32_t phandle);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/* Room for the list entries of one command; in memory that the controller reads. */
struct nvme_prp_list {
	uint64_t *entries; /* little-endian when filled */
	uint64_t address;  /* for the controller; qword-aligned, all in one page */
	unsigned capacity; /* entries */
};

/* What goes into the command: host byte order. */
struct nvme_prp {
	uint64_t prp1, prp2;
	unsigned nr_list; /* entries of the list that were used */
};

/*
 * Describes bytes of contiguous memory at address by PRP entries (NVM Express Base
 * Specification, "Physical Region Page Entry and List") for memory pages of
 * 1 << page_shift bytes. 0; -EINVAL: no bytes, address not dword-aligned, or beyond the
 * end of the address space; -EMSGSIZE: more pages than the list holds. Pure.
 */
int nvme_prp_build(uint64_t address, uint64_t bytes, unsigned page_shift,
		   const struct nvme_prp_list *list, struct nvme_prp *prp);

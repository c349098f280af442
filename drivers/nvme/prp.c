// SPDX-License-Identifier: Apache-2.0
#include "drivers/nvme/prp.h"

#include <errno.h>

#include "kernel/lib/bits.h"
#include "kernel/lib/endian.h"

int nvme_prp_build(uint64_t address, uint64_t bytes, unsigned page_shift,
		   const struct nvme_prp_list *list, struct nvme_prp *prp)
{
	uint64_t page = BIT64(page_shift), last, second, pages;

	if (!bytes || !IS_ALIGNED(address, 4) || bytes - 1 > UINT64_MAX - address)
		return -EINVAL;
	last = ALIGN_DOWN(address + bytes - 1, page);
	/* Only the first entry may point into the middle of a page. */
	pages = (last - ALIGN_DOWN(address, page)) >> page_shift;
	second = ALIGN_DOWN(address, page) + page;
	*prp = (struct nvme_prp){ .prp1 = address };
	if (!pages)
		return 0;
	if (pages == 1) {
		prp->prp2 = second;
		return 0;
	}
	if (pages > list->capacity)
		return -EMSGSIZE;
	for (unsigned i = 0; i < pages; i++)
		list->entries[i] = le64(second + ((uint64_t)i << page_shift));
	prp->prp2 = list->address;
	prp->nr_list = (unsigned)pages;
	return 0;
}

// SPDX-License-Identifier: Apache-2.0
#include <errno.h>

#include "drivers/nvme/controller.h"
#include "drivers/nvme/status.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/endian.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"

#define LIST_NSIDS (NVME_IDENTIFY_BYTES / sizeof(uint32_t))
/* Blocks from 512 bytes (LBADS 9, the smallest that the specification knows) to 64 KiB. */
#define MIN_LBADS 9
#define MAX_LBADS 16
/* MDTS beyond this is no limit for us. */
#define MAX_MDTS 16

static uint32_t field32(const uint8_t *page, unsigned offset)
{
	return page[offset] | page[offset + 1] << 8 | page[offset + 2] << 16 |
	       (uint32_t)page[offset + 3] << 24;
}

static uint64_t field64(const uint8_t *page, unsigned offset)
{
	return field32(page, offset) | (uint64_t)field32(page, offset + 4) << 32;
}

static int identify(struct nvme *nvme, uint32_t cns, uint32_t nsid, uint8_t *page)
{
	struct nvme_sqe command = { .cdw0 = le32(NVME_ADMIN_IDENTIFY),
				    .nsid = le32(nsid),
				    .cdw10 = le32(cns) };
	struct nvme_request request;
	int err = nvme_execute(nvme, &nvme->admin, &command, page, NVME_IDENTIFY_BYTES, &request);

	if (err == -EIO)
		log_error("%s: nvme: Identify %u of namespace %u: %s", nvme->fn->msi.name, cns,
			  nsid, nvme_status_name(request.status));
	return err;
}

/* A string of the controller: space-padded ASCII, not to be trusted to be that. */
static void take_string(char *to, const uint8_t *from, unsigned bytes)
{
	unsigned len = 0;

	for (unsigned i = 0; i < bytes; i++) {
		to[i] = from[i] >= ' ' && from[i] <= '~' ? (char)from[i] : ' ';
		if (to[i] != ' ')
			len = i + 1;
	}
	to[len] = '\0';
}

static void take_controller(struct nvme *nvme, const uint8_t *page)
{
	uint32_t most = NVME_LIST_ENTRIES << nvme->page_shift;
	unsigned mdts = page[NVME_IDCTRL_MDTS];

	take_string(nvme->info.model, page + NVME_IDCTRL_MN, NVME_IDCTRL_MN_BYTES);
	take_string(nvme->info.serial, page + NVME_IDCTRL_SN, NVME_IDCTRL_SN_BYTES);
	take_string(nvme->info.firmware, page + NVME_IDCTRL_FR, NVME_IDCTRL_FR_BYTES);
	/* MDTS counts in the smallest memory pages, which are the ones in use; 0: no limit. */
	if (mdts && mdts < MAX_MDTS)
		most = MIN(most, 1u << (mdts + nvme->page_shift));
	nvme->info.max_transfer = most;
}

static void take_namespace(struct nvme_namespace *ns, const uint8_t *page)
{
	unsigned flbas = page[NVME_IDNS_FLBAS];
	unsigned format = FIELD_GET(NVME_IDNS_FLBAS_HI, flbas) << 4 |
			  FIELD_GET(NVME_IDNS_FLBAS_LO, flbas);
	uint32_t lbaf = field32(page, NVME_IDNS_LBAF + 4 * format);
	unsigned lbads = FIELD_GET(NVME_IDNS_LBAF_LBADS, lbaf);

	ns->blocks = field64(page, NVME_IDNS_NSZE);
	if (!ns->blocks) {
		ns->problem = "its size is 0";
	} else if (lbads < MIN_LBADS || lbads > MAX_LBADS) {
		ns->problem = "block size not supported";
	} else {
		ns->block_size = BIT(lbads);
		if (FIELD_GET(NVME_IDNS_LBAF_MS, lbaf))
			ns->problem = "blocks have metadata";
		else if (ns->blocks > UINT64_MAX >> lbads)
			ns->problem = "its size is beyond 64 bits";
	}
}

static int add_namespace(struct nvme *nvme, uint32_t nsid, uint8_t *page)
{
	struct nvme_namespace *ns = &nvme->namespaces[nvme->info.nr_namespaces];
	int err;

	if (nvme->info.nr_namespaces == NVME_MAX_NAMESPACES) {
		log_warn("%s: nvme: only the first %u namespaces are used", nvme->fn->msi.name,
			 NVME_MAX_NAMESPACES);
		return -ENOSPC;
	}
	ns->nsid = nsid;
	err = identify(nvme, NVME_CNS_NAMESPACE, nsid, page);
	if (err == -EIO)
		ns->problem = "cannot be identified";
	else if (err)
		return err;
	else
		take_namespace(ns, page);
	nvme->info.nr_namespaces++;
	return 0;
}

/* Before NVMe 1.1 there is no list: every identifier up to NN may be one, size 0 when it is not. */
static int all_namespaces(struct nvme *nvme, uint32_t nn, uint8_t *page)
{
	int err = 0;

	for (uint32_t nsid = 1; nsid <= nn && !err; nsid++)
		err = add_namespace(nvme, nsid, page);
	return err;
}

/* Identifiers come in rising order, a list at a time; one that does not rise ends it. */
static int listed_namespaces(struct nvme *nvme, uint32_t nn, uint8_t *list, uint8_t *page)
{
	uint32_t last = 0;
	int err;

	for (;;) {
		err = identify(nvme, NVME_CNS_NAMESPACE_LIST, last, list);
		if (err)
			return err;
		for (unsigned i = 0; i < LIST_NSIDS; i++) {
			uint32_t nsid = field32(list, 4 * i);

			if (nsid <= last || nsid > nn)
				return 0;
			err = add_namespace(nvme, nsid, page);
			if (err)
				return err;
			last = nsid;
		}
	}
}

static int identify_all(struct nvme *nvme, uint8_t *list, uint8_t *page)
{
	int err = identify(nvme, NVME_CNS_CONTROLLER, 0, page);
	uint32_t nn;

	if (err)
		return err;
	take_controller(nvme, page);
	nn = field32(page, NVME_IDCTRL_NN);
	if (nvme->info.version < NVME_VS_1_1)
		err = all_namespaces(nvme, nn, page);
	else
		err = listed_namespaces(nvme, nn, list, page);
	return err == -ENOSPC || err == -EIO ? 0 : err;
}

int nvme_identify(struct nvme *nvme)
{
	uint8_t *pages = dma_alloc(2 * NVME_IDENTIFY_BYTES, UINT64_MAX);
	int err;

	if (!pages)
		return -ENOMEM;
	err = identify_all(nvme, pages, pages + NVME_IDENTIFY_BYTES);
	/* After a time-out the controller was given up and writes no more. */
	dma_free(pages, 2 * NVME_IDENTIFY_BYTES);
	return err;
}

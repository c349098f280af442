// SPDX-License-Identifier: Apache-2.0
#include "drivers/nvme/nvme.h"

#include <errno.h>

#include "drivers/nvme/controller.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/endian.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"

#define CLASS_NVME 0x010802 /* PCI Code and ID Assignment: NVM Express I/O controller */

static int start(struct nvme *nvme)
{
	int err = nvme_controller_enable(nvme);

	if (!err)
		err = nvme_identify(nvme);
	return err ? err : nvme_queues_start(nvme);
}

static int try_bring_up(struct nvme *nvme)
{
	int err = nvme_controller_prepare(nvme);

	if (err)
		return err;
	err = nvme_vectors_start(nvme);
	if (!err) {
		err = start(nvme);
		if (err)
			msi_free(&nvme->fn->msi);
	}
	if (err) {
		nvme_controller_end(nvme);
		nvme_queues_free(nvme);
	}
	return err;
}

/*
 * Vectors are taken before the controller says how many queues it has: when it has fewer,
 * all over again for those.
 */
static int bring_up(struct nvme *nvme)
{
	int err = try_bring_up(nvme);

	if (err == -EAGAIN) {
		*nvme = (struct nvme){ .fn = nvme->fn,
				       .number = nvme->number,
				       .io_limit = nvme->io_limit };
		err = try_bring_up(nvme);
	}
	return err;
}

static int nvme_probe(struct pci_function *fn)
{
	static unsigned probed;
	struct nvme *nvme = page_alloc(sizeof(*nvme), 0);
	int err;

	if (!nvme)
		return -ENOMEM;
	nvme->fn = fn;
	nvme->number = probed++;
	nvme->io_limit = UINT16_MAX;
	pci_enable(fn);
	err = bring_up(nvme);
	if (err) {
		page_free(nvme, sizeof(*nvme));
		return err;
	}
	fn->driver_data = nvme;
	log_info("%s: nvme: %s, %u namespace%s, %u I/O queue%s", fn->msi.name, nvme->info.model,
		 nvme->info.nr_namespaces, nvme->info.nr_namespaces == 1 ? "" : "s",
		 nvme->info.nr_queues, nvme->info.nr_queues == 1 ? "" : "s");
	return 0;
}

/* A command that changes nothing: its completion is the vector's message. */
static int raise_admin(struct nvme *nvme)
{
	struct nvme_sqe command = { .cdw0 = le32(NVME_ADMIN_GET_FEATURES),
				    .cdw10 = le32(NVME_FEATURE_NUMBER_OF_QUEUES) };

	return nvme_submit(&nvme->admin, &command, NULL, 0, NULL);
}

static int raise_io(struct nvme *nvme, struct nvme_queue *queue)
{
	const struct nvme_namespace *ns = nvme_first_usable(nvme);
	struct nvme_sqe command;

	if (!ns) {
		/* Nothing to flush, or an error status: it completes either way. */
		command = (struct nvme_sqe){ .cdw0 = le32(NVME_IO_FLUSH),
					     .nsid = le32(NVME_NSID_ALL) };
		return nvme_submit(queue, &command, NULL, 0, NULL);
	}
	if (!nvme->raise_buf)
		nvme->raise_buf = dma_alloc(ns->block_size, UINT64_MAX);
	if (!nvme->raise_buf)
		return -ENOMEM;
	command = nvme_rw_command(NVME_IO_READ, ns->nsid, 0, 1);
	return nvme_submit(queue, &command, nvme->raise_buf, ns->block_size, NULL);
}

static int nvme_raise(struct pci_function *fn, unsigned vector)
{
	struct nvme *nvme = fn->driver_data;

	if (!vector)
		return raise_admin(nvme);
	if (vector > nvme->info.nr_queues)
		return -EINVAL;
	return raise_io(nvme, &nvme->io[vector - 1]);
}

static void nvme_remove(struct pci_function *fn)
{
	struct nvme *nvme = fn->driver_data;
	const struct nvme_namespace *ns = nvme_first_usable(nvme);

	msi_free(&fn->msi);
	nvme_controller_end(nvme);
	nvme_queues_free(nvme);
	if (nvme->raise_buf)
		dma_free(nvme->raise_buf, ns->block_size);
	page_free(nvme, sizeof(*nvme));
}

static void nvme_quiet(struct pci_function *fn)
{
	nvme_controller_quiet(fn->driver_data);
}

static int nvme_restore(struct pci_function *fn)
{
	struct nvme *nvme = fn->driver_data;
	int err;

	if (atomic_load_explicit(&nvme->failed, memory_order_relaxed))
		return -ENODEV;
	nvme_queue_reset(&nvme->admin);
	for (unsigned i = 0; i < nvme->info.nr_queues; i++)
		nvme_queue_reset(&nvme->io[i]);
	err = nvme_controller_enable(nvme);
	if (!err)
		err = nvme_queues_restart(nvme);
	if (err)
		nvme_controller_fail(nvme, "it does not start after a reset");
	return err;
}

static const struct pci_id nvme_ids[] = {
	{ .vendor = PCI_ANY, .device = PCI_ANY, .class_ = CLASS_NVME, .class_mask = 0xffffff },
};

TABLE_ENTRY(struct pci_driver, pci_driver, 5, nvme) = {
	.name = "nvme",
	.ids = nvme_ids,
	.nr_ids = ARRAY_SIZE(nvme_ids),
	.probe = nvme_probe,
	.raise = nvme_raise,
	.remove = nvme_remove,
	.quiet = nvme_quiet,
	.restore = nvme_restore,
};

struct nvme *nvme_of(const struct pci_function *fn)
{
	return fn->driver == &pci_driver_entry_nvme ? fn->driver_data : NULL;
}

// SPDX-License-Identifier: Apache-2.0
#include "drivers/nvme/nvme.h"

#include <errno.h>
#include <string.h>

#include "drivers/nvme/controller.h"
#include "drivers/nvme/regs.h"
#include "drivers/pci/raise.h"
#include "kernel/lib/endian.h"
#include "kernel/mem.h"
#include "kernel/smp.h"
#include "platform/platform.h"
#include "tests/target/raises.h"
#include "tests/target/test.h"

#define BUF_BYTES (256 * 1024)
#define RAISES    50

#define STATUS_LBA_OUT_OF_RANGE 0x80 /* NVM Command Set Specification, "Status" */
#define STATUS_ABORT_REQUESTED  0x07

static struct pci_function *find_controller(void)
{
	struct pci_function *fn = pci_first();

	while (fn && !nvme_of(fn))
		fn = fn->next;
	return fn;
}

/* The first controller with a namespace that can be read. */
struct disk {
	struct pci_function *fn;
	struct nvme *nvme;
	const struct nvme_namespace *ns;
};

static bool find_disk(struct disk *disk)
{
	for (struct pci_function *fn = pci_first(); fn; fn = fn->next) {
		*disk = (struct disk){ .fn = fn, .nvme = nvme_of(fn) };
		disk->ns = disk->nvme ? nvme_first_usable(disk->nvme) : NULL;
		if (disk->ns)
			return true;
	}
	return false;
}

TEST(nvme, every_vector_is_exact)
{
	struct pci_function *fn = find_controller();

	SKIP_IF(!fn, "no NVMe controller on this machine");
	for (unsigned v = 0; v < fn->msi.count; v++) {
		struct pci_raised out;

		CHECK_EQ(pci_raise_series(fn, v, RAISES, &out), 0);
		CHECK_EQ(out.raised, RAISES);
		CHECK_EQ(out.handled, RAISES);
	}
}

TEST(nvme, a_queue_for_each_hart)
{
	struct pci_function *fn = find_controller();
	struct nvme_queue_info info;
	unsigned online = 0;

	SKIP_IF(!fn, "no NVMe controller on this machine");
	for (unsigned hart = 0; hart < smp_count(); hart++)
		online += smp_online(hart);
	SKIP_IF(nvme_info(nvme_of(fn))->nr_queues < online, "%u queues for %u harts",
		nvme_info(nvme_of(fn))->nr_queues, online);
	for (unsigned hart = 0; hart < smp_count(); hart++) {
		if (!smp_online(hart))
			continue;
		CHECK(nvme_queue_info(nvme_of(fn), nvme_queue_of_hart(nvme_of(fn), hart), &info));
		CHECK_EQ(info.hart, hart);
	}
}

static int read_twice(const struct disk *disk, uint8_t *buf, bool *equal)
{
	uint32_t size = disk->ns->block_size;
	int err;

	memset(buf, 0x5a, size);
	memset(buf + size, 0xa5, size);
	err = nvme_read(disk->nvme, disk->ns, 0, 1, buf);
	if (!err)
		err = nvme_read(disk->nvme, disk->ns, 0, 1, buf + size);
	*equal = !memcmp(buf, buf + size, size);
	return err;
}

TEST(nvme, block_0_twice)
{
	struct disk disk;
	bool equal;
	uint8_t *buf;
	int err;

	SKIP_IF(!find_disk(&disk), "no NVMe disk on this machine");
	buf = dma_alloc(BUF_BYTES, UINT64_MAX);
	CHECK(buf);
	err = read_twice(&disk, buf, &equal);
	dma_free(buf, BUF_BYTES);
	CHECK_EQ(err, 0);
	CHECK(equal);
}

/* A read on the hart itself; what its queue's vector counted on the hart it is on. */
struct hart_read {
	struct disk disk;
	void *buf;
	unsigned vector_hart;
	uint64_t handled;
};

static int read_here(void *arg)
{
	struct hart_read *r = arg;
	struct nvme_queue_info info;
	struct irq_desc *desc;
	uint64_t before;
	int err;

	nvme_queue_info(r->disk.nvme, nvme_queue_of_hart(r->disk.nvme, smp_index()), &info);
	desc = r->disk.fn->msi.descs[info.vector];
	r->vector_hart = desc->hart;
	before = desc->handled[desc->hart];
	err = nvme_read(r->disk.nvme, r->disk.ns, 0, 1, r->buf);
	r->handled = desc->handled[desc->hart] - before;
	return err;
}

TEST(nvme, read_on_each_hart)
{
	struct hart_read r = { 0 };

	SKIP_IF(!find_disk(&r.disk), "no NVMe disk on this machine");
	r.buf = dma_alloc(r.disk.ns->block_size, UINT64_MAX);
	CHECK(r.buf);
	for (unsigned hart = 0; hart < smp_count(); hart++) {
		int err;

		if (!smp_online(hart))
			continue;
		err = smp_run(hart, read_here, &r);
		if (err || r.handled != 1)
			dma_free(r.buf, r.disk.ns->block_size);
		CHECK_EQ(err, 0);
		CHECK_EQ(r.handled, 1);
	}
	dma_free(r.buf, r.disk.ns->block_size);
}

TEST(nvme, beyond_the_end)
{
	struct nvme_request request;
	struct nvme_sqe command;
	struct disk disk;
	void *buf;
	int err;

	SKIP_IF(!find_disk(&disk), "no NVMe disk on this machine");
	buf = dma_alloc(2 * disk.ns->block_size, UINT64_MAX);
	CHECK(buf);
	/* What the driver refuses, and what the controller says when it is asked all the same. */
	CHECK_EQ(nvme_read(disk.nvme, disk.ns, disk.ns->blocks, 1, buf), -ERANGE);
	CHECK_EQ(nvme_read(disk.nvme, disk.ns, disk.ns->blocks - 1, 2, buf), -ERANGE);
	CHECK_EQ(nvme_read(disk.nvme, disk.ns, UINT64_MAX, 2, buf), -ERANGE);
	CHECK_EQ(nvme_read(disk.nvme, disk.ns, 1, UINT64_MAX, buf), -ERANGE);
	command = nvme_rw_command(NVME_IO_READ, disk.ns->nsid, disk.ns->blocks, 1);
	err = nvme_execute(disk.nvme, nvme_queue_here(disk.nvme), &command, buf,
			   disk.ns->block_size, &request);
	CHECK_EQ(err, -EIO);
	CHECK_EQ(request.status & (NVME_STATUS_SCT | NVME_STATUS_SC), STATUS_LBA_OUT_OF_RANGE);
	/* The queue goes on. */
	CHECK_EQ(nvme_read(disk.nvme, disk.ns, disk.ns->blocks - 1, 1, buf), 0);
	dma_free(buf, 2 * disk.ns->block_size);
}

/* One transfer over a PRP list, not from the start of a page, against block by block. */
static int large_and_small(const struct disk *disk, uint8_t *large, uint8_t *small, uint64_t blocks,
			   bool *equal)
{
	uint32_t size = disk->ns->block_size;
	int err = nvme_read(disk->nvme, disk->ns, 0, blocks, large);

	*equal = true;
	for (uint64_t i = 0; i < blocks && !err; i++) {
		err = nvme_read(disk->nvme, disk->ns, i, 1, small);
		*equal = *equal && !memcmp(large + i * size, small, size);
	}
	return err;
}

TEST(nvme, list_equals_small_reads)
{
	struct disk disk;
	uint64_t blocks;
	uint8_t *buf;
	bool equal;
	int err;

	SKIP_IF(!find_disk(&disk), "no NVMe disk on this machine");
	blocks = MIN(disk.ns->blocks, (BUF_BYTES - PAGE_SIZE) / disk.ns->block_size - 1);
	SKIP_IF(blocks * disk.ns->block_size < 3 * PAGE_SIZE,
		"the disk is too small for a PRP list");
	buf = dma_alloc(2 * BUF_BYTES, UINT64_MAX);
	CHECK(buf);
	memset(buf, 0x5a, 2 * BUF_BYTES);
	err = large_and_small(&disk, buf + 512, buf + BUF_BYTES, blocks, &equal);
	/* Nothing before it, nothing behind it. */
	equal = equal && buf[511] == 0x5a && buf[512 + blocks * disk.ns->block_size] == 0x5a;
	dma_free(buf, 2 * BUF_BYTES);
	CHECK_EQ(err, 0);
	CHECK(equal);
}

/* More than one command: the driver cuts at max_transfer. */
TEST(nvme, longer_than_a_transfer)
{
	struct disk disk;
	uint64_t blocks, most;
	uint8_t *buf;
	size_t bytes;
	int err;

	SKIP_IF(!find_disk(&disk), "no NVMe disk on this machine");
	most = nvme_info(disk.nvme)->max_transfer / disk.ns->block_size;
	blocks = most + 1;
	SKIP_IF(disk.ns->blocks < blocks, "the disk is too small");
	bytes = (blocks + 1) * disk.ns->block_size;
	buf = dma_alloc(bytes, UINT64_MAX);
	CHECK(buf);
	memset(buf, 0x5a, bytes);
	err = nvme_read(disk.nvme, disk.ns, 0, blocks, buf);
	if (!err)
		err = nvme_read(disk.nvme, disk.ns, most, 1, buf + blocks * disk.ns->block_size);
	if (!err && memcmp(buf + most * disk.ns->block_size, buf + blocks * disk.ns->block_size,
			   disk.ns->block_size))
		err = -EILSEQ;
	dma_free(buf, bytes);
	CHECK_EQ(err, 0);
}

TEST(nvme, refuses_odd_addresses)
{
	struct disk disk;
	uint8_t *buf;

	SKIP_IF(!find_disk(&disk), "no NVMe disk on this machine");
	buf = dma_alloc(2 * disk.ns->block_size, UINT64_MAX);
	CHECK(buf);
	CHECK_EQ(nvme_read(disk.nvme, disk.ns, 0, 1, buf + 2), -EINVAL);
	CHECK_EQ(nvme_read(disk.nvme, disk.ns, 0, 0, buf), -EINVAL);
	CHECK_EQ(nvme_read(disk.nvme, disk.ns, 0, 1, buf), 0);
	dma_free(buf, 2 * disk.ns->block_size);
}

/* An Asynchronous Event Request completes when something happens: here, when it is aborted. */
TEST(nvme, times_out_and_aborts)
{
	struct nvme_sqe command = { .cdw0 = le32(NVME_ADMIN_ASYNC_EVENT) };
	struct pci_function *fn = find_controller();
	static struct nvme_request request; /* outlives this test if it is not aborted */
	struct pci_raised out;
	struct nvme *nvme;
	int err;

	SKIP_IF(!fn, "no NVMe controller on this machine");
	SKIP_IF(request.queue && !request.done,
		"the event request of an earlier run is still there");
	nvme = nvme_of(fn);
	CHECK_EQ(nvme_submit(&nvme->admin, &command, NULL, 0, &request), 0);
	CHECK_EQ(nvme_wait(nvme, &request, 50), -ETIMEDOUT);
	CHECK(nvme_alive(nvme));
	/* Others go on while it is under way. */
	CHECK_EQ(pci_raise_series(fn, 0, 1, &out), 0);
	err = nvme_abort(nvme, &request);
	SKIP_IF(err == -ETIMEDOUT, "times out, but this controller aborts nothing");
	CHECK_EQ(err, 0);
	CHECK_EQ(request.status & (NVME_STATUS_SCT | NVME_STATUS_SC), STATUS_ABORT_REQUESTED);
	CHECK(nvme_alive(nvme));
}

/* Writes a pattern and puts back what was there. */
static int write_and_restore(const struct disk *disk, uint8_t *buf, bool *equal)
{
	uint32_t bytes = 2 * disk->ns->block_size;
	uint64_t lba = disk->ns->blocks - 2;
	uint8_t *kept = buf, *pattern = buf + bytes, *back = buf + 2 * bytes;
	int err = nvme_read(disk->nvme, disk->ns, lba, 2, kept), restored;

	if (err)
		return err;
	for (uint32_t i = 0; i < bytes; i++)
		pattern[i] = (uint8_t) ~(kept[i] + i);
	err = nvme_write(disk->nvme, disk->ns, lba, 2, pattern);
	if (!err)
		err = nvme_read(disk->nvme, disk->ns, lba, 2, back);
	*equal = !memcmp(pattern, back, bytes);
	restored = nvme_write(disk->nvme, disk->ns, lba, 2, kept);
	return err ? err : restored;
}

TEST(nvme, write_reads_back)
{
	const char *scratch = platform_setting("scratch", NULL);
	struct disk disk = { 0 };
	bool equal = false;
	uint8_t *buf;
	int err;

	SKIP_IF(!scratch, "no disk may be written (setting scratch=bb:dd.f)");
	disk.fn = pci_find(scratch);
	disk.nvme = disk.fn ? nvme_of(disk.fn) : NULL;
	disk.ns = disk.nvme ? nvme_first_usable(disk.nvme) : NULL;
	SKIP_IF(!disk.ns || disk.ns->blocks < 2, "scratch=%s is no NVMe disk", scratch);
	buf = dma_alloc(6 * disk.ns->block_size, UINT64_MAX);
	CHECK(buf);
	err = write_and_restore(&disk, buf, &equal);
	dma_free(buf, 6 * disk.ns->block_size);
	CHECK_EQ(err, 0);
	CHECK(equal);
}

TEST(nvme, is_removed_and_comes_back)
{
	struct pci_function *fn = find_controller();

	SKIP_IF(!fn, "no NVMe controller on this machine");
	CHECK(removed_and_back(fn));
	CHECK_EQ(raise_each(fn, 10), -1);
}

// SPDX-License-Identifier: Apache-2.0
/* What a 4 KiB read through the queue of this hart costs, in instructions. */
#include <errno.h>

#include "apps/bench.h"
#include "arch/cpu.h"
#include "drivers/nvme/nvme.h"
#include "kernel/lib/bits.h"
#include "kernel/mem.h"

#define READ_BYTES 4096
#define DEPTH      32
#define TRIALS     500

static uint64_t samples[TRIALS];

struct target {
	struct nvme *nvme;
	const struct nvme_namespace *ns;
	uint32_t blocks; /* of one read */
	uint64_t places; /* reads that fit side by side */
	uint8_t *buf;    /* DEPTH reads */
	uint64_t next;
};

static bool usable(const struct nvme_namespace *ns)
{
	return ns && ns->block_size <= READ_BYTES && ns->blocks >= READ_BYTES / ns->block_size;
}

static int find_target(struct target *t, const char **why)
{
	*t = (struct target){ 0 };
	*why = "no NVMe disk of 4 KiB or more";
	for (struct pci_function *fn = pci_first(); fn && !usable(t->ns); fn = fn->next) {
		t->nvme = nvme_of(fn);
		t->ns = t->nvme ? nvme_first_usable(t->nvme) : NULL;
	}
	if (!usable(t->ns))
		return -ENODEV;
	t->blocks = READ_BYTES / t->ns->block_size;
	t->places = t->ns->blocks / t->blocks;
	*why = "no memory";
	t->buf = dma_alloc(DEPTH * READ_BYTES, UINT64_MAX);
	return t->buf ? 0 : -ENOMEM;
}

static uint64_t next_lba(struct target *t)
{
	return t->next++ % t->places * t->blocks;
}

/* n reads under way at once; how many were started is how many are finished. */
static int read_batch(struct target *t, unsigned n)
{
	struct nvme_request requests[DEPTH];
	unsigned started = 0;
	int err = 0;

	for (; started < n && !err; started += !err)
		err = nvme_read_start(t->nvme, t->ns, next_lba(t), t->blocks,
				      t->buf + (size_t)started * READ_BYTES, &requests[started]);
	for (unsigned i = 0; i < started; i++) {
		int rc = nvme_finish(t->nvme, &requests[i]);

		err = err ? err : rc;
	}
	return err;
}

static int measure(const struct bench *bench, unsigned depth, const char **why)
{
	struct target t;
	int err = find_target(&t, why);

	if (err)
		return err;
	*why = "a read failed";
	for (unsigned i = 0; i < TRIALS && !err; i++) {
		uint64_t start = cpu_instret();

		err = read_batch(&t, depth);
		samples[i] = (cpu_instret() - start) / depth;
	}
	dma_free(t.buf, DEPTH * READ_BYTES);
	if (!err)
		bench_report(bench->name, "instructions", samples, TRIALS, 0);
	return err;
}

static int run_qd1(const struct bench *bench, const char **why)
{
	return measure(bench, 1, why);
}

static int run_qd32(const struct bench *bench, const char **why)
{
	return measure(bench, DEPTH, why);
}

TABLE_ENTRY(struct bench, bench, 5, nvme_read_qd1) = { .name = "nvme.read_qd1", .run = run_qd1 };
TABLE_ENTRY(struct bench, bench, 5, nvme_read_qd32) = { .name = "nvme.read_qd32", .run = run_qd32 };

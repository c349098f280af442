// SPDX-License-Identifier: Apache-2.0
#include "drivers/nvme/nvme.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "apps/command.h"
#include "apps/pci.h"
#include "apps/sha256.h"
#include "kernel/lib/bits.h"
#include "kernel/mem.h"
#include "kernel/smp.h"

#define LINE_BYTES 16

static const struct command command_entry_nvme;

/* Takes what was read, piece by piece. */
struct sink {
	void (*take)(struct sink *sink, const uint8_t *data, size_t bytes);
	struct sha256 sha;
	uint64_t offset; /* of the next byte, from the start of the namespace */
	uint8_t last[LINE_BYTES];
	bool has_last, starred;
};

static void take_sum(struct sink *sink, const uint8_t *data, size_t bytes)
{
	sha256_update(&sink->sha, data, bytes);
}

static void print_line(uint64_t offset, const uint8_t *line)
{
	printf("%08llx", (unsigned long long)offset);
	for (unsigned i = 0; i < LINE_BYTES; i++)
		printf("%s%02x", i % 8 ? " " : "  ", line[i]);
	printf("  |");
	for (unsigned i = 0; i < LINE_BYTES; i++)
		putchar(line[i] >= ' ' && line[i] <= '~' ? line[i] : '.');
	printf("|\n");
}

/* As `hexdump -C`: a line that repeats the one before is one star, however often. */
static void take_dump(struct sink *sink, const uint8_t *data, size_t bytes)
{
	for (size_t i = 0; i < bytes; i += LINE_BYTES, sink->offset += LINE_BYTES) {
		if (sink->has_last && !memcmp(sink->last, data + i, LINE_BYTES)) {
			if (!sink->starred)
				puts("*");
			sink->starred = true;
			continue;
		}
		print_line(sink->offset, data + i);
		memcpy(sink->last, data + i, LINE_BYTES);
		sink->has_last = true;
		sink->starred = false;
	}
}

static const char *read_error(int err)
{
	switch (err) {
	case -EIO:
		return "the controller reported an error (see log)";
	case -ETIMEDOUT:
		return "timed out";
	case -ENODEV:
		return "the controller has failed or is gone";
	default:
		return "the transfer was refused";
	}
}

struct range {
	struct pci_function *fn;
	struct nvme *nvme;
	const struct nvme_namespace *ns;
	unsigned long long lba, count;
};

static int read_pieces(const struct range *r, uint8_t *buf, uint64_t piece, struct sink *sink)
{
	for (uint64_t done = 0; done < r->count; done += MIN(piece, r->count - done)) {
		uint64_t now = MIN(piece, r->count - done);
		int err = nvme_read(r->nvme, r->ns, r->lba + done, now, buf);

		if (err)
			return command_error("nvme: %s: read of %llu blocks at LBA %llu: %s",
					     r->fn->msi.name, (unsigned long long)now,
					     r->lba + done, read_error(err));
		sink->take(sink, buf, now * r->ns->block_size);
	}
	return 0;
}

static int read_range(const struct range *r, struct sink *sink)
{
	size_t bytes = nvme_info(r->nvme)->max_transfer;
	uint8_t *buf = dma_alloc(bytes, UINT64_MAX);
	int err;

	if (!buf)
		return command_error("nvme: no memory for %zu bytes", bytes);
	err = read_pieces(r, buf, bytes / r->ns->block_size, sink);
	dma_free(buf, bytes);
	return err;
}

static int read_sum(const struct range *r)
{
	struct sink sink = { .take = take_sum };
	uint8_t digest[SHA256_BYTES];

	sha256_init(&sink.sha);
	if (read_range(r, &sink))
		return -1;
	sha256_final(&sink.sha, digest);
	for (unsigned i = 0; i < SHA256_BYTES; i++)
		printf("%02x", digest[i]);
	printf("  %s lba %llu count %llu\n", r->fn->msi.name, r->lba, r->count);
	return 0;
}

static int read_dump(const struct range *r)
{
	struct sink sink = { .take = take_dump, .offset = r->lba * r->ns->block_size };

	if (read_range(r, &sink))
		return -1;
	printf("%08llx\n", (unsigned long long)sink.offset);
	return 0;
}

static int parse_range(struct range *r, char **argv)
{
	if (command_number(argv[3], UINT64_MAX, &r->lba))
		return command_error("nvme: %s is no block number", argv[3]);
	if (command_number(argv[4], UINT64_MAX, &r->count) || !r->count)
		return command_error("nvme: %s is no number of blocks", argv[4]);
	r->ns = nvme_first_usable(r->nvme);
	if (!r->ns)
		return command_error("nvme: %s has no namespace that can be read", r->fn->msi.name);
	if (r->lba >= r->ns->blocks || r->count > r->ns->blocks - r->lba)
		return command_error(
			"nvme: %s has blocks 0 to %llu: %llu from %llu are not all there",
			r->fn->msi.name, (unsigned long long)r->ns->blocks - 1, r->count, r->lba);
	return 0;
}

static void list_namespace(const struct nvme_namespace *ns)
{
	if (!ns->block_size) {
		printf("  namespace %lu: %s\n", (unsigned long)ns->nsid, ns->problem);
		return;
	}
	printf("  namespace %lu: %llu blocks of %lu bytes, %llu KiB%s%s\n", (unsigned long)ns->nsid,
	       (unsigned long long)ns->blocks, (unsigned long)ns->block_size,
	       (unsigned long long)(ns->blocks / 1024 * ns->block_size +
				    ns->blocks % 1024 * ns->block_size / 1024),
	       ns->problem ? ", not used: " : "", ns->problem ? ns->problem : "");
}

/* The harts that submit to the queue; its own is the first. */
static void list_queue(const struct nvme *nvme, unsigned i, const struct nvme_queue_info *info,
		       const struct irq_desc *desc)
{
	printf("  %s: %u entries, vector %u on hart %u, used by hart", info->name, info->entries,
	       info->vector, desc->hart);
	for (unsigned hart = 0; hart < smp_count(); hart++) {
		if (smp_online(hart) && nvme_queue_of_hart(nvme, hart) == (int)i)
			printf(" %u", hart);
	}
	putchar('\n');
}

static void list_controller(const struct pci_function *fn, const struct nvme *nvme)
{
	const struct nvme_info *info = nvme_info(nvme);
	const struct nvme_namespace *ns;
	struct nvme_queue_info queue;

	printf("%s %s, serial %s, firmware %s, NVMe %lu.%lu, %lu KiB a transfer%s\n", fn->msi.name,
	       info->model, info->serial, info->firmware, (unsigned long)(info->version >> 16),
	       (unsigned long)(info->version >> 8 & 0xff), (unsigned long)info->max_transfer / 1024,
	       nvme_alive(nvme) ? "" : ", FAILED");
	for (unsigned i = 0; (ns = nvme_namespace(nvme, i)); i++)
		list_namespace(ns);
	for (unsigned i = 0; nvme_queue_info(nvme, i, &queue); i++)
		list_queue(nvme, i, &queue, fn->msi.descs[queue.vector]);
}

static int list_all(void)
{
	unsigned found = 0;

	for (struct pci_function *fn = pci_first(); fn; fn = fn->next) {
		if (nvme_of(fn)) {
			list_controller(fn, nvme_of(fn));
			found++;
		}
	}
	if (!found)
		puts("no NVMe controller");
	return 0;
}

static int run(int argc, char **argv)
{
	struct range r = { 0 };
	bool sum = argc == 6 && !strcmp(argv[5], "sum");

	if (argc == 1)
		return list_all();
	if (argc != 2 && argc != 5 && !sum)
		return command_usage(&command_entry_nvme);
	r.fn = command_function("nvme", argv[1]);
	if (!r.fn)
		return -1;
	r.nvme = nvme_of(r.fn);
	if (!r.nvme)
		return command_error("nvme: %s is no NVMe controller", argv[1]);
	if (argc == 2) {
		list_controller(r.fn, r.nvme);
		return 0;
	}
	if (strcmp(argv[2], "read"))
		return command_usage(&command_entry_nvme);
	if (parse_range(&r, argv))
		return -1;
	return sum ? read_sum(&r) : read_dump(&r);
}

TABLE_ENTRY(struct command, command, 5, nvme) = {
	.name = "nvme",
	.usage = "[BDF [read LBA COUNT [sum]]]",
	.help = "list controllers; read by this hart's queue: dump or SHA-256",
	.run = run,
};

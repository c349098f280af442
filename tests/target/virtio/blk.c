// SPDX-License-Identifier: Apache-2.0
#include "drivers/virtio/blk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "apps/sha256.h"
#include "kernel/mem.h"
#include "platform/platform.h"
#include "tests/target/test.h"
#include "tests/target/virtio/find.h"

#define SECTOR VIRTIO_BLK_SECTOR
/* No multiple of what one request takes. */
#define PIECE 1000

static bool is_blk(const struct pci_function *fn)
{
	return virtio_blk_of(fn);
}

TEST(virtio, blk_reads_by_interrupt)
{
	struct pci_function *fn = virtio_nth(is_blk, 0);
	struct virtio_blk *blk;
	uint64_t before, last;
	uint8_t *buf;
	int err;

	SKIP_IF(!fn, "no virtio disk");
	blk = virtio_blk_of(fn);
	last = virtio_blk_capacity(blk) - 2;
	buf = dma_alloc(4 * SECTOR, UINT64_MAX);
	CHECK(buf);
	before = msi_handled(&fn->msi, fn->msi.count - 1u);
	err = virtio_blk_read(blk, last, 2, buf);
	for (unsigned i = 0; i < 2 && !err; i++)
		err = virtio_blk_read(blk, last + i, 1, buf + (2 + i) * SECTOR);
	CHECK_EQ(err, 0);
	CHECK(!memcmp(buf, buf + 2 * SECTOR, 2 * SECTOR));
	CHECK_EQ(msi_handled(&fn->msi, fn->msi.count - 1u) - before, 3);
	CHECK(virtio_blk_read(blk, last + 1, 2, buf) == -ERANGE &&
	      virtio_blk_read(blk, UINT64_MAX, 2, buf) == -ERANGE &&
	      virtio_blk_read(blk, 0, 0, buf) == -EINVAL);
	dma_free(buf, 4 * SECTOR);
}

static int sum_disk(struct virtio_blk *blk, uint8_t *buf, char *hex)
{
	uint64_t capacity = virtio_blk_capacity(blk);
	uint8_t digest[SHA256_BYTES];
	struct sha256 sha;
	int err = 0;

	sha256_init(&sha);
	for (uint64_t at = 0; at < capacity && !err; at += PIECE) {
		uint64_t now = MIN(PIECE, capacity - at);

		err = virtio_blk_read(blk, at, now, buf);
		sha256_update(&sha, buf, now * SECTOR);
	}
	sha256_final(&sha, digest);
	for (unsigned i = 0; i < SHA256_BYTES; i++)
		sprintf(hex + 2 * i, "%02x", digest[i]);
	return err;
}

TEST(virtio, blk_holds_what_it_should)
{
	struct pci_function *fn = virtio_nth(is_blk, 0);
	const char *want = test_parameter("blk.sha256");
	char hex[2 * SHA256_BYTES + 1];
	uint8_t *buf;

	SKIP_IF(!fn || !want, "no virtio disk whose sum is known (setting blk.sha256=)");
	buf = dma_alloc(PIECE * SECTOR, UINT64_MAX);
	CHECK(buf);
	CHECK_EQ(sum_disk(virtio_blk_of(fn), buf, hex), 0);
	dma_free(buf, PIECE * SECTOR);
	CHECK(!strcmp(hex, want));
}

static int write_and_restore(struct virtio_blk *blk, uint8_t *buf, bool *equal)
{
	uint64_t at = virtio_blk_capacity(blk) - 1;
	uint8_t *pattern = buf + SECTOR, *back = pattern + SECTOR;
	int err = virtio_blk_read(blk, at, 1, buf);

	for (uint32_t i = 0; i < SECTOR; i++)
		pattern[i] = (uint8_t) ~(buf[i] + i);
	if (!err)
		err = virtio_blk_write(blk, at, 1, pattern);
	if (!err)
		err = virtio_blk_read(blk, at, 1, back);
	*equal = !memcmp(pattern, back, SECTOR);
	return err ? err : virtio_blk_write(blk, at, 1, buf);
}

TEST(virtio, blk_write_reads_back)
{
	const char *scratch = platform_setting("scratch", NULL);
	struct pci_function *fn = scratch ? pci_find(scratch) : NULL;
	bool equal = false;
	uint8_t *buf;

	SKIP_IF(!fn || !is_blk(fn), "no virtio disk may be written (setting scratch=bb:dd.f)");
	buf = dma_alloc(3 * SECTOR, UINT64_MAX);
	CHECK(buf);
	CHECK_EQ(write_and_restore(virtio_blk_of(fn), buf, &equal), 0);
	dma_free(buf, 3 * SECTOR);
	CHECK(equal);
}

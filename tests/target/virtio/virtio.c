// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <string.h>

#include "drivers/virtio/blk.h"
#include "drivers/virtio/net.h"
#include "drivers/virtio/rng.h"
#include "kernel/mem.h"
#include "tests/target/raises.h"
#include "tests/target/test.h"
#include "tests/target/virtio/find.h"

#define RAISES    100
#define RNG_BYTES 64

struct pci_function *virtio_nth(bool (*is)(const struct pci_function *fn), unsigned n)
{
	struct pci_function *fn = pci_first();

	while (fn && !(is(fn) && !n--))
		fn = fn->next;
	return fn;
}

static bool is_rng(const struct pci_function *fn)
{
	return virtio_rng_of(fn);
}

static bool is_ours(const struct pci_function *fn)
{
	return virtio_rng_of(fn) || virtio_blk_of(fn) || virtio_net_of(fn);
}

/* The vector that the driver raises, and raised exactly; -1: there is none, or it was not. */
static int exact_vector(struct pci_function *fn)
{
	for (unsigned v = 0; v < fn->msi.count; v++) {
		struct pci_raised out;

		if (pci_raise_series(fn, v, RAISES, &out) != -EINVAL)
			return out.handled == RAISES ? (int)v : -1;
	}
	return -1;
}

TEST(virtio, raises_are_exact)
{
	struct pci_function *fn;

	SKIP_IF(!virtio_nth(is_ours, 0), "no virtio device");
	for (unsigned i = 0; (fn = virtio_nth(is_ours, i)); i++)
		CHECK(exact_vector(fn) >= 0);
}

/* The first function goes and comes back, with all its memory, and interrupts as before. */
TEST(virtio, drivers_leave_and_come_back)
{
	struct pci_function *fn;
	size_t used = mem_used();

	SKIP_IF(!virtio_nth(is_ours, 0), "no virtio device");
	for (unsigned i = 0; (fn = virtio_nth(is_ours, i)); i++) {
		CHECK(removed_and_back(fn));
		CHECK(exact_vector(fn) >= 0);
	}
	CHECK_EQ(mem_used(), used);
}

TEST(virtio, rng_fills_by_interrupt)
{
	struct pci_function *fn = virtio_nth(is_rng, 0);
	unsigned vector;
	uint64_t before;
	int got, again;
	uint8_t *buf;

	SKIP_IF(!fn, "no virtio entropy device");
	vector = fn->msi.count - 1u;
	before = msi_handled(&fn->msi, vector);
	buf = dma_alloc(2 * RNG_BYTES, UINT64_MAX);
	CHECK(buf);
	got = virtio_rng_read(virtio_rng_of(fn), buf, RNG_BYTES);
	again = virtio_rng_read(virtio_rng_of(fn), buf + RNG_BYTES, RNG_BYTES);
	CHECK(got > 8 && again > 8 && memcmp(buf, buf + RNG_BYTES, 8));
	dma_free(buf, 2 * RNG_BYTES);
	CHECK_EQ(msi_handled(&fn->msi, vector) - before, 2);
}

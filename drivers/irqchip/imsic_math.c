// SPDX-License-Identifier: Apache-2.0
#include "drivers/irqchip/imsic_math.h"

#include <errno.h>

#include "kernel/lib/bits.h"

struct imsic_bit imsic_eix(unsigned identity)
{
	return (struct imsic_bit){ .select = identity / 64 * 2, .bit = identity % 64 };
}

uint64_t imsic_eix_mask(unsigned select, unsigned max_id)
{
	unsigned first = select / 2 * 64;
	uint64_t mask = ~0ull;

	if (first > max_id)
		return 0;
	if (max_id - first < 63)
		mask >>= 63 - (max_id - first);
	return first ? mask : mask & ~1ull;
}

int imsic_geometry_check(const struct imsic_geometry *g)
{
	unsigned low = IMSIC_PAGE_SHIFT + g->guest_bits + g->hart_bits;

	if (!g->nr_files || !g->nr_ranges || g->nr_ranges > IMSIC_MAX_RANGES)
		return -EINVAL;
	if (g->guest_bits > 6 || g->hart_bits > 15 || g->group_bits > 7)
		return -EINVAL;
	if (g->group_bits && (g->group_shift < low || g->group_shift + g->group_bits > 63))
		return -EINVAL;
	for (unsigned i = 0; i < g->nr_ranges; i++)
		if (!IS_ALIGNED(g->ranges[i].base, IMSIC_PAGE_SIZE) || !g->ranges[i].size)
			return -EINVAL;
	return 0;
}

int imsic_file_address(const struct imsic_geometry *g, unsigned n, uint64_t *address)
{
	uint64_t stride = IMSIC_PAGE_SIZE << g->guest_bits;
	uint64_t offset = n * stride;

	if (n >= g->nr_files)
		return -EINVAL;
	for (unsigned i = 0; i < g->nr_ranges; i++) {
		uint64_t room = ALIGN_UP(g->ranges[i].size, stride);

		if (offset < room) {
			*address = g->ranges[i].base + offset;
			return offset < g->ranges[i].size ? 0 : -EINVAL;
		}
		offset -= room;
	}
	return -EINVAL;
}

unsigned imsic_hart_index(const struct imsic_geometry *g, uint64_t address)
{
	unsigned hart = (unsigned)(address >> (IMSIC_PAGE_SHIFT + g->guest_bits)) &
			((1u << g->hart_bits) - 1);
	unsigned group = 0;

	if (g->group_bits)
		group = (unsigned)(address >> g->group_shift) & ((1u << g->group_bits) - 1);
	return group << g->hart_bits | hart;
}

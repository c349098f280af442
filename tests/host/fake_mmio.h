/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Device registers of the host tests. A test maps regions, runs kernel code that uses
 * arch/io.h and arch/barrier.h, and reads the log: the order of accesses is what is
 * tested. Regions are everybody's, set up before threads start; the log is the
 * thread's own.
 */
enum fake_kind {
	FAKE_READ,
	FAKE_WRITE,
	FAKE_PUBLISH_TO_DEVICE, /* barrier_publish_to_device() and so on */
	FAKE_AFTER_DEVICE_READ,
	FAKE_READ_BEFORE_WRITE,
	FAKE_WRITE_BEFORE_RELEASE,
	FAKE_BARRIER_MMIO,
	FAKE_DMA_READ,
	FAKE_DMA_WRITE,
	FAKE_DMA_WRITE_BEFORE_READ,
	FAKE_RELEASE_TO_DEVICE,
	FAKE_ACQUIRE_TO_DEVICE,
	FAKE_MARK, /* fake_mmio_mark() */
};

struct fake_access {
	enum fake_kind kind;
	unsigned size; /* bytes: 1, 2, 4; 0 for barriers */
	uintptr_t addr;
	uint64_t value; /* read or written; the mark's number */
};

/* offset: from the region's base. Any may be NULL: reads as 0, writes are logged only. */
struct fake_device {
	uint64_t (*read)(void *ctx, uintptr_t offset, unsigned size);
	void (*write)(void *ctx, uintptr_t offset, unsigned size, uint64_t value);
	void *ctx;
};

/* No regions, empty log. */
void fake_mmio_reset(void);
/* A region with callbacks; base is any address that no other region has. */
void fake_mmio_map(uintptr_t base, size_t size, const struct fake_device *device);
/* A region that is plain little-endian memory of the test's. */
void fake_mmio_map_memory(uintptr_t base, size_t size, void *memory);

/* A note of the test's own in the log, from a callback for example. */
void fake_mmio_mark(uint64_t number);
size_t fake_mmio_log_length(void);
/* The n-th entry; NULL beyond the end. */
const struct fake_access *fake_mmio_log(size_t n);
void fake_mmio_log_clear(void);

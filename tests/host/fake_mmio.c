// SPDX-License-Identifier: Apache-2.0
#include "tests/host/fake_mmio.h"

#include <string.h>

#include "arch/barrier.h"
#include "arch/io.h"
#include "kernel/lib/panic.h"

#define REGIONS     64
#define LOG_ENTRIES 8192

struct region {
	uintptr_t base;
	size_t size;
	struct fake_device device;
	uint8_t *memory;
};

static struct region regions[REGIONS];
static size_t nr_regions;
static _Thread_local struct fake_access log_entries[LOG_ENTRIES];
static _Thread_local size_t log_length;

void fake_mmio_reset(void)
{
	nr_regions = 0;
	log_length = 0;
}

static struct region *add_region(uintptr_t base, size_t size)
{
	assert(nr_regions < REGIONS);
	for (size_t i = 0; i < nr_regions; i++)
		assert(base >= regions[i].base + regions[i].size || regions[i].base >= base + size);
	regions[nr_regions] = (struct region){ .base = base, .size = size };
	return &regions[nr_regions++];
}

void fake_mmio_map(uintptr_t base, size_t size, const struct fake_device *device)
{
	add_region(base, size)->device = *device;
}

void fake_mmio_map_memory(uintptr_t base, size_t size, void *memory)
{
	add_region(base, size)->memory = memory;
}

static void log_access(enum fake_kind kind, uintptr_t addr, unsigned size, uint64_t value)
{
	assert(log_length < LOG_ENTRIES);
	log_entries[log_length++] =
		(struct fake_access){ .kind = kind, .size = size, .addr = addr, .value = value };
}

void fake_mmio_mark(uint64_t number)
{
	log_access(FAKE_MARK, 0, 0, number);
}

size_t fake_mmio_log_length(void)
{
	return log_length;
}

const struct fake_access *fake_mmio_log(size_t n)
{
	return n < log_length ? &log_entries[n] : NULL;
}

void fake_mmio_log_clear(void)
{
	log_length = 0;
}

static const struct region *find(uintptr_t addr, unsigned size)
{
	if (addr % size)
		panic("MMIO access of %u bytes at %p is not aligned", size, (void *)addr);
	for (size_t i = 0; i < nr_regions; i++)
		if (addr >= regions[i].base && addr + size <= regions[i].base + regions[i].size)
			return &regions[i];
	panic("MMIO access of %u bytes at %p: nothing is there", size, (void *)addr);
}

static uint64_t read(uintptr_t addr, unsigned size)
{
	const struct region *region = find(addr, size);
	uintptr_t offset = addr - region->base;
	uint64_t value = 0;

	if (region->memory)
		memcpy(&value, region->memory + offset, size);
	else if (region->device.read)
		value = region->device.read(region->device.ctx, offset, size);
	log_access(FAKE_READ, addr, size, value);
	return value;
}

/* Logged before the callback, which may log what follows from it. */
static void write(uintptr_t addr, unsigned size, uint64_t value)
{
	const struct region *region = find(addr, size);
	uintptr_t offset = addr - region->base;

	log_access(FAKE_WRITE, addr, size, value);
	if (region->memory)
		memcpy(region->memory + offset, &value, size);
	else if (region->device.write)
		region->device.write(region->device.ctx, offset, size, value);
}

uint8_t mmio_read8(uintptr_t addr)
{
	return (uint8_t)read(addr, 1);
}

uint16_t mmio_read16(uintptr_t addr)
{
	return (uint16_t)read(addr, 2);
}

uint32_t mmio_read32(uintptr_t addr)
{
	return (uint32_t)read(addr, 4);
}

void mmio_write8(uintptr_t addr, uint8_t value)
{
	write(addr, 1, value);
}

void mmio_write16(uintptr_t addr, uint16_t value)
{
	write(addr, 2, value);
}

void mmio_write32(uintptr_t addr, uint32_t value)
{
	write(addr, 4, value);
}

void barrier_publish_to_device(void)
{
	log_access(FAKE_PUBLISH_TO_DEVICE, 0, 0, 0);
}

void barrier_after_device_read(void)
{
	log_access(FAKE_AFTER_DEVICE_READ, 0, 0, 0);
}

void barrier_read_before_write(void)
{
	log_access(FAKE_READ_BEFORE_WRITE, 0, 0, 0);
}

void barrier_acquire_to_device(void)
{
	log_access(FAKE_ACQUIRE_TO_DEVICE, 0, 0, 0);
}

void barrier_write_before_release(void)
{
	log_access(FAKE_WRITE_BEFORE_RELEASE, 0, 0, 0);
}

void barrier_mmio(void)
{
	log_access(FAKE_BARRIER_MMIO, 0, 0, 0);
}

void barrier_dma_read(void)
{
	log_access(FAKE_DMA_READ, 0, 0, 0);
}

void barrier_dma_write(void)
{
	log_access(FAKE_DMA_WRITE, 0, 0, 0);
}

void barrier_dma_write_before_read(void)
{
	log_access(FAKE_DMA_WRITE_BEFORE_READ, 0, 0, 0);
}

void barrier_release_to_device(void)
{
	log_access(FAKE_RELEASE_TO_DEVICE, 0, 0, 0);
}

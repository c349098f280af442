/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Barriers by intent (Power ISA, Book II, "Memory Barrier Instructions"; Book III, "Storage
 * Control": lwsync orders cacheable memory alone, sync everything). Each user says which
 * stores pair.
 */

/* Memory written before is visible to whoever reacts to an MMIO write made after. */
static inline void barrier_publish_to_device(void)
{
	__asm__ volatile("sync" ::: "memory");
}

/* Memory read or written after sees what a device wrote before the MMIO read made before. */
static inline void barrier_after_device_read(void)
{
	__asm__ volatile("sync" ::: "memory");
}

/* An MMIO write made after does not pass an MMIO read made before. */
static inline void barrier_read_before_write(void)
{
	__asm__ volatile("sync" ::: "memory");
}

/* An MMIO write made before comes before what another hart does that sees memory written after. */
static inline void barrier_write_before_release(void)
{
	__asm__ volatile("sync" ::: "memory");
}

/* An MMIO write made before has left this hart before an MMIO access made after. */
static inline void barrier_mmio(void)
{
	__asm__ volatile("sync" ::: "memory");
}

/* DMA memory: a flag read before is ordered against the data read after (coherent DMA). */
static inline void barrier_dma_read(void)
{
	__asm__ volatile("lwsync" ::: "memory");
}

/* DMA memory: a device sees what was written before when it sees a flag written after. */
static inline void barrier_dma_write(void)
{
	__asm__ volatile("lwsync" ::: "memory");
}

/* DMA memory: what is read after is as new as when a device sees a flag written before. */
static inline void barrier_dma_write_before_read(void)
{
	__asm__ volatile("sync" ::: "memory");
}

/* DMA memory read or written before is done with when an MMIO write made after gives it to the device. */
static inline void barrier_release_to_device(void)
{
	__asm__ volatile("sync" ::: "memory");
}

/* An MMIO access made after comes after what another hart did before it let go of what was acquired before. */
static inline void barrier_acquire_to_device(void)
{
	__asm__ volatile("sync" ::: "memory");
}

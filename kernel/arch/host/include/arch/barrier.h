/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The reference copy of the contract: on the host a barrier is an entry in the log of
 * tests/host/fake_mmio.h, so that a test can prove that it stands where it must.
 */
void barrier_publish_to_device(void);     /* memory written before; MMIO write after */
void barrier_after_device_read(void);     /* MMIO or CSR read before; memory after */
void barrier_read_before_write(void);     /* MMIO read before; MMIO or memory write after */
void barrier_write_before_release(void);  /* MMIO write before; memory write after */
void barrier_mmio(void);                  /* MMIO before; MMIO after */
void barrier_dma_read(void);              /* DMA memory: flag before; data after */
void barrier_dma_write(void);             /* DMA memory: data before; flag after */
void barrier_dma_write_before_read(void); /* DMA memory: own flag before; the device's after */
void barrier_release_to_device(void);     /* DMA memory read or written before; MMIO write after */
void barrier_acquire_to_device(void);     /* acquire of memory before; MMIO after */

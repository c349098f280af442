/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "drivers/pci/pci.h"

/* Virtio block device (Virtio 1.2, 5.2 "Block Device"). */
struct virtio_blk;

/* Of what addresses and capacity count, whatever the device's block size is. */
#define VIRTIO_BLK_SECTOR 512

/* NULL: not a function that this driver has. */
struct virtio_blk *virtio_blk_of(const struct pci_function *fn);

/* In sectors, as it is now. Any context. */
uint64_t virtio_blk_capacity(const struct virtio_blk *blk);
bool virtio_blk_read_only(const struct virtio_blk *blk);

/*
 * Any number of sectors, in pieces that the device takes. buf is from dma_alloc(). 0;
 * -ERANGE: not all on the disk; -EINVAL: none; -EROFS; -EIO: the device's error, logged;
 * else as virtio_execute(). Thread context; several at once.
 */
int virtio_blk_read(struct virtio_blk *blk, uint64_t sector, uint64_t count, void *buf);
int virtio_blk_write(struct virtio_blk *blk, uint64_t sector, uint64_t count, const void *buf);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "drivers/virtio/virtio.h"

/* Fills in where the registers are. 0, -ENODEV: not all are there. Thread context. */
int virtio_find_structures(struct virtio_device *dev);
/* The notification register of a queue; 0: it is not within the structure. */
uintptr_t virtio_doorbell(const struct virtio_device *dev, uint16_t notify_off);

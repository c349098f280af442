/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

#include "kernel/lib/bits.h"

/* Virtio 1.2, 4.1.4 "Virtio Structure PCI Capabilities": offsets in the capability. */
#define VIRTIO_CAP_LEN               2
#define VIRTIO_CAP_TYPE              3
#define VIRTIO_CAP_BAR               4
#define VIRTIO_CAP_OFFSET            8
#define VIRTIO_CAP_LENGTH            12
#define VIRTIO_CAP_BYTES             16
#define VIRTIO_CAP_NOTIFY_MULTIPLIER 16
#define VIRTIO_CAP_NOTIFY_BYTES      20

enum virtio_cap_type {
	VIRTIO_CAP_COMMON = 1,
	VIRTIO_CAP_NOTIFY = 2,
	VIRTIO_CAP_ISR = 3,
	VIRTIO_CAP_DEVICE = 4,
};

/* 4.1.4.3 "Common configuration structure layout" */
#define VIRTIO_DEVICE_FEATURE_SELECT 0x00
#define VIRTIO_DEVICE_FEATURE        0x04
#define VIRTIO_DRIVER_FEATURE_SELECT 0x08
#define VIRTIO_DRIVER_FEATURE        0x0c
#define VIRTIO_CONFIG_MSIX_VECTOR    0x10
#define VIRTIO_NUM_QUEUES            0x12
#define VIRTIO_DEVICE_STATUS         0x14
#define VIRTIO_CONFIG_GENERATION     0x15
#define VIRTIO_QUEUE_SELECT          0x16
#define VIRTIO_QUEUE_SIZE            0x18
#define VIRTIO_QUEUE_MSIX_VECTOR     0x1a
#define VIRTIO_QUEUE_ENABLE          0x1c
#define VIRTIO_QUEUE_NOTIFY_OFF      0x1e
#define VIRTIO_QUEUE_DESC            0x20
#define VIRTIO_QUEUE_DRIVER          0x28
#define VIRTIO_QUEUE_DEVICE          0x30
#define VIRTIO_COMMON_BYTES          0x38

/* 4.1.4.5 "ISR status capability": reading it takes the level away. */
#define VIRTIO_ISR_QUEUE  BIT(0)
#define VIRTIO_ISR_CONFIG BIT(1)

/* 2.1 "Device Status Field" */
#define VIRTIO_STATUS_ACKNOWLEDGE BIT(0)
#define VIRTIO_STATUS_DRIVER      BIT(1)
#define VIRTIO_STATUS_DRIVER_OK   BIT(2)
#define VIRTIO_STATUS_FEATURES_OK BIT(3)
#define VIRTIO_STATUS_FAILED      BIT(7)

/* 6 "Reserved Feature Bits" */
#define VIRTIO_F_VERSION_1       BIT64(32)
#define VIRTIO_F_ACCESS_PLATFORM BIT64(33)
#define VIRTIO_F_ORDER_PLATFORM  BIT64(36)

/* 2.7 "Split Virtqueues"; all fields little-endian. */
struct virtq_desc {
	uint64_t address;
	uint32_t bytes;
	uint16_t flags;
	uint16_t next;
};
#define VIRTQ_DESC_NEXT  BIT(0)
#define VIRTQ_DESC_WRITE BIT(1) /* the device writes it */

struct virtq_avail {
	uint16_t flags;
	uint16_t index;
	uint16_t ring[];
};

struct virtq_used_element {
	uint32_t id;
	uint32_t bytes;
};

struct virtq_used {
	uint16_t flags;
	uint16_t index;
	struct virtq_used_element ring[];
};
#define VIRTQ_USED_NO_NOTIFY BIT(0)

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

#include "drivers/pci/pci.h"

/* Virtio network device (Virtio 1.2, 5.1 "Network Device"): raw Ethernet frames, no offloads. */
struct virtio_net;

#define VIRTIO_NET_MAC_BYTES 6
/* A frame without FCS: its header alone, and with the largest payload. */
#define VIRTIO_NET_MIN_FRAME 14
#define VIRTIO_NET_MAX_FRAME 1514

/* NULL: not a function that this driver has. */
struct virtio_net *virtio_net_of(const struct pci_function *fn);

const uint8_t *virtio_net_mac(const struct virtio_net *net);
/* Vectors of the two queues. */
unsigned virtio_net_rx_vector(const struct virtio_net *net);
unsigned virtio_net_tx_vector(const struct virtio_net *net);

/* Copies the frame and sends it, without waiting. 0, -EINVAL: its length, -EAGAIN, -EIO. Any context. */
int virtio_net_send(struct virtio_net *net, const void *frame, uint32_t bytes);
/*
 * The next frame that has come: its length, at most size of it in buf. -EAGAIN: none. The
 * oldest are dropped when nobody takes them. Any context.
 */
int virtio_net_receive(struct virtio_net *net, void *buf, uint32_t size);

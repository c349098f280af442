// SPDX-License-Identifier: Apache-2.0
#include "drivers/virtio/net.h"

#include <errno.h>
#include <string.h>

#include "drivers/virtio/virtio.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"

#define NET_F_MAC BIT64(5)

/* 5.1.4 "Device configuration layout" */
#define NET_MAC 0

/* 5.1.6 "Device Operation": all zero without offloads. */
#define NET_HEADER_BYTES 12

#define NR_BUFFERS 16 /* a queue */
/* Frames that wait for somebody to take them; one more, and the oldest is dropped. */
#define MAX_WAITING 8

/* Header and frame. The device writes RX buffers and reads TX buffers. */
struct net_buffer {
	uint8_t header[NET_HEADER_BYTES];
	uint8_t frame[VIRTIO_NET_MAX_FRAME];
	_Atomic uint32_t busy; /* TX: the device has it */
	uint32_t bytes;        /* RX: of the frame */
};

enum { NET_RX, NET_TX };

struct virtio_net {
	struct virtio_device dev;
	struct virtq rx, tx;
	uint8_t mac[VIRTIO_NET_MAC_BYTES];
	struct net_buffer *buffers; /* NR_BUFFERS for RX, then as many for TX */
	struct spinlock lock;       /* of what waits */
	struct net_buffer *waiting[MAX_WAITING];
	unsigned first, nr_waiting;
};

const uint8_t *virtio_net_mac(const struct virtio_net *net)
{
	return net->mac;
}

unsigned virtio_net_rx_vector(const struct virtio_net *net)
{
	return net->rx.vector;
}

unsigned virtio_net_tx_vector(const struct virtio_net *net)
{
	return net->tx.vector;
}

static void set_busy(struct net_buffer *buffer, bool busy)
{
	/* release pairs with the acquire in claim(): whoever had it is done with it */
	atomic_store_explicit(&buffer->busy, busy, memory_order_release);
}

static void sent(struct virtq *queue, void *token, uint32_t written)
{
	(void)queue, (void)written;
	set_busy(token, false);
}

static struct net_buffer *claim(struct virtio_net *net)
{
	for (unsigned i = 0; i < NR_BUFFERS; i++) {
		struct net_buffer *buffer = &net->buffers[NR_BUFFERS + i];

		if (!atomic_exchange_explicit(&buffer->busy, 1, memory_order_acquire))
			return buffer;
	}
	return NULL;
}

int virtio_net_send(struct virtio_net *net, const void *frame, uint32_t bytes)
{
	struct virtq_segment segment = { .bytes = NET_HEADER_BYTES + bytes };
	struct net_buffer *buffer;
	int err;

	if (bytes < VIRTIO_NET_MIN_FRAME || bytes > VIRTIO_NET_MAX_FRAME)
		return -EINVAL;
	buffer = claim(net);
	if (!buffer)
		return -EAGAIN;
	memcpy(buffer->frame, frame, bytes);
	segment.buf = buffer;
	err = virtq_submit(&net->tx, &segment, 1, buffer);
	if (err)
		set_busy(buffer, false);
	return err;
}

/* The buffer is empty, or was read. */
static int offer(struct virtio_net *net, struct net_buffer *buffer)
{
	struct virtq_segment segment = { buffer, offsetof(struct net_buffer, busy), true };

	return virtq_submit(&net->rx, &segment, 1, buffer);
}

static struct net_buffer *take_first(struct virtio_net *net)
{
	struct net_buffer *buffer = net->waiting[net->first];

	if (!net->nr_waiting)
		return NULL;
	net->first = (net->first + 1) % MAX_WAITING;
	net->nr_waiting--;
	return buffer;
}

/* The device never runs out of buffers, whoever looks at its frames how often. */
static void received(struct virtq *queue, void *token, uint32_t written)
{
	struct virtio_net *net = container_of(queue, struct virtio_net, rx);
	struct net_buffer *buffer = token, *dropped = NULL;
	irqflags_t flags;

	if (written < NET_HEADER_BYTES + VIRTIO_NET_MIN_FRAME) {
		offer(net, buffer);
		return;
	}
	buffer->bytes = MIN(written - NET_HEADER_BYTES, VIRTIO_NET_MAX_FRAME);
	flags = spin_lock_irq(&net->lock);
	if (net->nr_waiting == MAX_WAITING)
		dropped = take_first(net);
	net->waiting[(net->first + net->nr_waiting++) % MAX_WAITING] = buffer;
	spin_unlock_irq(&net->lock, flags);
	if (dropped)
		offer(net, dropped);
}

int virtio_net_receive(struct virtio_net *net, void *buf, uint32_t size)
{
	irqflags_t flags = spin_lock_irq(&net->lock);
	struct net_buffer *buffer = take_first(net);
	uint32_t bytes;

	spin_unlock_irq(&net->lock, flags);
	if (!buffer)
		return -EAGAIN;
	bytes = buffer->bytes;
	memcpy(buf, buffer->frame, MIN(bytes, size));
	offer(net, buffer);
	return (int)bytes;
}

/* A frame to itself, of the EtherType for local experiments (IEEE 802): no switch sends it on. */
static int net_raise(struct pci_function *fn, unsigned vector)
{
	struct virtio_net *net = fn->driver_data;
	uint8_t frame[60] = { [12] = 0x88, [13] = 0xb5 };

	if (vector != net->tx.vector)
		return -EINVAL;
	memcpy(frame, net->mac, sizeof(net->mac));
	memcpy(frame + sizeof(net->mac), net->mac, sizeof(net->mac));
	return virtio_net_send(net, frame, sizeof(frame));
}

#define BUFFERS_BYTES (2 * NR_BUFFERS * sizeof(struct net_buffer))

static void net_free(struct virtio_net *net)
{
	if (net->buffers)
		dma_free(net->buffers, BUFFERS_BYTES);
	page_free(net, sizeof(*net));
}

/* Without one of its own it gets one of those that are locally administered. */
static void read_mac(struct virtio_net *net, const struct pci_function *fn)
{
	if (!(net->dev.features & NET_F_MAC)) {
		net->mac[0] = 0x02;
		net->mac[4] = (uint8_t)(fn->msi.rid >> 8);
		net->mac[5] = (uint8_t)fn->msi.rid;
		return;
	}
	for (unsigned i = 0; i < VIRTIO_NET_MAC_BYTES; i++)
		net->mac[i] = virtio_config8(&net->dev, NET_MAC + i);
}

static int net_prepare(struct virtio_net *net)
{
	net->buffers = dma_alloc(BUFFERS_BYTES, UINT64_MAX);
	if (!net->buffers)
		return -ENOMEM;
	net->rx.name = "virtio-net rx";
	net->tx.name = "virtio-net tx";
	net->rx.done = received;
	net->tx.done = sent;
	net->dev.queues[NET_RX] = &net->rx;
	net->dev.queues[NET_TX] = &net->tx;
	net->dev.nr_queues = 2;
	return 0;
}

/* A queue smaller than our buffers takes fewer. */
static int offer_all(struct virtio_net *net)
{
	int err = 0;

	for (unsigned i = 0; i < NR_BUFFERS && !err; i++)
		err = offer(net, &net->buffers[i]);
	return err == -EAGAIN ? 0 : err;
}

static int net_start(struct pci_function *fn, struct virtio_net *net)
{
	int err = virtio_open(&net->dev, fn, "virtio-net", NET_F_MAC);

	if (!err)
		err = net_prepare(net);
	if (err)
		return err;
	read_mac(net, fn);
	err = virtio_run(&net->dev);
	return err ? err : offer_all(net);
}

static int net_probe(struct pci_function *fn)
{
	struct virtio_net *net = page_alloc(sizeof(*net), 0);
	int err;

	if (!net)
		return -ENOMEM;
	err = net_start(fn, net);
	if (err) {
		virtio_give_up(&net->dev);
		net_free(net);
		return err;
	}
	fn->driver_data = net;
	log_info("%s: virtio-net: %02x:%02x:%02x:%02x:%02x:%02x", fn->msi.name, net->mac[0],
		 net->mac[1], net->mac[2], net->mac[3], net->mac[4], net->mac[5]);
	return 0;
}

static void net_remove(struct pci_function *fn)
{
	struct virtio_net *net = fn->driver_data;

	virtio_close(&net->dev);
	net_free(net);
}

static const struct pci_id net_ids[] = { VIRTIO_PCI_IDS(1, 0x1000) };

TABLE_ENTRY(struct pci_driver, pci_driver, 5, virtio_net) = {
	.name = "virtio-net",
	.ids = net_ids,
	.nr_ids = ARRAY_SIZE(net_ids),
	.probe = net_probe,
	.raise = net_raise,
	.remove = net_remove,
};

struct virtio_net *virtio_net_of(const struct pci_function *fn)
{
	return fn->driver == &pci_driver_entry_virtio_net ? fn->driver_data : NULL;
}

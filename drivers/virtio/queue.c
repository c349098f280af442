// SPDX-License-Identifier: Apache-2.0
#include "drivers/virtio/queue.h"

#include <errno.h>

#include "arch/barrier.h"
#include "drivers/pci/mmio.h"
#include "kernel/lib/endian.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"

/* Descriptors, available ring with its event field, used ring on its boundary of 4. */
static size_t used_offset(unsigned size)
{
	return ALIGN_UP(size * sizeof(struct virtq_desc) + sizeof(struct virtq_avail) +
				(size + 1) * sizeof(uint16_t),
			4ul);
}

static size_t ring_bytes(unsigned size)
{
	return used_offset(size) + sizeof(struct virtq_used) +
	       size * sizeof(struct virtq_used_element) + sizeof(uint16_t);
}

int virtq_alloc(struct virtq *queue, unsigned size)
{
	char *memory = dma_alloc(ring_bytes(size), UINT64_MAX);

	if (!memory)
		return -ENOMEM;
	queue->size = (uint16_t)size;
	queue->desc = (void *)memory;
	queue->avail = (void *)(memory + size * sizeof(*queue->desc));
	queue->used = (void *)(memory + used_offset(size));
	queue->nr_free = (uint16_t)size;
	for (unsigned i = 0; i < size; i++)
		queue->slots[i].next = (uint16_t)(i + 1);
	return 0;
}

void virtq_free(struct virtq *queue)
{
	if (queue->desc)
		dma_free(queue->desc, ring_bytes(queue->size));
	queue->desc = NULL;
}

/* With the lock held and room for n: the first descriptor of the chain. */
static unsigned chain(struct virtq *queue, const struct virtq_segment *segments, unsigned n,
		      void *token)
{
	unsigned head = queue->first_free, at = head;
	uint32_t writable = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct virtq_segment *s = &segments[i];
		unsigned next = queue->slots[at].next;

		queue->desc[at] = (struct virtq_desc){
			.address = le64(dma_address(s->buf)),
			.bytes = le32(s->bytes),
			.flags = le16((uint16_t)((i + 1 < n ? VIRTQ_DESC_NEXT : 0) |
						 (s->from_device ? VIRTQ_DESC_WRITE : 0))),
			.next = le16((uint16_t)(i + 1 < n ? next : 0)),
		};
		writable += s->from_device ? s->bytes : 0;
		at = next;
	}
	queue->first_free = (uint16_t)at;
	queue->nr_free -= n;
	queue->slots[head].token = token;
	queue->slots[head].writable = writable;
	queue->slots[head].length = (uint16_t)n;
	return head;
}

/* With the lock held. */
static void publish(struct virtq *queue, unsigned head)
{
	queue->avail->ring[queue->avail_index & (queue->size - 1u)] = le16((uint16_t)head);
	queue->under_way++;
	/* Buffers, descriptors and ring entry are there before the index says so. */
	barrier_dma_write();
	queue->avail->index = le16(++queue->avail_index);
	/* A device that asks for no notification sees this index, or we see that it asks again. */
	barrier_dma_write_before_read();
	if (le16(queue->used->flags) & VIRTQ_USED_NO_NOTIFY)
		return;
	/* The index is in memory before the device is told to look. */
	barrier_publish_to_device();
	pci_mmio_write16(queue->fn, queue->doorbell, queue->index);
}

int virtq_submit(struct virtq *queue, const struct virtq_segment *segments, unsigned n, void *token)
{
	irqflags_t flags = spin_lock_irq(&queue->lock);
	int err = pci_gone(queue->fn)  ? -ENODEV
		  : queue->broken      ? -EIO
		  : n > queue->nr_free ? -EAGAIN
				       : 0;

	if (!err)
		publish(queue, chain(queue, segments, n, token));
	spin_unlock_irq(&queue->lock, flags);
	return err;
}

/* With the lock held. */
static void *give_up(struct virtq *queue, const char *what, unsigned value)
{
	log_error("%s: the device's used ring has %s %u: the queue is given up", queue->name, what,
		  value);
	queue->broken = true;
	return NULL;
}

/* With the lock held: the chain goes to the free descriptors. */
static void *release(struct virtq *queue, unsigned head)
{
	struct virtq_slot *slot = &queue->slots[head];
	void *token = slot->token;
	unsigned last = head;

	for (unsigned i = 1; i < slot->length; i++)
		last = queue->slots[last].next;
	queue->slots[last].next = queue->first_free;
	queue->first_free = (uint16_t)head;
	queue->nr_free += slot->length;
	queue->under_way--;
	slot->token = NULL;
	return token;
}

/* With the lock held. The device's words are believed only as far as they name a chain under way. */
static void *take(struct virtq *queue, uint32_t *written)
{
	uint16_t news = le16(queue->used->index) - queue->used_index;
	volatile struct virtq_used_element *element;
	uint32_t id;

	if (queue->broken || !news)
		return NULL;
	if (news > queue->under_way)
		return give_up(queue, "too many entries:", news);
	/* The index says that the entry, and what the device wrote, is there: not read before it. */
	barrier_dma_read();
	element = &queue->used->ring[queue->used_index & (queue->size - 1u)];
	id = le32(element->id);
	if (id >= queue->size || !queue->slots[id].token)
		return give_up(queue, "an entry for no chain:", id);
	*written = MIN(le32(element->bytes), queue->slots[id].writable);
	queue->used_index++;
	return release(queue, id);
}

void *virtq_take(struct virtq *queue, uint32_t *written)
{
	irqflags_t flags = spin_lock_irq(&queue->lock);
	void *token = take(queue, written);

	spin_unlock_irq(&queue->lock, flags);
	return token;
}

void virtq_break(struct virtq *queue)
{
	irqflags_t flags = spin_lock_irq(&queue->lock);

	queue->broken = true;
	spin_unlock_irq(&queue->lock, flags);
}

/* What comes in while it runs, beyond a ring full, comes with an interrupt of its own. */
static void reap(struct virtq *queue)
{
	uint32_t written;

	for (unsigned n = 0; n < queue->size; n++) {
		void *token = virtq_take(queue, &written);

		if (!token)
			return;
		queue->done(queue, token, written);
	}
}

void virtq_interrupt(void *arg)
{
	for (struct virtq *queue = arg; queue; queue = queue->next_on_vector)
		reap(queue);
}

// SPDX-License-Identifier: Apache-2.0
/* Where the device keeps its registers (Virtio 1.2, 4.1.4 "Virtio Structure PCI Capabilities"). */
#include "drivers/virtio/caps.h"

#include <errno.h>

#include "drivers/pci/pci_regs.h"

struct structure {
	uintptr_t regs;
	uint32_t bytes;
	unsigned cap;
};

/* The capability says which part of which BAR: false unless that is there and of use. */
static bool locate(struct pci_function *fn, unsigned cap, uint32_t min_bytes, unsigned align,
		   struct structure *out)
{
	unsigned bar = pci_read8(fn, cap + VIRTIO_CAP_BAR);
	uint32_t offset = pci_read32(fn, cap + VIRTIO_CAP_OFFSET);
	uintptr_t regs;

	out->cap = cap;
	out->bytes = pci_read32(fn, cap + VIRTIO_CAP_LENGTH);
	if (bar >= PCI_NR_BARS || out->bytes < min_bytes || !IS_ALIGNED(offset, align))
		return false;
	regs = pci_map_bar(fn, bar, (uint64_t)offset + out->bytes);
	out->regs = regs + offset;
	return regs;
}

/* The first usable one of its type counts. */
static bool find(struct pci_function *fn, enum virtio_cap_type type, uint32_t min_bytes,
		 unsigned align, struct structure *out)
{
	unsigned need = type == VIRTIO_CAP_NOTIFY ? VIRTIO_CAP_NOTIFY_BYTES : VIRTIO_CAP_BYTES;
	int cap = pci_find_capability(fn, PCI_CAP_ID_VENDOR, 0);

	for (; cap > 0; cap = pci_find_capability(fn, PCI_CAP_ID_VENDOR, (unsigned)cap)) {
		if ((unsigned)cap + need > PCI_CONFIG_SIZE ||
		    pci_read8(fn, (unsigned)cap + VIRTIO_CAP_LEN) < need ||
		    pci_read8(fn, (unsigned)cap + VIRTIO_CAP_TYPE) != type)
			continue;
		if (locate(fn, (unsigned)cap, min_bytes, align, out))
			return true;
	}
	return false;
}

int virtio_find_structures(struct virtio_device *dev)
{
	struct structure common, notify, isr, config;

	if (!find(dev->fn, VIRTIO_CAP_COMMON, VIRTIO_COMMON_BYTES, 4, &common) ||
	    !find(dev->fn, VIRTIO_CAP_NOTIFY, sizeof(uint16_t), 2, &notify) ||
	    !find(dev->fn, VIRTIO_CAP_ISR, 1, 1, &isr))
		return -ENODEV;
	dev->common = common.regs;
	dev->notify = notify.regs;
	dev->isr = isr.regs;
	dev->notify_bytes = notify.bytes;
	dev->notify_multiplier = pci_read32(dev->fn, notify.cap + VIRTIO_CAP_NOTIFY_MULTIPLIER);
	/* A device without configuration of its own has none. */
	if (find(dev->fn, VIRTIO_CAP_DEVICE, 1, 4, &config)) {
		dev->config = config.regs;
		dev->config_bytes = config.bytes;
	}
	return 0;
}

uintptr_t virtio_doorbell(const struct virtio_device *dev, uint16_t notify_off)
{
	uint64_t offset = (uint64_t)notify_off * dev->notify_multiplier;

	if (offset + sizeof(uint16_t) > dev->notify_bytes || !IS_ALIGNED(offset, 2))
		return 0;
	return dev->notify + offset;
}

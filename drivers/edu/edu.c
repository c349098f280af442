// SPDX-License-Identifier: Apache-2.0
#include "drivers/edu/edu.h"

#include <errno.h>
#include <stdatomic.h>

#include "arch/barrier.h"
#include "drivers/pci/mmio.h"
#include "kernel/lib/bits.h"
#include "kernel/mem.h"
#include "kernel/time.h"
#include "platform/platform.h"

/* QEMU documentation, "EDU device", "MMIO area spec". */
#define EDU_ID              0x00
#define EDU_ID_MASK         GENMASK(15, 0)
#define EDU_ID_VALUE        0x00ed
#define EDU_LIVENESS        0x04
#define EDU_FACTORIAL       0x08
#define EDU_STATUS          0x20
#define EDU_STATUS_IRQFACT  BIT(7)
#define EDU_IRQ_STATUS      0x24
#define EDU_IRQ_RAISE       0x60
#define EDU_IRQ_ACK         0x64
#define EDU_DMA_SOURCE      0x80
#define EDU_DMA_DESTINATION 0x88
#define EDU_DMA_COUNT       0x90
#define EDU_DMA_COMMAND     0x98
#define EDU_DMA_RUN         BIT(0)
#define EDU_DMA_FROM_DEVICE BIT(1)
#define EDU_DMA_IRQ         BIT(2)
#define EDU_BAR_BYTES       0x100
/* Where the device's own memory begins in its address space of DMA. */
#define EDU_DMA_MEMORY 0x40000

/* Bits of the interrupt status: two are the device's, any other is what was raised. */
#define EDU_IRQ_FACTORIAL BIT(0)
#define EDU_IRQ_DMA       BIT(8)
#define EDU_IRQ_RAISED    BIT(1)

#define EDU_DEFAULT_DMA_BITS 28
#define EDU_TIMEOUT_MS       10000

struct edu {
	uintptr_t regs;
	bool swapped;
	struct pci_function *fn;
	_Atomic uint32_t seen[EDU_NR_CAUSES];
};

/* QEMU gives its registers the byte order of the CPU, where functions are little-endian. */
static uint32_t edu_order(const struct edu *edu, uint32_t value)
{
	return edu->swapped ? __builtin_bswap32(value) : value;
}

static uint32_t edu_read(const struct edu *edu, unsigned offset)
{
	return edu_order(edu, pci_mmio_read32(edu->fn, edu->regs + offset));
}

static void edu_write(const struct edu *edu, unsigned offset, uint32_t value)
{
	pci_mmio_write32(edu->fn, edu->regs + offset, edu_order(edu, value));
}

static void edu_count(struct edu *edu, uint32_t status, uint32_t bit, enum edu_cause cause)
{
	/* release pairs with the acquire in edu_seen(): the waiter sees the device's data */
	if (status & bit)
		atomic_fetch_add_explicit(&edu->seen[cause], 1, memory_order_release);
}

static void edu_interrupt(void *arg)
{
	struct edu *edu = arg;
	uint32_t status = edu_read(edu, EDU_IRQ_STATUS);

	if (status == UINT32_MAX)
		return;
	/* The acknowledgement comes first: who sees a count may raise again at once. */
	edu_write(edu, EDU_IRQ_ACK, status);
	/* The status read pulled the device's DMA before it; the waiter reads that data. */
	barrier_after_device_read();
	edu_count(edu, status, EDU_IRQ_RAISED, EDU_CAUSE_RAISED);
	edu_count(edu, status, EDU_IRQ_FACTORIAL, EDU_CAUSE_FACTORIAL);
	edu_count(edu, status, EDU_IRQ_DMA, EDU_CAUSE_DMA);
}

uint32_t edu_seen(const struct edu *edu, enum edu_cause cause)
{
	return atomic_load_explicit(&edu->seen[cause], memory_order_acquire);
}

bool edu_alive(struct edu *edu)
{
	const uint32_t probe = 0x5aa5c33c;

	edu_write(edu, EDU_LIVENESS, probe);
	return edu_read(edu, EDU_LIVENESS) == ~probe;
}

struct edu_wait {
	struct edu *edu;
	enum edu_cause cause;
	uint32_t before;
};

static bool edu_came(void *arg)
{
	struct edu_wait *wait = arg;

	return edu_seen(wait->edu, wait->cause) != wait->before;
}

int edu_factorial(struct edu *edu, uint32_t n, uint32_t *result)
{
	struct edu_wait wait = { edu, EDU_CAUSE_FACTORIAL, edu_seen(edu, EDU_CAUSE_FACTORIAL) };
	int err;

	edu_write(edu, EDU_STATUS, EDU_STATUS_IRQFACT);
	edu_write(edu, EDU_FACTORIAL, n);
	err = pci_wait(edu->fn, edu_came, &wait, EDU_TIMEOUT_MS);
	if (err)
		return err;
	*result = edu_read(edu, EDU_FACTORIAL);
	return 0;
}

uint64_t edu_dma_limit(void)
{
	unsigned long bits = platform_setting_number("edu.dma_bits", EDU_DEFAULT_DMA_BITS);

	/* Its address registers take one store each, and arch/io.h has 32-bit stores. */
	return BIT64(MIN(bits, 32ul)) - 1;
}

int edu_dma(struct edu *edu, enum edu_direction direction, void *buf, uint32_t bytes)
{
	struct edu_wait wait = { edu, EDU_CAUSE_DMA, edu_seen(edu, EDU_CAUSE_DMA) };
	bool in = direction == EDU_FROM_DEVICE;
	uint64_t address = dma_address(buf);

	if (!bytes || bytes > EDU_DMA_BYTES || address + bytes - 1 > edu_dma_limit())
		return -EINVAL;
	edu_write(edu, EDU_DMA_SOURCE, in ? EDU_DMA_MEMORY : (uint32_t)address);
	edu_write(edu, EDU_DMA_DESTINATION, in ? (uint32_t)address : EDU_DMA_MEMORY);
	edu_write(edu, EDU_DMA_COUNT, bytes);
	/* The caller's bytes are in memory before the device is told to fetch them. */
	barrier_publish_to_device();
	edu_write(edu, EDU_DMA_COMMAND, EDU_DMA_RUN | EDU_DMA_IRQ | (in ? EDU_DMA_FROM_DEVICE : 0));
	return pci_wait(edu->fn, edu_came, &wait, EDU_TIMEOUT_MS);
}

uintptr_t edu_raise_register(const struct edu *edu)
{
	return edu->regs + EDU_IRQ_RAISE;
}

static int edu_raise(struct pci_function *fn, unsigned vector)
{
	struct edu *edu = fn->driver_data;

	if (vector)
		return -EINVAL;
	if (pci_gone(fn))
		return -ENODEV;
	edu_write(edu, EDU_IRQ_RAISE, EDU_IRQ_RAISED);
	return 0;
}

static int edu_start(struct edu *edu)
{
	struct msi_function *msi = &edu->fn->msi;
	int granted = msi_alloc(msi, 1, 1, MSI_ALLOW_ANY, NULL);
	int err;

	if (granted < 0)
		return granted;
	err = msi_request(msi, 0, edu_interrupt, edu, "edu");
	if (!err)
		err = msi_enable(msi);
	if (err)
		msi_free(msi);
	return err;
}

static bool is_edu(uint32_t id)
{
	return (id & EDU_ID_MASK) == EDU_ID_VALUE;
}

static int edu_probe(struct pci_function *fn)
{
	uint32_t id;
	uintptr_t regs;
	struct edu *edu;
	int err;

	pci_enable(fn);
	regs = pci_map_bar(fn, 0, EDU_BAR_BYTES);
	id = regs ? pci_mmio_read32(fn, regs + EDU_ID) : 0;
	if (!is_edu(id) && !is_edu(__builtin_bswap32(id)))
		return -ENODEV;
	edu = page_alloc(sizeof(*edu), 0);
	if (!edu)
		return -ENOMEM;
	edu->regs = regs;
	edu->swapped = !is_edu(id);
	edu->fn = fn;
	fn->driver_data = edu;
	/* What firmware left pending is not ours. */
	edu_write(edu, EDU_IRQ_ACK, ~0u);
	err = edu_start(edu);
	if (err)
		page_free(edu, sizeof(*edu));
	return err;
}

/* It has no reset: what it still does ends before its vector goes. */
static void edu_remove(struct pci_function *fn)
{
	struct edu *edu = fn->driver_data;

	edu_write(edu, EDU_STATUS, 0);
	edu_write(edu, EDU_IRQ_ACK, ~0u);
	/* It has arrived when this is read. */
	(void)edu_read(edu, EDU_IRQ_STATUS);
	msi_free(&fn->msi);
	page_free(edu, sizeof(*edu));
}

static const struct pci_id edu_ids[] = {
	{ .vendor = 0x1234, .device = 0x11e8, .class_ = PCI_ANY, .class_mask = 0 },
};

TABLE_ENTRY(struct pci_driver, pci_driver, 5, edu) = {
	.name = "edu",
	.ids = edu_ids,
	.nr_ids = ARRAY_SIZE(edu_ids),
	.probe = edu_probe,
	.raise = edu_raise,
	.remove = edu_remove,
};

struct edu *edu_of(const struct pci_function *fn)
{
	return fn->driver == &pci_driver_entry_edu ? fn->driver_data : NULL;
}

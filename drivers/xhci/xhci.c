// SPDX-License-Identifier: Apache-2.0
#include "drivers/xhci/xhci.h"

#include <errno.h>

#include "arch/barrier.h"
#include "drivers/pci/mmio.h"
#include "drivers/xhci/regs.h"
#include "kernel/lib/endian.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"
#include "kernel/time.h"

/* The specification names no bound for a reset. */
#define XHCI_TIMEOUT_MS 1000

/* An event ring and its segment table (6.5), in steps that no 64 KiB boundary cuts. */
struct xhci_ring {
	_Alignas(512) uint8_t trbs[XHCI_SEGMENT_MIN * XHCI_TRB_BYTES];
	_Alignas(64) struct {
		uint64_t base;
		uint32_t size;
		uint32_t reserved;
	} segment;
};

struct xhci {
	struct pci_function *fn;
	uintptr_t op, runtime;
	uint64_t dma_limit;        /* the highest address that it reaches */
	unsigned max_interrupters; /* the device has */
	unsigned nr_interrupters;  /* set up and enabled */
	struct xhci_ring *rings;   /* of max_interrupters */
};

static uintptr_t interrupter(const struct xhci *xhci, unsigned i)
{
	return xhci->runtime + XHCI_INTERRUPTER(i);
}

static void write64(struct xhci *xhci, uintptr_t addr, uint64_t value)
{
	/* Low half first (5.1): the high one of ERSTBA makes the device read the table. */
	pci_mmio_write32(xhci->fn, addr, (uint32_t)value);
	pci_mmio_write32(xhci->fn, addr + 4, (uint32_t)(value >> 32));
}

/* IP is cleared by the message itself (5.5.2.1) and there are no events: the core counts. */
static void xhci_interrupt(void *arg)
{
	(void)arg;
}

/* A level, of interrupter 0 alone (4.17): its pending bit holds it. */
static void xhci_intx(void *arg)
{
	struct xhci *xhci = arg;

	pci_mmio_write32(xhci->fn, xhci->op + XHCI_USBSTS, XHCI_USBSTS_EINT);
	pci_mmio_write32(xhci->fn, interrupter(xhci, 0) + XHCI_IMAN, XHCI_IMAN_IP | XHCI_IMAN_IE);
	/* It has arrived before this run is counted: who sees the count may raise again. */
	(void)pci_mmio_read32(xhci->fn, interrupter(xhci, 0) + XHCI_IMAN);
	barrier_after_device_read();
}

int xhci_raise_interrupter(struct xhci *xhci, unsigned i)
{
	uint64_t second;

	if (i >= xhci->nr_interrupters)
		return -EINVAL;
	second = dma_address(xhci->rings[i].trbs) + XHCI_TRB_BYTES;
	pci_mmio_write32(xhci->fn, interrupter(xhci, i) + XHCI_IMAN, XHCI_IMAN_IP | XHCI_IMAN_IE);
	pci_mmio_write32(xhci->fn, interrupter(xhci, i) + XHCI_ERDP,
			 (uint32_t)second | XHCI_ERDP_EHB);
	return 0;
}

static int xhci_raise(struct pci_function *fn, unsigned vector)
{
	return vector < fn->msi.count ? xhci_raise_interrupter(fn->driver_data, vector) : -EINVAL;
}

static bool halted(void *arg)
{
	const struct xhci *xhci = arg;

	return pci_mmio_read32(xhci->fn, xhci->op + XHCI_USBSTS) & XHCI_USBSTS_HCH;
}

static bool ready(void *arg)
{
	const struct xhci *xhci = arg;

	return !(pci_mmio_read32(xhci->fn, xhci->op + XHCI_USBCMD) & XHCI_USBCMD_HCRST) &&
	       !(pci_mmio_read32(xhci->fn, xhci->op + XHCI_USBSTS) & XHCI_USBSTS_CNR);
}

/* Sections 4.2 and 5.4.1: reset only what is ready and halted. */
static int reset(struct xhci *xhci)
{
	if (!time_wait(ready, xhci, XHCI_TIMEOUT_MS))
		return -EIO;
	pci_mmio_write32(xhci->fn, xhci->op + XHCI_USBCMD, 0);
	if (!time_wait(halted, xhci, XHCI_TIMEOUT_MS))
		return -EIO;
	pci_mmio_write32(xhci->fn, xhci->op + XHCI_USBCMD, XHCI_USBCMD_HCRST);
	return time_wait(ready, xhci, XHCI_TIMEOUT_MS) ? 0 : -EIO;
}

static void start_interrupter(struct xhci *xhci, unsigned i)
{
	struct xhci_ring *ring = &xhci->rings[i];
	uintptr_t regs = interrupter(xhci, i);

	ring->segment.base = le64(dma_address(ring->trbs));
	ring->segment.size = le32(XHCI_SEGMENT_MIN);
	/* The segment table is in memory before ERSTBA makes the device read it. */
	barrier_publish_to_device();
	pci_mmio_write32(xhci->fn, regs + XHCI_IMOD, 0);
	pci_mmio_write32(xhci->fn, regs + XHCI_ERSTSZ, 1);
	write64(xhci, regs + XHCI_ERDP, dma_address(ring->trbs));
	write64(xhci, regs + XHCI_ERSTBA, dma_address(&ring->segment));
	pci_mmio_write32(xhci->fn, regs + XHCI_IMAN, XHCI_IMAN_IP | XHCI_IMAN_IE);
}

/* After msi_enable(): QEMU drops an IE that was set while MSI-X was off. */
static void start_interrupters(struct xhci *xhci)
{
	const struct msi_function *msi = &xhci->fn->msi;

	xhci->nr_interrupters = msi->ops->type == MSI_MSI ? xhci->max_interrupters : msi->count;
	for (unsigned i = 0; i < xhci->nr_interrupters; i++)
		start_interrupter(xhci, i);
	pci_mmio_write32(xhci->fn, xhci->op + XHCI_USBCMD, XHCI_USBCMD_INTE);
}

static void stop_interrupters(struct xhci *xhci)
{
	pci_mmio_write32(xhci->fn, xhci->op + XHCI_USBCMD, 0);
	for (unsigned i = 0; i < xhci->nr_interrupters; i++)
		pci_mmio_write32(xhci->fn, interrupter(xhci, i) + XHCI_IMAN, XHCI_IMAN_IP);
	xhci->nr_interrupters = 0;
}

static int take_vectors(struct xhci *xhci, unsigned max)
{
	struct msi_function *msi = &xhci->fn->msi;
	int granted = msi_alloc(msi, 1, max, MSI_ALLOW_ANY, NULL);
	irq_handler_t handler = xhci_interrupt;
	int err = 0;

	if (granted < 0)
		return granted;
	if (msi->ops->type == MSI_INTX)
		handler = xhci_intx;
	for (int i = 0; i < granted && !err; i++)
		err = msi_request(msi, (unsigned)i, handler, xhci, "xhci");
	if (!err)
		err = msi_enable(msi);
	if (err) {
		msi_free(msi);
		return err;
	}
	start_interrupters(xhci);
	return granted;
}

int xhci_change_vectors(struct xhci *xhci, unsigned max)
{
	if (!is_power_of_two(max))
		return -EINVAL;
	stop_interrupters(xhci);
	msi_free(&xhci->fn->msi);
	return take_vectors(xhci, max);
}

/* Everything that says where registers are is the device's word: it must lie in the BAR. */
static int find_registers(struct xhci *xhci)
{
	struct pci_function *fn = xhci->fn;
	uintptr_t regs = pci_map_bar(fn, 0, XHCI_CAP_BYTES);
	uint64_t size = fn->bars[0].size, caplength, rtsoff;

	if (!regs)
		return -ENODEV;
	caplength =
		FIELD_GET(XHCI_CAPLENGTH_MASK, pci_mmio_read32(xhci->fn, regs + XHCI_CAPLENGTH));
	rtsoff = pci_mmio_read32(xhci->fn, regs + XHCI_RTSOFF) & XHCI_RTSOFF_MASK;
	xhci->max_interrupters = FIELD_GET(XHCI_HCSPARAMS1_MAX_INTRS,
					   pci_mmio_read32(xhci->fn, regs + XHCI_HCSPARAMS1));
	if (!xhci->max_interrupters || xhci->max_interrupters > XHCI_MAX_INTRS_MAX ||
	    caplength + XHCI_OP_BYTES > size ||
	    rtsoff + XHCI_INTERRUPTER(xhci->max_interrupters) > size) {
		log_error("%s: xhci: its registers are not where it says", fn->msi.name);
		return -ENODEV;
	}
	xhci->op = regs + caplength;
	xhci->runtime = regs + rtsoff;
	xhci->dma_limit = pci_mmio_read32(xhci->fn, regs + XHCI_HCCPARAMS1) & XHCI_HCCPARAMS1_AC64
				  ? UINT64_MAX
				  : UINT32_MAX;
	return 0;
}

static size_t rings_bytes(const struct xhci *xhci)
{
	return xhci->max_interrupters * sizeof(*xhci->rings);
}

static int xhci_setup(struct xhci *xhci)
{
	int rc = find_registers(xhci);

	if (rc)
		return rc;
	rc = reset(xhci);
	if (rc) {
		log_error("%s: xhci: does not come out of reset", xhci->fn->msi.name);
		return rc;
	}
	xhci->rings = dma_alloc(rings_bytes(xhci), xhci->dma_limit);
	if (!xhci->rings)
		return -ENOMEM;
	rc = take_vectors(xhci, xhci->max_interrupters);
	if (rc < 0)
		dma_free(xhci->rings, rings_bytes(xhci));
	return MIN(rc, 0);
}

static int xhci_probe(struct pci_function *fn)
{
	struct xhci *xhci = page_alloc(sizeof(*xhci), 0);
	int err;

	if (!xhci)
		return -ENOMEM;
	pci_enable(fn);
	xhci->fn = fn;
	fn->driver_data = xhci;
	err = xhci_setup(xhci);
	if (err)
		page_free(xhci, sizeof(*xhci));
	return err;
}

static void xhci_remove(struct pci_function *fn)
{
	struct xhci *xhci = fn->driver_data;

	stop_interrupters(xhci);
	msi_free(&fn->msi);
	if (reset(xhci) && !pci_gone(fn))
		log_error("%s: xhci: does not come to rest", fn->msi.name);
	else
		dma_free(xhci->rings, rings_bytes(xhci));
	page_free(xhci, sizeof(*xhci));
}

static const struct pci_id xhci_ids[] = {
	{ .vendor = 0x1b36, .device = 0x000d, .class_ = PCI_ANY, .class_mask = 0 },
	{ .vendor = 0x1033, .device = 0x0194, .class_ = PCI_ANY, .class_mask = 0 },
};

TABLE_ENTRY(struct pci_driver, pci_driver, 5, xhci) = {
	.name = "xhci",
	.ids = xhci_ids,
	.nr_ids = ARRAY_SIZE(xhci_ids),
	.probe = xhci_probe,
	.remove = xhci_remove,
	.raise = xhci_raise,
};

struct xhci *xhci_of(const struct pci_function *fn)
{
	return fn->driver == &pci_driver_entry_xhci ? fn->driver_data : NULL;
}

unsigned xhci_interrupters(const struct xhci *xhci)
{
	return xhci->nr_interrupters;
}

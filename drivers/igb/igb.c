// SPDX-License-Identifier: Apache-2.0
#include "drivers/igb/igb.h"

#include <errno.h>
#include <stdatomic.h>

#include "arch/barrier.h"
#include "drivers/pci/mmio.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"
#include "kernel/time.h"

/* Intel 82576EB Datasheet, "Register Summary". */
#define IGB_CTRL            0x0000
#define IGB_CTRL_RST        BIT(26)
#define IGB_ICR             0x1500
#define IGB_IMC             0x150c
#define IGB_GPIE            0x1514
#define IGB_GPIE_MULTI_MSIX BIT(4)
#define IGB_GPIE_PBA        BIT(31)
#define IGB_EICS            0x1520
#define IGB_EIMS            0x1524
#define IGB_EIMC            0x1528
#define IGB_EICR            0x1580
#define IGB_BAR_BYTES       0x20000
/* A VF has VTEICS, VTEIMS, VTEIMC and VTEICR at the same places, for its own vectors. */
#define IGB_VF_BAR_BYTES 0x2000
#define IGB_VF_VECTORS   3

/* Cause bits of MSI-X mode in EICS, EIMS, EICR: vectors 0 to 24. VFs take theirs from the top. */
#define IGB_MAX_VECTORS 25

#define IGB_RESET_TIMEOUT_US 20000

struct igb_vector {
	struct igb *igb;
	uint32_t bit;
	_Atomic uint32_t causes; /* of its last run while watched */
};

struct igb {
	uintptr_t regs;
	struct pci_function *fn;
	unsigned nr_vectors;
	_Atomic bool watched;
	struct igb_vector vectors[IGB_MAX_VECTORS];
};

static void igb_interrupt(void *arg)
{
	struct igb_vector *vector = arg;
	struct igb *igb = vector->igb;

	if (pci_gone(igb->fn))
		return;
	/* Reading EICR clears all of it, also causes of masked vectors: only when asked to. */
	if (atomic_load_explicit(&igb->watched, memory_order_relaxed))
		atomic_store_explicit(&vector->causes,
				      pci_mmio_read32(igb->fn, igb->regs + IGB_EICR),
				      memory_order_relaxed);
	/* Write-1-to-clear, only its own bit: the others belong to handlers on other harts. */
	pci_mmio_write32(igb->fn, igb->regs + IGB_EICR, vector->bit);
	/* It has arrived before this run is counted: who sees the count may raise again. */
	(void)pci_mmio_read32(igb->fn, igb->regs + IGB_EIMS);
	barrier_after_device_read();
}

static int igb_raise(struct pci_function *fn, unsigned vector)
{
	struct igb *igb = fn->driver_data;

	if (vector >= igb->nr_vectors)
		return -EINVAL;
	if (pci_gone(fn))
		return -ENODEV;
	pci_mmio_write32(igb->fn, igb->regs + IGB_EICS, igb->vectors[vector].bit);
	return 0;
}

static void igb_mask_all(struct igb *igb)
{
	pci_mmio_write32(igb->fn, igb->regs + IGB_IMC, ~0u);
	pci_mmio_write32(igb->fn, igb->regs + IGB_EIMC, ~0u);
	/* Posted writes are done, and legacy causes cleared, when this has been read. */
	(void)pci_mmio_read32(igb->fn, igb->regs + IGB_ICR);
}

/* Datasheet, "Software Reset": the bit clears itself; registers may not be touched for 1 ms. */
static int igb_reset(struct igb *igb)
{
	uint64_t end = time_ns() + IGB_RESET_TIMEOUT_US * 1000ull;
	uint32_t ctrl = pci_mmio_read32(igb->fn, igb->regs + IGB_CTRL);

	igb_mask_all(igb);
	pci_mmio_write32(igb->fn, igb->regs + IGB_CTRL, ctrl | IGB_CTRL_RST);
	do {
		time_sleep_ms(1);
		if (!(pci_mmio_read32(igb->fn, igb->regs + IGB_CTRL) & IGB_CTRL_RST)) {
			igb_mask_all(igb);
			return 0;
		}
	} while (time_ns() < end);
	return -EIO;
}

/*
 * MSI-X mode. EIAC and EIAM are 0 since the reset: causes stay in EICR until the handler
 * clears them, and hardware masks nothing.
 */
static void igb_set_mode(struct igb *igb)
{
	pci_mmio_write32(igb->fn, igb->regs + IGB_GPIE, IGB_GPIE_MULTI_MSIX | IGB_GPIE_PBA);
	pci_mmio_write32(igb->fn, igb->regs + IGB_EICR, ~0u);
}

/* Vectors whose cause bit is the function's own (datasheet, "MSI-X Vectors Assignment"). */
static unsigned igb_usable_vectors(const struct pci_function *fn)
{
	unsigned taken = pci_nr_vfs(fn) * IGB_VF_VECTORS;
	unsigned causes = fn->physical ? IGB_VF_VECTORS : IGB_MAX_VECTORS - MIN(taken, 24u);

	return MIN(fn->msi.msix_count, causes);
}

static int igb_request_all(struct igb *igb)
{
	int err;

	for (unsigned i = 0; i < igb->nr_vectors; i++) {
		struct igb_vector *vector = &igb->vectors[i];

		vector->igb = igb;
		vector->bit = BIT(i);
		err = msi_request(&igb->fn->msi, i, igb_interrupt, vector, "igb");
		if (err)
			return err;
	}
	return 0;
}

static int igb_start(struct igb *igb)
{
	struct msi_function *msi = &igb->fn->msi;
	int granted = msi_alloc(msi, 1, igb_usable_vectors(igb->fn), MSI_ALLOW_MSIX, NULL);
	int err;

	if (granted < 0)
		return granted;
	igb->nr_vectors = granted;
	if (!igb->fn->physical)
		igb_set_mode(igb);
	err = igb_request_all(igb);
	if (!err)
		err = msi_enable(msi);
	if (err) {
		msi_free(msi);
		return err;
	}
	pci_mmio_write32(igb->fn, igb->regs + IGB_EIMS, GENMASK(granted - 1, 0));
	return 0;
}

static int igb_setup(struct pci_function *fn, struct igb *igb)
{
	int err;

	igb->fn = fn;
	igb->regs = pci_map_bar(fn, 0, fn->physical ? IGB_VF_BAR_BYTES : IGB_BAR_BYTES);
	if (!igb->regs || !fn->msi.msix_count)
		return -ENODEV;
	if (fn->physical) {
		pci_mmio_write32(igb->fn, igb->regs + IGB_EIMC, ~0u);
		pci_mmio_write32(igb->fn, igb->regs + IGB_EICR, ~0u);
		return igb_start(igb);
	}
	err = igb_reset(igb);
	if (err)
		log_error("%s: igb: does not come out of reset", fn->msi.name);
	return err ? err : igb_start(igb);
}

static int igb_probe(struct pci_function *fn)
{
	struct igb *igb = page_alloc(sizeof(*igb), 0);
	int err;

	if (!igb)
		return -ENOMEM;
	pci_enable(fn);
	fn->driver_data = igb;
	err = igb_setup(fn, igb);
	if (err)
		page_free(igb, sizeof(*igb));
	return err;
}

/* Causes off, which is read back. */
static void igb_quiet(struct pci_function *fn)
{
	struct igb *igb = fn->driver_data;

	pci_mmio_write32(fn, igb->regs + IGB_EIMC, ~0u);
	(void)pci_mmio_read32(fn, igb->regs + IGB_EIMS);
}

static void igb_remove(struct pci_function *fn)
{
	struct igb *igb = fn->driver_data;

	igb_quiet(fn);
	msi_free(&fn->msi);
	page_free(igb, sizeof(*igb));
}

static int igb_restore(struct pci_function *fn)
{
	struct igb *igb = fn->driver_data;

	if (!fn->physical)
		igb_set_mode(igb);
	pci_mmio_write32(fn, igb->regs + IGB_EICR, ~0u);
	pci_mmio_write32(fn, igb->regs + IGB_EIMS, GENMASK(igb->nr_vectors - 1, 0));
	return 0;
}

static const struct pci_id igb_ids[] = {
	{ .vendor = 0x8086, .device = 0x10c9, .class_ = PCI_ANY, .class_mask = 0 },
};

/* After the PF's driver, which sets the mode of all vectors and whose reset is a VF's too. */
static bool igb_pf_is_up(const struct pci_function *vf)
{
	return vf->physical && igb_of(vf->physical);
}

static int igb_vf_probe(struct pci_function *fn)
{
	return igb_pf_is_up(fn) ? igb_probe(fn) : -ENODEV;
}

static const struct pci_id igb_vf_ids[] = {
	{ .vendor = 0x8086, .device = 0x10ca, .class_ = PCI_ANY, .class_mask = 0 },
};

TABLE_ENTRY(struct pci_driver, pci_driver, 5, igb_vf) = {
	.name = "igb-vf",
	.ids = igb_vf_ids,
	.nr_ids = ARRAY_SIZE(igb_vf_ids),
	.probe = igb_vf_probe,
	.raise = igb_raise,
	.remove = igb_remove,
	.quiet = igb_quiet,
	.restore = igb_restore,
};

TABLE_ENTRY(struct pci_driver, pci_driver, 5, igb) = {
	.name = "igb",
	.ids = igb_ids,
	.nr_ids = ARRAY_SIZE(igb_ids),
	.probe = igb_probe,
	.raise = igb_raise,
	.remove = igb_remove,
	.quiet = igb_quiet,
	.restore = igb_restore,
};

struct igb *igb_of(const struct pci_function *fn)
{
	return fn->driver == &pci_driver_entry_igb ? fn->driver_data : NULL;
}

struct igb *igb_vf_of(const struct pci_function *fn)
{
	return fn->driver == &pci_driver_entry_igb_vf ? fn->driver_data : NULL;
}

unsigned igb_vectors(const struct igb *igb)
{
	return igb->nr_vectors;
}

void igb_watch_causes(struct igb *igb, bool watched)
{
	atomic_store_explicit(&igb->watched, watched, memory_order_relaxed);
}

uint32_t igb_last_causes(const struct igb *igb, unsigned vector)
{
	return atomic_load_explicit(&igb->vectors[vector].causes, memory_order_relaxed);
}

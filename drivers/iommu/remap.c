// SPDX-License-Identifier: Apache-2.0
#include "drivers/iommu/remap.h"

#include <errno.h>
#include <stdlib.h>

#include "drivers/iommu/identity.h"
#include "drivers/iommu/regs.h"
#include "drivers/msi/direct_remap.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"
#include "kernel/smp.h"

/* Of a hart's word: its entry is in the table and the IOMMU knows; the rest counts places. */
#define OPEN BIT(31)

/* What a function may reach; for good, as its place may be filled again. */
struct function {
	struct msi_remap remap;
	struct iommu_unit *unit;
	const struct msi_domain *files;
	uint32_t id;
	unsigned gscid;
	struct riscv_iommu_context context;
	_Atomic uint64_t *table; /* of 16-byte entries; NULL: it has no messages */
	struct spinlock lock;    /* of the table, held while the IOMMU is told */
	_Atomic uint32_t harts[];
};

static unsigned last_gscid;

static struct function *function_of(struct msi_remap *remap)
{
	return container_of(remap, struct function, remap);
}

static uint64_t file_of(const struct function *function, unsigned hart)
{
	struct msi_msg msg;

	function->files->compose(hart, 0, &msg);
	return msg.address;
}

/* --- files that open and close --- */

/* Lock held. An entry that the IOMMU was not told of does not stay. */
static int write_entry(struct function *function, unsigned hart, uint64_t open)
{
	uint64_t file = file_of(function, hart);
	_Atomic uint64_t *entry =
		&function->table[2 * riscv_iommu_msi_index(file, function->context.msi_mask)];
	int rc;

	/* relaxed: riscv_iommu_forget() orders it */
	atomic_store_explicit(entry, open * riscv_iommu_msi_entry(file), memory_order_relaxed);
	rc = riscv_iommu_forget(&function->unit->hw, function->gscid, file);
	if (rc)
		atomic_store_explicit(entry, 0, memory_order_relaxed);
	return rc;
}

static int open_file(struct function *function, unsigned hart)
{
	_Atomic uint32_t *word = &function->harts[hart];
	irqflags_t flags = spin_lock_irq(&function->lock);
	int rc = 0;

	/* relaxed: the lock's */
	if (!(atomic_load_explicit(word, memory_order_relaxed) & OPEN)) {
		rc = write_entry(function, hart, 1);
		/* release: who finds it open sends; pairs with hold() */
		if (!rc)
			atomic_fetch_or_explicit(word, OPEN, memory_order_release);
	}
	spin_unlock_irq(&function->lock, flags);
	return rc;
}

static int hold(struct msi_remap *remap, unsigned hart, unsigned n)
{
	struct function *function = function_of(remap);
	/* acquire: pairs with open_file() */
	uint32_t old = atomic_fetch_add_explicit(&function->harts[hart], n, memory_order_acquire);
	int rc = old & OPEN ? 0 : open_file(function, hart);

	if (rc)
		atomic_fetch_sub_explicit(&function->harts[hart], n, memory_order_relaxed);
	return rc;
}

static void drop(struct msi_remap *remap, unsigned hart, unsigned n)
{
	struct function *function = function_of(remap);
	_Atomic uint32_t *word = &function->harts[hart];
	/* release: what arrived is over, before another closes the file */
	uint32_t rest = atomic_fetch_sub_explicit(word, n, memory_order_release) - n;
	irqflags_t flags;

	if (rest != OPEN)
		return;
	flags = spin_lock_irq(&function->lock);
	/* acquire: as above. Who holds it meanwhile leaves it open; who does so later waits for the lock. */
	if (atomic_compare_exchange_strong_explicit(word, &rest, 0, memory_order_acquire,
						    memory_order_relaxed))
		write_entry(function, hart, 0);
	spin_unlock_irq(&function->lock, flags);
}

bool iommu_reaches(const struct msi_function *fn, unsigned hart)
{
	if (!fn->remap)
		return true;
	return atomic_load_explicit(&function_of(fn->remap)->harts[hart], memory_order_relaxed) &
	       OPEN;
}

/* --- functions that come and go --- */

static void detach(struct msi_remap *remap)
{
	struct function *function = function_of(remap);

	riscv_iommu_set(&function->unit->hw, function->id, NULL);
}

/* Bits of page numbers in which files differ, and one entry for each of their values (section 2.1.3.6). */
static int make_table(struct function *function)
{
	struct riscv_iommu_context *context = &function->context;
	uint64_t first = file_of(function, smp_index());

	for (unsigned i = 0; i < smp_count(); i++) {
		uint64_t file = file_of(function, i);

		context->msi_mask |= file ? (file ^ first) >> PAGE_SHIFT : 0;
	}
	function->table =
		page_alloc(16ul * (riscv_iommu_msi_index(UINT64_MAX, context->msi_mask) + 1), 0);
	context->msiptp = IOMMU_MODE_FLAT | (uintptr_t)function->table >> PAGE_SHIFT;
	context->msi_pattern = first >> PAGE_SHIFT & ~context->msi_mask;
	return function->table ? 0 : -ENOMEM;
}

/* NULL: no memory, or no number. */
static struct msi_remap *make_function(struct iommu_unit *unit, uint32_t id)
{
	uint64_t root = iommu_identity();
	struct function *function;

	if (!root || last_gscid == UINT16_MAX)
		return NULL;
	function = calloc(1, sizeof(*function) + smp_count() * sizeof(function->harts[0]));
	if (!function)
		return NULL;
	function->remap.hold = hold;
	function->remap.drop = drop;
	function->remap.detach = detach;
	function->unit = unit;
	function->id = id;
	/* Each its own: by it the IOMMU tells entries of one table from those of another. */
	function->gscid = ++last_gscid;
	function->context.iohgatp = IOMMU_MODE_SV39X4 |
				    FIELD_PREP(IOMMU_GSCID, (uint64_t)function->gscid) |
				    root >> PAGE_SHIFT;
	return &function->remap;
}

static int attach(struct msi_iommu *iommu, struct msi_function *fn, uint32_t id)
{
	struct iommu_unit *unit = iommu_unit_of(iommu);
	struct function *function;

	if (!fn->remap)
		fn->remap = make_function(unit, id);
	if (!fn->remap)
		return -ENOMEM;
	function = function_of(fn->remap);
	if (fn->backend && !function->table) {
		function->files = fn->domain;
		if (make_table(function))
			return -ENOMEM;
	}
	if (fn->backend && direct_remap(fn))
		log_warn("%s: backend %s: the IOMMU passes no messages", fn->name,
			 fn->backend->name);
	return riscv_iommu_set(&unit->hw, id, &function->context);
}

/* --- units --- */

const struct pci_function *iommu_function(const struct iommu_unit *unit, uint32_t id)
{
	const struct pci_function *fn = pci_first();

	while (fn && (!fn->msi.remap || function_of(fn->msi.remap)->unit != unit ||
		      function_of(fn->msi.remap)->id != id))
		fn = fn->next;
	return fn;
}

/* As many ids as PCI has in one segment. */
#define MAX_ID UINT16_MAX

int iommu_add(uintptr_t regs, uint32_t phandle, const char *name)
{
	struct iommu_unit *unit = calloc(1, sizeof(*unit));
	int rc;

	if (!unit)
		return -ENOMEM;
	unit->iommu.attach = attach;
	unit->iommu.phandle = phandle;
	unit->name = name;
	rc = riscv_iommu_init(&unit->hw, regs, MAX_ID);
	if (rc) {
		log_warn("%s: not used: functions reach all memory and every interrupt file", name);
		return rc;
	}
	unit->iommu.next = msi_iommus;
	msi_iommus = &unit->iommu;
	log_info("%s: %u levels; functions reach free RAM and the files of their vectors' harts",
		 name, unit->hw.levels);
	return 0;
}

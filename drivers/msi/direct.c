// SPDX-License-Identifier: Apache-2.0
/*
 * Backend `direct`: bare hardware, the kernel composes each message and writes it into
 * the function. Places come from the function's msi_domain.
 */
#include <errno.h>

#include "drivers/msi/direct.h"
#include "drivers/msi/direct_move.h"
#include "drivers/msi/direct_steady.h"
#include "flavour/contention.h"
#include "kernel/irq.h"
#include "kernel/msi.h"
#include "kernel/msi_entry.h"
#include "kernel/place.h"
#include "kernel/retire.h"
#include "kernel/slot.h"
#include "kernel/smp.h"

static struct msi_function *function_of(const struct irq_desc *desc)
{
	return desc->chip_data;
}

static bool is_flat(const struct msi_function *fn)
{
	return atomic_load_explicit(&fn->flat, memory_order_relaxed);
}

static bool available(const struct msi_function *fn)
{
	return fn->domain;
}

static int query(struct msi_function *fn, enum msi_type type)
{
	unsigned count = type == MSI_MSIX ? fn->msix_count : fn->msi_count;

	return (int)MIN(count, fn->domain->available());
}

/* Messages of one function share address and upper data bits: one aligned block (M3, M9). */
static int claim_block(struct msi_function *fn, unsigned min, unsigned max, const uint16_t *wish)
{
	unsigned size = 1u << log2_ceil(max);
	int rc = -ENOSPC;

	for (; size >= min && size && rc == -ENOSPC; size /= 2) {
		rc = fn->domain->claim(fn, size, size, wish, true, fn->places);
		/* A wish is a preference. */
		if (rc == -ENOSPC && wish)
			rc = fn->domain->claim(fn, size, size, NULL, true, fn->places);
	}
	return rc;
}

static int claim_places(struct msi_function *fn, enum msi_type type, unsigned min, unsigned max,
			const uint16_t *wish)
{
	if (type == MSI_MSI)
		return claim_block(fn, min, max, wish);
	return fn->domain->claim(fn, min, max, wish, false, fn->places);
}

int direct_alloc(struct msi_function *fn, enum msi_type type, unsigned min, unsigned max,
		 const uint16_t *wish)
{
	int held = claim_places(fn, type, min, max, wish);
	const struct irq_chip *chip = fn->by->chip;
	const struct vector_place *place;
	struct hart *const *harts;
	struct irq_desc **descs;

	if (held < 0)
		return held;
	/* Descriptors are as many as identities: who holds places finds them. */
	if (irq_desc_claim((unsigned)held, fn->descs) < 0)
		return -ENOSPC;
	place = fn->places;
	descs = fn->descs;
	harts = smp_harts;
	for (unsigned i = 0; i < (unsigned)held; i++, place++) {
		struct irq_desc *desc = descs[i];

		irq_desc_init(desc, IRQ_KIND_MSI, chip, place->hart, place->identity);
		desc->chip_data = fn;
		desc->index = (uint16_t)i;
		irq_slot_publish_at(harts[place->hart], place->identity, desc);
	}
	fn->held = (uint16_t)held;
	if (type == MSI_MSI && held > 1)
		irq_block_init(&fn->block, fn->descs, (unsigned)held);
	return (int)MIN((unsigned)held, max);
}

/* Nothing is sent from here on, and what was sent has reached the interrupt files or is on its way there. */
static void shut_off(struct msi_function *fn)
{
	fn->ops->stop(fn);
	fn->ops->flush(fn);
}

/* Late arrivals find the dead descriptors and are counted there, until the places are drained. */
static void free_set(struct msi_function *fn)
{
	if (fn->enabled)
		shut_off(fn);
	for (struct irq_desc **at = fn->descs, **end = at + fn->held; at < end; at++)
		irq_kill(*at);
	retire_set(fn->descs, fn->held);
}

static uintptr_t entry_of(const struct msi_function *fn, unsigned i)
{
	return fn->entries + i * MSI_ENTRY_SIZE;
}

/* The mask bit, and the word that the vector has at rest. */
static void bind_mask(struct irq_desc *desc, uintptr_t at, uint32_t keep)
{
	desc->mask_keep = keep;
	atomic_store_explicit(&desc->mask_at, at, memory_order_relaxed);
	atomic_store_explicit(&desc->steady, FIELD_PREP(IRQ_TARGET_MASK, (uint32_t)desc->hart),
			      memory_order_relaxed);
}

static void bind(struct msi_function *fn, struct irq_desc *desc)
{
	unsigned i = desc->index;

	if (fn->ops->type == MSI_MSIX) {
		if (fn->entries)
			bind_mask(desc, entry_of(fn, i) + MSI_ENTRY_CONTROL, fn->entry_keep[i]);
	} else if (!fn->maskable && fn->held == 1 && fn->message_address && fn->domain->addresses) {
		bind_mask(desc, (uintptr_t)&fn->no_mask, 0);
	}
}

static __attribute__((noinline)) int check_message(struct irq_desc *desc, uint64_t address)
{
	struct msi_msg msg = { address, desc->identity };
	int rc = msi_check_write(function_of(desc), desc->index, &msg, __builtin_return_address(0));

	if (rc)
		irq_disown(desc);
	return rc;
}

/*
 * The whole of irq_activate(), for a vector that nobody is at. The function is masked: its
 * entries are read back once, when all are written.
 */
static inline __attribute__((always_inline)) int
activate_entry(struct irq_desc *desc, uintptr_t entry, uint32_t keep, uint64_t address, bool check)
{
	uint32_t rest = FIELD_PREP(IRQ_TARGET_MASK, (uint32_t)desc->hart);

	if (!arch_cas(&desc->state, rest | IRQ_INACTIVE, rest | IRQ_OWNED))
		return irq_activate(desc);
	if (check && check_message(desc, address))
		return -EPERM;
	msi_entry_fill(entry, address, desc->identity);
	atomic_store_explicit(&desc->mask_at, entry + MSI_ENTRY_CONTROL, memory_order_relaxed);
	desc->mask_keep = keep;
	atomic_store_explicit(&desc->steady, rest, memory_order_relaxed);
	/* As irq_write_mask() does. */
	desc->shadow = IRQ_SHADOW_WRITTEN;
	mmio_write32(entry + MSI_ENTRY_CONTROL, keep);
	if (arch_cas(&desc->state, rest | IRQ_OWNED, rest))
		return 0;
	contention_lost();
	return irq_disown(desc);
}

static int activate_entries(struct msi_function *fn)
{
	const uint64_t *addresses = *fn->domain->addresses;
	const uint32_t *keep = fn->entry_keep;
	uintptr_t entry = fn->entries;
	const bool check = msi_checked;
	int rc = 0;

	/* Slots and descriptors are seen before a message can name them (M16). */
	barrier_publish_to_device();
	for (struct irq_desc **at = fn->descs, **end = at + fn->count; at < end && !rc; at++) {
		rc = activate_entry(*at, entry, *keep++, addresses[(*at)->hart], check);
		entry += MSI_ENTRY_SIZE;
	}
	fn->ops->flush(fn);
	return rc;
}

static int activate_all(struct msi_function *fn)
{
	int rc = 0;

	for (struct irq_desc **at = fn->descs, **end = at + fn->count; at < end && !rc; at++)
		rc = irq_activate(*at);
	return rc;
}

static int enable(struct msi_function *fn)
{
	int rc = fn->ops->prepare(fn, fn->held);

	if (!rc)
		rc = is_flat(fn) ? activate_entries(fn) : activate_all(fn);
	if (!rc) {
		fn->ops->start(fn);
		return 0;
	}
	fn->ops->stop(fn);
	for (unsigned i = 0; i < fn->count; i++)
		irq_deactivate(fn->descs[i]);
	return rc;
}

static void disable(struct msi_function *fn)
{
	shut_off(fn);
	for (unsigned i = 0; i < fn->count; i++)
		irq_deactivate(fn->descs[i]);
}

static int resume(struct msi_function *fn)
{
	int rc = fn->ops->prepare(fn, fn->held);

	for (unsigned i = 0; i < fn->held && !rc; i++)
		rc = irq_resume(fn->descs[i]);
	if (!rc) {
		fn->ops->start(fn);
		return 0;
	}
	fn->ops->stop(fn);
	for (unsigned i = 0; i < fn->held; i++)
		irq_suspend(fn->descs[i]);
	return rc;
}

/* --- what the holder of OWNED does --- */

static int write_place(struct irq_desc *desc, unsigned hart, unsigned identity)
{
	struct msi_function *fn = function_of(desc);
	struct msi_msg msg;

	fn->domain->compose(hart, identity, &msg);
	return fn->ops->write_msg(fn, desc->index, &msg);
}

static int activate(struct irq_desc *desc, uint8_t shadow)
{
	struct msi_function *fn = function_of(desc);
	int rc = 0;

	/* Of plain MSI the block's base stands for all its messages. */
	if (!desc->index || fn->ops->type == MSI_MSIX)
		rc = write_place(desc, desc->hart, desc->identity);
	if (rc)
		return rc;
	desc->shadow = shadow;
	bind(fn, desc);
	if (fn->maskable && !(shadow & IRQ_SHADOW_MASKED))
		fn->ops->unmask(fn, desc->index);
	return 0;
}

static void mask(struct irq_desc *desc)
{
	struct msi_function *fn = function_of(desc);

	if (fn->maskable)
		fn->ops->mask(fn, desc->index);
}

static void unmask(struct irq_desc *desc)
{
	struct msi_function *fn = function_of(desc);

	if (fn->maskable)
		fn->ops->unmask(fn, desc->index);
}

void direct_retrigger(struct irq_desc *desc)
{
	function_of(desc)->domain->send(desc->hart, desc->identity);
}

/* Mask, flush, write, unmask. */
static int rewrite(struct irq_desc *desc, unsigned hart, unsigned identity)
{
	struct msi_function *fn = function_of(desc);
	uint8_t before = desc->shadow;
	int rc;

	fn->ops->mask(fn, desc->index);
	desc->shadow = before | IRQ_SHADOW_MASKED;
	rc = write_place(desc, hart, identity);
	desc->shadow = before;
	if (!(before & IRQ_SHADOW_MASKED))
		fn->ops->unmask(fn, desc->index);
	return rc;
}

/* Where the vector sits from now on; the old place is left. */
static void settle(struct irq_desc *desc, unsigned hart, unsigned identity)
{
	unsigned old_hart = desc->hart, old = desc->identity;

	desc->hart = (uint16_t)hart;
	desc->identity = (uint16_t)identity;
	place_leave(desc, old_hart, old);
}

/* The new place, published, then the message under mask, then the old place left (M7). */
static int move(struct irq_desc *desc, unsigned hart)
{
	int identity = place_find(function_of(desc)->domain->space, desc, hart), rc;

	if (identity < 0)
		return identity;
	rc = desc->shadow & IRQ_SHADOW_WRITTEN ? rewrite(desc, hart, (unsigned)identity) : 0;
	if (rc)
		place_leave(desc, hart, (unsigned)identity);
	else
		settle(desc, hart, (unsigned)identity);
	return rc;
}

int direct_set_affinity(struct irq_desc *desc, unsigned hart)
{
	struct msi_function *fn = function_of(desc);

	if (fn->ops->type == MSI_MSI &&
	    (fn->held > 1 || (!fn->maskable && (desc->shadow & IRQ_SHADOW_WRITTEN))))
		return direct_move_messages(fn, hart);
	return move(desc, hart);
}

static const struct irq_chip direct_chip = {
	.name = "direct",
	.activate = activate,
	.mask = mask,
	.unmask = unmask,
	.retrigger = direct_retrigger,
	.set_affinity = direct_set_affinity,
	.move_steady = direct_move_steady,
};

TABLE_ENTRY(struct msi_ops, msi_backend, 5, direct) = {
	.name = "direct",
	.rating = 1,
	.available = available,
	.query = query,
	.alloc = direct_alloc,
	.free = free_set,
	.enable = enable,
	.disable = disable,
	.resume = resume,
	.chip = &direct_chip,
};

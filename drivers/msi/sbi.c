// SPDX-License-Identifier: Apache-2.0
/*
 * Backend `sbi`: a hypervisor owns the functions' MSI registers and is called by the SBI MSI
 * extension (docs/sbi-msi.md), once for all vectors of a function. Places, descriptors, moves and retirement
 * are `direct`'s, with a call in place of each message that it would write.
 */
#include <errno.h>

#include "arch/barrier.h"
#include "arch/sbi.h"
#include "drivers/msi/direct.h"
#include "kernel/irq.h"
#include "kernel/msi.h"
#include "kernel/retire.h"
#include "kernel/smp.h"

#define VERSION_MAJOR 1

static unsigned long bdf(const struct msi_function *fn)
{
	return (unsigned long)fn->segment << 16 | fn->rid;
}

static struct sbiret call(const struct msi_function *fn, unsigned long fid, unsigned long a1,
			  unsigned long a2, unsigned long a3, unsigned long a4)
{
	return sbi_call5(SBI_EXT_MSI, fid, bdf(fn), a1, a2, a3, a4);
}

static bool has_extension(void)
{
	struct sbiret ret;

	if (!sbi_has(SBI_EXT_MSI))
		return false;
	ret = sbi_call(SBI_EXT_MSI, SBI_MSI_INFO, 0, 0, 0);
	return !ret.error && FIELD_GET(SBI_MSI_INFO_MAJOR, (uint64_t)ret.value) == VERSION_MAJOR;
}

/* Boot, and where a card has come: thread context. */
static bool available(const struct msi_function *fn)
{
	static enum { UNKNOWN, ABSENT, PRESENT } extension;

	if (extension == UNKNOWN)
		extension = has_extension() ? PRESENT : ABSENT;
	return fn->domain && extension == PRESENT;
}

static unsigned long type_number(enum msi_type type)
{
	return type == MSI_MSIX ? SBI_MSI_TYPE_MSIX : SBI_MSI_TYPE_MSI;
}

static int query(struct msi_function *fn, enum msi_type type)
{
	struct sbiret ret = call(fn, SBI_MSI_QUERY, type_number(type), 0, 0, 0);
	unsigned quota = FIELD_GET(SBI_MSI_QUERY_QUOTA, (uint64_t)ret.value);

	return ret.error ? -ENODEV : (int)MIN(quota, fn->domain->available());
}

/* --- all of the set in one call --- */

/* How many owners there are: who owns a block's lead owns it. */
static unsigned own_all(struct msi_function *fn)
{
	unsigned n = fn->descs[0]->block ? 1 : fn->held;

	for (unsigned i = 0; i < n; i++)
		irq_own(fn->descs[i]);
	return n;
}

/* What was wished meanwhile is applied. */
static void disown(struct irq_desc *const *descs, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		irq_disown(descs[i]);
}

static int error_of(struct sbiret ret)
{
	switch (ret.error) {
	case SBI_ERR_NOT_SUPPORTED:
		return -EOPNOTSUPP;
	case SBI_ERR_DENIED:
		return -ENODEV;
	case SBI_ERR_FAILED:
		/* How many there are instead, or that the function does not take it. */
		return ret.value < 0 ? -EIO : -ENOSPC;
	default:
		return -EIO;
	}
}

/* The hypervisor's grant is the places of all vectors as they are now: how many it gives, or -errno and none. */
static int grant(struct msi_function *fn, unsigned min)
{
	/* None moves before it is written, so none leaves a place that the function will send to. */
	unsigned owned = own_all(fn);
	uint64_t *array = fn->array;
	struct sbiret ret;

	for (unsigned i = 0; i < fn->held; i++) {
		const struct irq_desc *desc = fn->descs[i];

		array[i] = FIELD_PREP(SBI_MSI_ENTRY_INDEX, (uint64_t)i) |
			   FIELD_PREP(SBI_MSI_ENTRY_EIID, (uint64_t)desc->identity) |
			   FIELD_PREP(SBI_MSI_ENTRY_HART, smp_hart(desc->hart)->hart_id);
	}
	/* Slots and descriptors are seen before a message can name them (M16). */
	barrier_publish_to_device();
	ret = call(fn, SBI_MSI_CHANGE, type_number(fn->ops->type), min, fn->held, (uintptr_t)array);
	fn->granted = !ret.error;
	if (fn->granted) {
		fn->held = (uint16_t)ret.value;
		fn->block.n = fn->held;
	}
	disown(fn->descs, owned);
	return ret.error ? error_of(ret) : (int)ret.value;
}

/* The function sends no more, and what it sent has left it. */
static void release(struct msi_function *fn)
{
	call(fn, SBI_MSI_CHANGE, SBI_MSI_TYPE_NONE, 0, 0, 0);
	fn->granted = false;
}

static void kill_all(struct irq_desc *const *descs, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		irq_kill(descs[i]);
}

/* --- registers: of the core's calls those that need no owner, and of `direct`'s moves the message --- */

static const struct msi_function_ops *registers(const struct msi_function *fn)
{
	return fn->ops->type == MSI_MSIX ? fn->msix_ops : fn->msi_ops;
}

static int set_message(struct msi_function *fn, unsigned i, const struct msi_msg *msg)
{
	unsigned hart = 0;
	struct sbiret ret;

	while (hart < smp_count() && (*fn->domain->addresses)[hart] != msg->address)
		hart++;
	if (hart == smp_count())
		return -EINVAL;
	/* As in grant(). */
	barrier_publish_to_device();
	ret = call(fn, SBI_MSI_SET_AFFINITY, i, smp_hart(hart)->hart_id, msg->data, 0);
	return ret.error ? error_of(ret) : 0;
}

static int change_message(struct msi_function *fn, enum msi_part part, const struct msi_msg *msg)
{
	/* Of the place only this part differs from what the function has. */
	(void)part;
	return set_message(fn, 0, msg);
}

static void read_msg(struct msi_function *fn, unsigned i, struct msi_msg *msg)
{
	struct sbiret ret = call(fn, SBI_MSI_GET, i, 0, 0, 0);
	int hart = smp_index_of(FIELD_GET(SBI_MSI_GET_HART, (uint64_t)ret.value));

	*msg = (struct msi_msg){ 0 };
	if (!ret.error && hart >= 0)
		fn->domain->compose((unsigned)hart,
				    FIELD_GET(SBI_MSI_GET_EIID, (uint64_t)ret.value), msg);
}

static bool can_mask(const struct msi_function *fn)
{
	(void)fn;
	return false;
}

static void leave_open(struct msi_function *fn, unsigned i)
{
	(void)fn, (void)i;
}

static bool masked(struct msi_function *fn, unsigned i)
{
	return registers(fn)->masked(fn, i);
}

static bool pending(struct msi_function *fn, unsigned i)
{
	return registers(fn)->pending(fn, i);
}

static void stop(struct msi_function *fn)
{
	unsigned owned = own_all(fn);

	release(fn);
	disown(fn->descs, owned);
}

static void flush(struct msi_function *fn)
{
	registers(fn)->flush(fn);
}

#define FUNCTION_OPS(type_)                                                               \
	{                                                                                 \
		.type = type_, .write_msg = set_message, .change_msg = change_message,    \
		.read_msg = read_msg, .can_mask = can_mask, .mask = leave_open,           \
		.unmask = leave_open, .masked = masked, .pending = pending, .stop = stop, \
		.flush = flush,                                                           \
	}

static const struct msi_function_ops msix_ops = FUNCTION_OPS(MSI_MSIX);
static const struct msi_function_ops msi_ops = FUNCTION_OPS(MSI_MSI);

/* --- the set --- */

static int alloc(struct msi_function *fn, enum msi_type type, unsigned min, unsigned max,
		 const uint16_t *wish)
{
	int held = direct_alloc(fn, type, min, max, wish), granted;

	if (held < 0)
		return held;
	fn->ops = type == MSI_MSIX ? &msix_ops : &msi_ops;
	fn->maskable = false;
	atomic_store_explicit(&fn->flat, false, memory_order_relaxed);
	granted = grant(fn, min);
	/* What was not granted was never sent to. */
	if (granted < held) {
		unsigned first = (unsigned)MAX(granted, 0), n = (unsigned)held - first;

		kill_all(fn->descs + first, n);
		retire_set(fn->descs + first, n);
		fn->held = (uint16_t)first;
	}
	return MIN(granted, (int)max);
}

/* Late arrivals find the dead descriptors and are counted there, until the places are drained. */
static void free_set(struct msi_function *fn)
{
	/* The dead do not move: nobody asks for `granted` from here on. */
	kill_all(fn->descs, fn->held);
	if (fn->granted)
		release(fn);
	retire_set(fn->descs, fn->held);
}

static int enable(struct msi_function *fn)
{
	int rc = fn->granted ? 0 : grant(fn, fn->held);

	for (unsigned i = 0; i < fn->count && rc >= 0; i++)
		rc = irq_activate(fn->descs[i]);
	if (rc >= 0)
		return 0;
	for (unsigned i = 0; i < fn->count; i++)
		irq_deactivate(fn->descs[i]);
	return rc;
}

static void disable(struct msi_function *fn)
{
	stop(fn);
	for (unsigned i = 0; i < fn->count; i++)
		irq_deactivate(fn->descs[i]);
}

static int resume(struct msi_function *fn)
{
	int rc = grant(fn, fn->held);

	for (unsigned i = 0; i < fn->held && rc >= 0; i++)
		rc = irq_resume(fn->descs[i]);
	if (rc >= 0)
		return 0;
	stop(fn);
	for (unsigned i = 0; i < fn->held; i++)
		irq_suspend(fn->descs[i]);
	return rc;
}

/* --- what the holder of OWNED does --- */

static int activate(struct irq_desc *desc, uint8_t shadow)
{
	/* The function has the message, and all masking is by the word. */
	desc->shadow = shadow;
	return 0;
}

static void keep_open(struct irq_desc *desc)
{
	(void)desc;
}

static int set_affinity(struct irq_desc *desc, unsigned hart)
{
	const struct msi_function *fn = desc->chip_data;
	uint8_t before = desc->shadow;
	int rc;

	/* The function sends from the grant on, and not only while the driver has enabled it. */
	desc->shadow &= (uint8_t)~IRQ_SHADOW_WRITTEN;
	if (fn->granted)
		desc->shadow |= IRQ_SHADOW_WRITTEN;
	rc = direct_set_affinity(desc, hart);
	desc->shadow = before;
	return rc;
}

static const struct irq_chip sbi_chip = {
	.name = "sbi",
	.activate = activate,
	.mask = keep_open,
	.unmask = keep_open,
	.retrigger = direct_retrigger,
	.set_affinity = set_affinity,
};

TABLE_ENTRY(struct msi_ops, msi_backend, 5, sbi) = {
	.name = "sbi",
	.rating = 3,
	.owner = "the hypervisor's",
	.array_bytes = sizeof(uint64_t),
	.available = available,
	.query = query,
	.alloc = alloc,
	.free = free_set,
	.enable = enable,
	.disable = disable,
	.resume = resume,
	.chip = &sbi_chip,
};

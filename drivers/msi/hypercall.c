// SPDX-License-Identifier: Apache-2.0
#include "drivers/msi/hypercall.h"

#include <errno.h>

#include "kernel/irq.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/log.h"
#include "kernel/smp.h"

int hypercall_query(const struct msi_hypervisor *hv, const struct msi_function *fn,
		    enum msi_type type)
{
	unsigned count = type == MSI_MSIX ? fn->msix_count : fn->msi_count;

	return (int)MIN(count, hv->sources->available());
}

static unsigned hart_for(const uint16_t *wish, unsigned i)
{
	static _Atomic unsigned last;
	unsigned hart;

	if (wish && wish[i] < smp_count() && smp_online(wish[i]))
		return wish[i];
	/* relaxed: a hint */
	hart = smp_next_online(atomic_load_explicit(&last, memory_order_relaxed));
	atomic_store_explicit(&last, hart, memory_order_relaxed);
	return hart;
}

/* The function puts the message number into the low bits of the base. */
static bool is_block(struct irq_desc *const *descs, unsigned n)
{
	for (unsigned i = 1; i < n; i++)
		if (descs[i]->source != descs[0]->source + i)
			return false;
	return descs[0]->source % n == 0;
}

static int bind_one(const struct msi_hypervisor *hv, const struct msi_function *fn, unsigned i)
{
	uint32_t source;
	int rc;

	if (hv->query(fn, i, &source) != PAPR_SUCCESS)
		return -EIO;
	rc = hv->sources->bind(fn->descs[i], source);
	if (!rc)
		return 0;
	log_error("msi: %s[%u]: hypervisor names source 0x%x: %s", fn->name, i, source,
		  rc == -EBUSY ? "another vector's" : "there is none");
	return -EIO;
}

/* Sources of the held vectors, not on yet. All or none; -EILSEQ: plain MSI, and no block. */
static int bind_all(const struct msi_hypervisor *hv, const struct msi_function *fn,
		    enum msi_type type, unsigned held)
{
	unsigned n = 0;
	int rc = 0;

	while (n < held && !rc) {
		rc = bind_one(hv, fn, n);
		n += !rc;
	}
	if (!rc && type == MSI_MSI && !is_block(fn->descs, held))
		rc = -EILSEQ;
	if (rc && n)
		hv->sources->unbind(fn->descs, n);
	return rc;
}

static void put_all(const struct msi_function *fn, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		irq_desc_put(fn->descs[i]);
}

static int take_descs(const struct msi_hypervisor *hv, struct msi_function *fn, enum msi_type type,
		      unsigned n, const uint16_t *wish)
{
	unsigned hart = hart_for(wish, 0);

	if (irq_desc_claim(n, fn->descs) < 0)
		return -ENOSPC;
	for (unsigned i = 0; i < n; i++) {
		struct irq_desc *desc = fn->descs[i];

		/* Plain MSI is one block, on the hart of its first message. */
		if (i && type == MSI_MSIX)
			hart = hart_for(wish, i);
		irq_desc_init(desc, IRQ_KIND_MSI, hv->sources->chip, hart, 0);
		desc->chip_data = fn;
		desc->index = (uint16_t)i;
		desc->source = MSI_NO_SOURCE;
	}
	return 0;
}

static int alloc_once(const struct msi_hypervisor *hv, struct msi_function *fn, enum msi_type type,
		      unsigned min, unsigned max, const uint16_t *wish)
{
	int held = change_msi_set(hv, fn, type, min, max);
	int rc;

	if (held < 0)
		return held;
	rc = take_descs(hv, fn, type, (unsigned)held, wish);
	if (!rc) {
		rc = bind_all(hv, fn, type, (unsigned)held);
		if (!rc)
			return held;
		put_all(fn, (unsigned)held);
	}
	change_msi_release(hv, fn, type);
	return rc;
}

int hypercall_alloc(const struct msi_hypervisor *hv, struct msi_function *fn, enum msi_type type,
		    unsigned min, unsigned max, const uint16_t *wish)
{
	/* A block may be larger than what is used of it; but not than what the function has. */
	unsigned most = type == MSI_MSI ? MIN(BIT(log2_ceil(max)), fn->msi_count) : max;
	int rc;

	/* QEMU 10.0 ends itself when it is asked for more than it has left. */
	most = MIN(most, hv->sources->available());
	if (most < min)
		return -ENOSPC;
	/* Not enabled from before the change until all is routed. The hypervisor looks at the count. */
	rc = fn->ops->open(fn, most);
	if (!rc)
		rc = alloc_once(hv, fn, type, min, most, wish);
	/* Messages that are no block would be other vectors': one alone always is. */
	if (rc == -EILSEQ) {
		rc = min > 1 ? -ENOSPC : fn->ops->open(fn, 1);
		if (!rc)
			rc = alloc_once(hv, fn, type, 1, 1, wish);
	}
	if (rc < 0)
		return rc;
	fn->held = (uint16_t)rc;
	return (int)MIN((unsigned)rc, max);
}

static void shut_off(struct msi_function *fn)
{
	fn->ops->stop(fn);
	fn->ops->flush(fn);
}

static void give_up(const struct msi_hypervisor *hv, struct msi_function *fn)
{
	/* After a resume that failed there may be none. */
	if (fn->descs[0]->source != MSI_NO_SOURCE)
		hv->sources->unbind(fn->descs, fn->held);
	change_msi_release(hv, fn, fn->ops->type);
}

void hypercall_free(const struct msi_hypervisor *hv, struct msi_function *fn)
{
	/* Not enabled before it is released: messages of a freed source are another's, or end the guest. */
	shut_off(fn);
	for (unsigned i = 0; i < fn->held; i++)
		irq_kill(fn->descs[i]);
	give_up(hv, fn);
	put_all(fn, fn->held);
}

/*
 * Messages that may be lost, none but the hypervisor can write, and only as it grants a set: this one
 * is given back and asked for again. Its vectors stay, but for the numbers of their sources.
 */
static int renew(const struct msi_hypervisor *hv, struct msi_function *fn)
{
	enum msi_type type = fn->ops->type;
	int rc = fn->ops->open(fn, fn->held);

	if (rc)
		return rc;
	give_up(hv, fn);
	rc = change_msi_set(hv, fn, type, fn->held, fn->held);
	if (rc < 0)
		return rc;
	rc = bind_all(hv, fn, type, fn->held);
	if (rc)
		change_msi_release(hv, fn, type);
	return rc == -EILSEQ ? -ENOSPC : rc;
}

static int renew_lost(const struct msi_hypervisor *hv, struct msi_function *fn)
{
	int rc = fn->lost ? renew(hv, fn) : 0;

	fn->lost = rc;
	return rc;
}

int hypercall_enable(const struct msi_hypervisor *hv, struct msi_function *fn)
{
	int rc = renew_lost(hv, fn);

	for (unsigned i = 0; i < fn->count && !rc; i++)
		rc = irq_activate(fn->descs[i]);
	if (!rc) {
		fn->ops->start(fn);
		return 0;
	}
	for (unsigned i = 0; i < fn->count; i++)
		irq_deactivate(fn->descs[i]);
	return rc;
}

void hypercall_disable(struct msi_function *fn)
{
	shut_off(fn);
	for (unsigned i = 0; i < fn->count; i++)
		irq_deactivate(fn->descs[i]);
}

int hypercall_resume(const struct msi_hypervisor *hv, struct msi_function *fn)
{
	int rc = renew_lost(hv, fn);

	for (unsigned i = 0; i < fn->held && !rc; i++)
		rc = irq_resume(fn->descs[i]);
	if (!rc) {
		fn->ops->start(fn);
		return 0;
	}
	for (unsigned i = 0; i < fn->held; i++)
		irq_suspend(fn->descs[i]);
	return rc;
}

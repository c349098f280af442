// SPDX-License-Identifier: Apache-2.0
#include "kernel/msi.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/lib/log.h"
#include "kernel/lib/panic.h"
#include "kernel/smp.h"
#include "kernel/time.h"
#include "platform/platform.h"

_Static_assert(offsetof(struct msi_function, gone) == 0, "irq_desc_put() finds it there");

#define MAX_DOMAINS 8
/* For a drain: longer than an identity that a storm has shut off stays so (kernel/storm.h). */
#define WAIT_MS 2000

static struct {
	uint32_t phandle;
	const struct msi_domain *domain;
} domains[MAX_DOMAINS];
static unsigned nr_domains;

void msi_domain_register(uint32_t phandle, const struct msi_domain *domain)
{
	if (nr_domains == MAX_DOMAINS) {
		log_warn("msi: controller %s is left out: more than %u", domain->name, MAX_DOMAINS);
		return;
	}
	domains[nr_domains].phandle = phandle;
	domains[nr_domains++].domain = domain;
}

const struct msi_domain *msi_domain_find(uint32_t phandle)
{
	for (unsigned i = 0; i < nr_domains; i++)
		if (domains[i].phandle == phandle)
			return domains[i].domain;
	return NULL;
}

const char *msi_type_name(enum msi_type type)
{
	static const char *const names[] = { "none", "MSI-X", "MSI", "INTx" };

	return names[type];
}

static const struct msi_ops *choose_backend(const struct msi_function *fn)
{
	const char *wanted = platform_setting("msi", NULL);
	const struct msi_ops *best = NULL, *ops;

	for_each_table_entry(msi_backend, ops) {
		if (wanted && strcmp(wanted, ops->name))
			continue;
		if (ops->available(fn) && (!best || ops->rating > best->rating))
			best = ops;
	}
	return best;
}

int msi_function_init(struct msi_function *fn)
{
	unsigned messages = MAX(fn->msix_count, fn->msi_count);
	unsigned room = MAX(messages, fn->intx ? 1u : 0u);

	if (messages)
		fn->backend = choose_backend(fn);
	if (!fn->backend && !fn->intx)
		return -ENODEV;
	fn->descs = calloc(room, sizeof(*fn->descs));
	fn->places = calloc(room, sizeof(*fn->places));
	if (fn->backend && fn->backend->array_bytes)
		fn->array = calloc(room, fn->backend->array_bytes);
	if (!fn->descs || !fn->places || (fn->backend && fn->backend->array_bytes && !fn->array)) {
		fn->backend = NULL;
		fn->intx = NULL;
		return -ENOMEM;
	}
	return 0;
}

static const struct msi_function_ops *type_ops(const struct msi_function *fn, enum msi_type type)
{
	return type == MSI_MSIX ? fn->msix_ops : type == MSI_MSI ? fn->msi_ops : fn->intx_ops;
}

static unsigned type_count(const struct msi_function *fn, enum msi_type type)
{
	if (!type_ops(fn, type))
		return 0;
	return type == MSI_MSIX ? fn->msix_count : type == MSI_MSI ? fn->msi_count : 1;
}

static const struct msi_ops *type_backend(const struct msi_function *fn, enum msi_type type)
{
	return type == MSI_INTX ? fn->intx : fn->backend;
}

static bool msi_removed(const struct msi_function *fn)
{
	return atomic_load_explicit(&fn->removed, memory_order_relaxed);
}

static int alloc_type(struct msi_function *fn, enum msi_type type, unsigned min, unsigned max,
		      const uint16_t *wish)
{
	const struct msi_ops *by = type_backend(fn, type);
	unsigned count = type_count(fn, type);
	int rc;

	if (!count || !by)
		return -ENODEV;
	if (min > count)
		return -ENOSPC;
	fn->ops = type_ops(fn, type);
	fn->maskable = fn->ops->can_mask(fn);
	atomic_store_explicit(&fn->flat,
			      type == MSI_MSIX && fn->entries && fn->domain &&
				      fn->domain->addresses && !msi_removed(fn),
			      memory_order_relaxed);
	fn->by = by;
	rc = by->alloc(fn, type, min, MIN(max, count), wish);
	if (rc < 0)
		fn->ops = NULL;
	else
		fn->count = (uint16_t)rc;
	return rc;
}

struct attempt {
	struct msi_function *fn;
	enum msi_type type;
	unsigned min, max;
	const uint16_t *wish;
	int rc;
};

static bool ends(void *arg)
{
	struct attempt *a = arg;

	a->rc = alloc_type(a->fn, a->type, a->min, a->max, a->wish);
	return a->rc != -EAGAIN;
}

/* Until drains or others have given back what is missing, or it is certain that they will not. */
static int wait_for_places(struct msi_function *fn, enum msi_type type, unsigned min, unsigned max,
			   const uint16_t *wish)
{
	struct attempt attempt = { fn, type, min, max, wish, -EAGAIN };

	time_wait(ends, &attempt, WAIT_MS);
	return attempt.rc;
}

int msi_alloc(struct msi_function *fn, unsigned min, unsigned max, unsigned flags,
	      const uint16_t *wish)
{
	static const struct {
		enum msi_type type;
		unsigned flag;
	} order[] = { { MSI_MSIX, MSI_ALLOW_MSIX },
		      { MSI_MSI, MSI_ALLOW_MSI },
		      { MSI_INTX, MSI_ALLOW_INTX } };
	int rc = -ENODEV;

	if (!fn->backend && !fn->intx)
		return -ENODEV;
	if (!(flags & MSI_ALLOW_ANY))
		flags |= MSI_ALLOW_MSIX | MSI_ALLOW_MSI;
	if (!min || min > max || fn->count)
		return -EINVAL;
	msi_check_enter(fn);
	for (unsigned i = 0; i < ARRAY_SIZE(order) && rc < 0; i++) {
		int got;

		if (!(flags & order[i].flag))
			continue;
		got = alloc_type(fn, order[i].type, min, max, wish);
		if (got == -EAGAIN && (flags & MSI_WAIT))
			got = wait_for_places(fn, order[i].type, min, max, wish);
		/* "not this type" does not hide why a type that exists failed */
		if (got != -ENODEV)
			rc = got;
	}
	msi_check_leave(fn);
	return rc;
}

void msi_free(struct msi_function *fn)
{
	if (!fn->count)
		return;
	/* It waits for running handlers: its own would never end. */
	assert(!in_handler());
	msi_check_enter(fn);
	fn->by->free(fn);
	fn->enabled = false;
	fn->suspended = false;
	fn->lost = false;
	fn->count = 0;
	fn->held = 0;
	fn->ops = NULL;
	msi_check_leave(fn);
}

int msi_enable(struct msi_function *fn)
{
	int rc;

	if (!fn->count)
		return -EINVAL;
	if (fn->suspended)
		return -EBUSY;
	if (fn->enabled)
		return 0;
	for (unsigned i = 0; i < fn->count; i++)
		if (!fn->descs[i]->handler)
			return -EINVAL;
	msi_check_enter(fn);
	rc = fn->by->enable(fn);
	fn->enabled = !rc;
	msi_check_leave(fn);
	return rc;
}

void msi_disable(struct msi_function *fn)
{
	if (fn->suspended)
		msi_suspend_ends(fn);
	if (!fn->enabled)
		return;
	msi_check_enter(fn);
	fn->by->disable(fn);
	fn->enabled = false;
	msi_check_leave(fn);
}

static bool is_drained(void *arg)
{
	const struct irq_desc *desc = arg;

	/* acquire: pairs with irq_desc_put() */
	return atomic_load_explicit(&desc->places, memory_order_acquire) == 1;
}

int msi_drain(struct msi_function *fn, unsigned i)
{
	assert(i < fn->count);
	return time_wait(is_drained, fn->descs[i], WAIT_MS) ? 0 : -ETIMEDOUT;
}

int msi_query(struct msi_function *fn, enum msi_type type)
{
	const struct msi_ops *by = type_backend(fn, type);

	if (!by || !type_count(fn, type))
		return -ENODEV;
	return by->query(fn, type);
}

uint64_t msi_handled(const struct msi_function *fn, unsigned i)
{
	return i < fn->count ? irq_handled(fn->descs[i]) : 0;
}

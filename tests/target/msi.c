// SPDX-License-Identifier: Apache-2.0
/* The MSI contract (docs/msi.md M1 to M6) on whatever functions this machine has. */
#include "kernel/msi.h"

#include <errno.h>

#include "drivers/pci/pci.h"
#include "kernel/smp.h"
#include "kernel/time.h"
#include "tests/target/test.h"

#define TIMEOUT_MS 5000

/* INTx alone makes a backend, but no messages. */
static bool has_messages(const struct pci_function *fn)
{
	return fn->msi.backend && (fn->msi.msix_ops || fn->msi.msi_ops);
}

/* A function whose vectors nobody uses: free to allocate. */
static struct pci_function *unused_function(void)
{
	struct pci_function *fn = pci_first();

	while (fn && (fn->driver || !fn->usable || !has_messages(fn) || fn->msi.count))
		fn = fn->next;
	return fn;
}

/* The same, where messages name places, and so the kernel can send them itself. */
static struct pci_function *unused_composed(void)
{
	struct pci_function *fn = unused_function();

	return fn && msi_names_places(&fn->msi) ? fn : NULL;
}

#define SKIP_UNLESS_COMPOSED(fn) \
	SKIP_IF(!(fn), "%s", unused_function() ? "messages name no place" : why_none())

static const char *why_none(void)
{
	for (const struct pci_function *fn = pci_first(); fn; fn = fn->next)
		if (has_messages(fn))
			return "no function without driver";
	return "this machine has no MSI";
}

struct expectation {
	struct pci_function *fn;
	unsigned vector;
	uint64_t handled;
};

static bool reached(void *arg)
{
	const struct expectation *e = arg;

	return msi_handled(&e->fn->msi, e->vector) >= e->handled;
}

/* And the handler is over: what comes then is not latched for the hart that ran it. */
static bool reached_and_over(void *arg)
{
	const struct expectation *e = arg;
	const struct irq_desc *desc = e->fn->msi.descs[e->vector];

	/* acquire: the counter that is read then is of after the handler */
	return !(atomic_load_explicit(&desc->state, memory_order_acquire) & IRQ_RUN) &&
	       reached(arg);
}

static bool handled_becomes(struct pci_function *fn, unsigned vector, uint64_t handled)
{
	struct expectation e = { fn, vector, handled };

	return time_wait(reached_and_over, &e, TIMEOUT_MS) &&
	       msi_handled(&fn->msi, vector) == handled;
}

static bool stays(struct pci_function *fn, unsigned vector, uint64_t handled)
{
	struct expectation e = { fn, vector, handled + 1 };

	return !time_wait(reached, &e, 20);
}

static bool can_raise(struct pci_function *fn, unsigned vector)
{
	uint64_t before = msi_handled(&fn->msi, vector);

	return !fn->driver->raise(fn, vector) && handled_becomes(fn, vector, before + 1);
}

/* A driven function of the type, and the last of its vectors that it can raise. */
static struct pci_function *raiser(enum msi_type type, unsigned *vector)
{
	for (struct pci_function *fn = pci_first(); fn; fn = fn->next) {
		if (!fn->driver || !fn->driver->raise || !fn->msi.enabled ||
		    fn->msi.ops->type != type)
			continue;
		for (*vector = fn->msi.count; (*vector)-- > 0;)
			if (can_raise(fn, *vector))
				return fn;
	}
	return NULL;
}

static void nothing(void *arg)
{
	(void)arg;
}

TEST(msi, bad_sizes_are_refused)
{
	struct pci_function *fn = unused_function();

	SKIP_IF(!fn, "%s", why_none());
	CHECK_EQ(msi_alloc(&fn->msi, 0, 1, 0, NULL), -EINVAL);
	CHECK_EQ(msi_alloc(&fn->msi, 2, 1, 0, NULL), -EINVAL);
	CHECK_EQ(msi_alloc(&fn->msi, 2049, 4096, 0, NULL), -ENOSPC);
	CHECK_EQ(fn->msi.count, 0);
	CHECK_EQ(msi_enable(&fn->msi), -EINVAL);
}

TEST(msi, set_is_granted_spread_and_freed)
{
	struct pci_function *fn = unused_function();
	bool spread = false;
	int got;

	SKIP_IF(!fn, "%s", why_none());
	SKIP_IF(fn->msi.msix_count < smp_count(),
		"the function has fewer vectors than the machine harts");
	got = msi_alloc(&fn->msi, 1, smp_count(), MSI_ALLOW_MSIX, NULL);
	CHECK_EQ(got, smp_count());
	CHECK_EQ(msi_alloc(&fn->msi, 1, 1, 0, NULL), -EINVAL);
	for (int i = 0; i < got; i++) {
		const struct irq_desc *desc = fn->msi.descs[i];

		spread = spread || desc->hart != fn->msi.descs[0]->hart;
		CHECK(desc->identity || !msi_names_places(&fn->msi));
	}
	/* The least loaded first: what two harts differ in may be more than the set is large. */
	CHECK(spread || smp_online_count() <= 2);
	/* Not every vector has a handler yet. */
	CHECK_EQ(msi_enable(&fn->msi), -EINVAL);
	for (int i = 0; i < got; i++)
		CHECK_EQ(msi_request(&fn->msi, (unsigned)i, nothing, NULL, "test"), 0);
	CHECK_EQ(msi_request(&fn->msi, (unsigned)got, nothing, NULL, "test"), -EINVAL);
	CHECK_EQ(msi_enable(&fn->msi), 0);
	CHECK_EQ(msi_request(&fn->msi, 0, nothing, NULL, "test"), -EBUSY);
	msi_free(&fn->msi);
	CHECK_EQ(fn->msi.count, 0);
}

TEST(msi, wish_is_kept)
{
	struct pci_function *fn = unused_function();
	unsigned other = smp_next_online(smp_index());
	uint16_t wish = (uint16_t)other;

	SKIP_IF(!fn, "%s", why_none());
	CHECK_EQ(msi_alloc(&fn->msi, 1, 1, 0, &wish), 1);
	CHECK_EQ(fn->msi.descs[0]->hart, other);
	msi_free(&fn->msi);
}

TEST(msi, registers_hold_the_composed_message)
{
	struct pci_function *fn = pci_first();
	unsigned seen = 0;

	for (; fn; fn = fn->next) {
		bool sends = fn->msi.enabled && fn->msi.domain && fn->msi.ops->type != MSI_INTX;

		for (unsigned i = 0; sends && i < fn->msi.count; i++, seen++) {
			const struct irq_desc *desc = fn->msi.descs[i];
			struct msi_msg want, got;

			fn->msi.domain->compose(desc->hart, desc->identity, &want);
			fn->msi.ops->read_msg(&fn->msi, i, &got);
			CHECK_EQ(got.address, want.address);
			CHECK_EQ(got.data, want.data);
			CHECK_EQ(fn->msi.ops->masked(&fn->msi, i), 0);
		}
	}
	SKIP_IF(!seen, "no function sends messages of ours");
}

/* By the function; else by the controller of the hypervisor's sources, or by the vector's word alone. */
static bool function_masks(const struct pci_function *fn)
{
	return fn->msi.domain && fn->msi.maskable;
}

TEST(msi, masked_msix_pends_and_comes_once)
{
	unsigned v;
	struct pci_function *fn = raiser(MSI_MSIX, &v);
	uint64_t before;

	SKIP_IF(!fn, "no function that raises MSI-X by itself");
	before = msi_handled(&fn->msi, v);
	msi_mask(&fn->msi, v);
	CHECK(fn->msi.ops->masked(&fn->msi, v) == function_masks(fn));
	CHECK_EQ(fn->driver->raise(fn, v), 0);
	CHECK(stays(fn, v, before));
	CHECK(fn->msi.ops->pending(&fn->msi, v) == function_masks(fn));
	CHECK_EQ(msi_unmask(&fn->msi, v), 0);
	CHECK(handled_becomes(fn, v, before + 1));
	CHECK(!fn->msi.ops->pending(&fn->msi, v));
}

TEST(msi, masked_msi_without_mask_bits_pends_and_comes_once)
{
	unsigned v;
	struct pci_function *fn = raiser(MSI_MSI, &v);
	uint64_t before;

	SKIP_IF(!fn, "no function that raises a plain MSI by itself");
	SKIP_IF(fn->msi.ops->can_mask(&fn->msi), "the function has mask bits");
	before = msi_handled(&fn->msi, v);
	msi_mask(&fn->msi, v);
	for (unsigned i = 0; i < 3; i++) {
		CHECK_EQ(fn->driver->raise(fn, v), 0);
		CHECK(stays(fn, v, before));
	}
	CHECK_EQ(msi_unmask(&fn->msi, v), 0);
	CHECK(handled_becomes(fn, v, before + 1));
	CHECK_EQ(fn->driver->raise(fn, v), 0);
	CHECK(handled_becomes(fn, v, before + 2));
}

TEST(msi, moves_to_every_hart_and_back)
{
	unsigned v;
	struct pci_function *fn = raiser(MSI_MSIX, &v);
	unsigned home;

	SKIP_IF(!fn, "no function that raises MSI-X by itself");
	SKIP_IF(smp_count() < 2, "one hart");
	home = fn->msi.descs[v]->hart;
	for (unsigned i = 1; i <= smp_count(); i++) {
		unsigned to = (home + i) % smp_count();
		const struct irq_desc *desc = fn->msi.descs[v];
		uint64_t before = msi_handled(&fn->msi, v), there = desc->handled[to];

		if (!smp_online(to))
			continue;
		CHECK_EQ(msi_set_affinity(&fn->msi, v, to), 0);
		CHECK_EQ(desc->hart, to);
		for (unsigned n = 1; n <= 10; n++) {
			CHECK_EQ(fn->driver->raise(fn, v), 0);
			CHECK(handled_becomes(fn, v, before + n));
		}
		CHECK_EQ(desc->handled[to] - there, 10);
	}
	CHECK_EQ(msi_set_affinity(&fn->msi, v, smp_count()), -ENODEV);
}

/* Places that were left come back: -EAGAIN is not for long. */
static int move_to(struct pci_function *fn, unsigned v, unsigned hart)
{
	uint64_t start = time_ns();
	int rc;

	do
		rc = msi_set_affinity(&fn->msi, v, hart);
	while (rc == -EAGAIN && time_ns() - start < TIMEOUT_MS * 1000000ull);
	return rc;
}

/* Each raise is on its way, or at the old hart, when the vector moves: none is lost or comes twice. */
TEST(msi, unmaskable_vector_moves_while_enabled)
{
	unsigned v, others;
	struct pci_function *fn = raiser(MSI_MSI, &v);
	const struct irq_desc *desc;
	uint64_t before;

	SKIP_IF(!fn, "no function that raises a plain MSI by itself");
	SKIP_IF(!fn->msi.domain, "the hypervisor's source moves, the message stays");
	SKIP_IF(fn->msi.ops->can_mask(&fn->msi), "the function has mask bits");
	desc = fn->msi.descs[v];
	others = fn->msi.held - 1u;
	SKIP_IF(smp_next_online(desc->hart) == desc->hart, "one hart");
	for (unsigned i = 1; i <= 100; i++) {
		unsigned to = smp_next_online(desc->hart);
		uint64_t there;

		before = msi_handled(&fn->msi, v);
		CHECK_EQ(fn->driver->raise(fn, v), 0);
		CHECK_EQ(move_to(fn, v, to), others);
		CHECK(handled_becomes(fn, v, before + 1));
		CHECK_EQ(desc->hart, to);
		there = desc->handled[to];
		CHECK_EQ(fn->driver->raise(fn, v), 0);
		CHECK(handled_becomes(fn, v, before + 2));
		CHECK_EQ(desc->handled[to] - there, 1);
	}
	before = msi_handled(&fn->msi, v);
	CHECK(stays(fn, v, before));
	CHECK_EQ(msi_set_affinity(&fn->msi, v, smp_count()), -ENODEV);
}

struct reraise {
	struct pci_function *fn;
	unsigned runs, inside;
	bool concurrent;
};

static void reraise(void *arg)
{
	struct reraise *r = arg;
	const struct irq_desc *desc = r->fn->msi.descs[0];

	r->concurrent |= r->inside++ > 0;
	if (++r->runs < 5)
		r->fn->msi.domain->send(desc->hart, desc->identity);
	r->inside--;
}

TEST(msi, event_during_the_handler_runs_it_again)
{
	struct pci_function *fn = unused_composed();
	struct reraise r = { .fn = fn };

	SKIP_UNLESS_COMPOSED(fn);
	CHECK_EQ(msi_alloc(&fn->msi, 1, 1, 0, NULL), 1);
	CHECK_EQ(msi_request(&fn->msi, 0, reraise, &r, "test"), 0);
	CHECK_EQ(msi_enable(&fn->msi), 0);
	fn->msi.domain->send(fn->msi.descs[0]->hart, fn->msi.descs[0]->identity);
	CHECK(handled_becomes(fn, 0, 5));
	CHECK(!r.concurrent);
	msi_free(&fn->msi);
}

static void count_run(void *arg)
{
	++*(unsigned *)arg;
}

/* Allocated and asked for, but not enabled: what arrives is counted, and no handler runs. */
TEST(msi, arrival_before_enable_is_spurious)
{
	struct pci_function *fn = unused_composed();
	const struct irq_desc *desc;
	unsigned runs = 0;

	SKIP_UNLESS_COMPOSED(fn);
	CHECK_EQ(msi_alloc(&fn->msi, 1, 1, 0, NULL), 1);
	CHECK_EQ(msi_request(&fn->msi, 0, count_run, &runs, "test"), 0);
	desc = fn->msi.descs[0];
	fn->msi.domain->send(desc->hart, desc->identity);
	for (uint64_t start = time_ns(); time_ns() - start < 1000000000ull;)
		if (atomic_load(&desc->spurious))
			break;
	CHECK_EQ(atomic_load(&desc->spurious), 1);
	CHECK_EQ(runs, 0);
	CHECK_EQ(msi_enable(&fn->msi), 0);
	fn->msi.domain->send(desc->hart, desc->identity);
	CHECK(handled_becomes(fn, 0, 1));
	CHECK_EQ(runs, 1);
	msi_free(&fn->msi);
}

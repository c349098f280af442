// SPDX-License-Identifier: Apache-2.0
/* The backend `sbi` under its hypervisor (docs/sbi-msi.md): what it costs in exits, and what is refused. */
#include <errno.h>
#include <string.h>

#include "arch/sbi.h"
#include "drivers/pci/pci.h"
#include "kernel/lib/bits.h"
#include "kernel/msi.h"
#include "kernel/smp.h"
#include "kernel/time.h"
#include "tests/target/test.h"

#define TIMEOUT_MS  10000
#define IGB_VECTORS 10

static bool is_guest(const struct pci_function *fn)
{
	return fn->msi.backend && !strcmp(fn->msi.backend->name, "sbi");
}

static bool any_guest(void)
{
	const struct pci_function *fn = pci_first();

	while (fn && !is_guest(fn))
		fn = fn->next;
	return fn && sbi_has(SBI_EXT_COUNTERS);
}

#define SKIP_UNLESS_GUEST() SKIP_IF(!any_guest(), "no hypervisor has the functions' messages")

static uint64_t counter(unsigned hart, unsigned i)
{
	return (uint64_t)sbi_call(SBI_EXT_COUNTERS, SBI_COUNTERS_READ, smp_hart(hart)->hart_id, i,
				  0)
		.value;
}

/* Of all harts, this one last: it counts the calls that ask for the others, and all these calls. */
static uint64_t exits(void)
{
	uint64_t sum = 0;

	for (unsigned i = smp_index() + 1; i != smp_index() + smp_count() + 1; i++)
		sum += counter(i % smp_count(), SBI_COUNTER_EXITS);
	return sum;
}

/* Since exits() said `before`, but for what it costs itself. */
static int64_t exits_since(uint64_t before)
{
	return (int64_t)(exits() - before - smp_count());
}

static void nothing(void *arg)
{
	(void)arg;
}

static struct pci_function *unused_msix(void)
{
	struct pci_function *fn = pci_first();

	while (fn &&
	       (fn->driver || !fn->usable || !is_guest(fn) || !fn->msi.msix_ops || fn->msi.count))
		fn = fn->next;
	return fn;
}

/* A driven function that raises vector 0 by MSI-X, and registers of its own for it. */
static struct pci_function *raiser(void)
{
	struct pci_function *fn = pci_first();

	while (fn && !(fn->driver && fn->driver->raise && fn->msi.enabled &&
		       fn->msi.ops->type == MSI_MSIX && is_guest(fn)))
		fn = fn->next;
	return fn;
}

static bool handled_becomes(const struct pci_function *fn, unsigned i, uint64_t handled)
{
	uint32_t start = time_ms();

	while (msi_handled(&fn->msi, i) != handled)
		if (time_ms() - start > TIMEOUT_MS)
			return false;
	return true;
}

TEST(sbi, set_of_any_size_is_one_exit)
{
	struct pci_function *fn = unused_msix();
	unsigned sizes[] = { 1, 2, 0 };
	uint64_t before;

	SKIP_UNLESS_GUEST();
	SKIP_IF(!fn, "no MSI-X function without driver");
	sizes[2] = fn->msi.msix_count;
	for (unsigned s = 0; s < ARRAY_SIZE(sizes) && sizes[s] <= fn->msi.msix_count; s++) {
		unsigned n = sizes[s];

		before = exits();
		CHECK_EQ(msi_alloc(&fn->msi, n, n, MSI_ALLOW_MSIX | MSI_WAIT, NULL), n);
		CHECK_EQ(exits_since(before), 1);
		for (unsigned i = 0; i < n; i++)
			CHECK_EQ(msi_request(&fn->msi, i, nothing, NULL, "test"), 0);
		before = exits();
		CHECK_EQ(msi_enable(&fn->msi), 0);
		CHECK_EQ(exits_since(before), 0);
		before = exits();
		msi_free(&fn->msi);
		CHECK_EQ(exits_since(before), 1);
	}
}

TEST(sbi, interrupts_masks_and_moves)
{
	struct pci_function *fn = raiser();
	unsigned home;
	uint64_t before, handled;

	SKIP_UNLESS_GUEST();
	SKIP_IF(!fn, "no function that raises MSI-X by itself");
	home = fn->msi.descs[0]->hart;
	handled = msi_handled(&fn->msi, 0);
	before = exits();
	for (unsigned i = 0; i < 100; i++) {
		CHECK_EQ(fn->driver->raise(fn, 0), 0);
		CHECK(handled_becomes(fn, 0, ++handled));
	}
	CHECK_EQ(exits_since(before), 0);
	before = exits();
	msi_mask(&fn->msi, 0);
	CHECK_EQ(fn->driver->raise(fn, 0), 0);
	CHECK_EQ(msi_unmask(&fn->msi, 0), 0);
	CHECK(handled_becomes(fn, 0, ++handled));
	CHECK_EQ(exits_since(before), 0);
	SKIP_IF(smp_next_online(home) == home, "one hart");
	before = exits();
	CHECK_EQ(msi_set_affinity(&fn->msi, 0, smp_next_online(home)), 0);
	CHECK_EQ(exits_since(before), 1);
	CHECK_EQ(msi_set_affinity(&fn->msi, 0, home), 0);
}

/* Each is handled once, at the hart where its vector is; a move is the only exit. */
TEST(sbi, ten_thousand_of_igb_over_all_harts)
{
	struct pci_function *fn = pci_first();
	uint64_t before, handled[IGB_VECTORS];
	unsigned moves = 0;

	SKIP_UNLESS_GUEST();
	while (fn && !(fn->driver && !strcmp(fn->driver->name, "igb") && fn->msi.enabled))
		fn = fn->next;
	SKIP_IF(!fn || fn->msi.count > IGB_VECTORS, "no igb");
	for (unsigned i = 0; i < fn->msi.count; i++)
		handled[i] = msi_handled(&fn->msi, i);
	before = exits();
	for (unsigned n = 0; n < 10000; n++) {
		unsigned v = n % fn->msi.count;
		const struct irq_desc *desc = fn->msi.descs[v];
		unsigned hart = desc->hart;
		uint64_t there;

		if (n % 3 == 0 && smp_next_online(hart) != hart) {
			hart = smp_next_online(hart);
			CHECK_EQ(msi_set_affinity(&fn->msi, v, hart), 0);
			moves++;
		}
		there = desc->handled[hart];
		CHECK_EQ(fn->driver->raise(fn, v), 0);
		CHECK(handled_becomes(fn, v, ++handled[v]));
		CHECK_EQ(desc->handled[hart] - there, 1);
	}
	CHECK_EQ(exits_since(before), moves);
	for (unsigned i = 0; i < fn->msi.count; i++)
		CHECK_EQ(msi_handled(&fn->msi, i), handled[i]);
}

/* The hypervisor's mask: the function keeps the event until it is taken away. */
TEST(sbi, mask_call_holds_the_function_back)
{
	struct pci_function *fn = raiser();
	unsigned long bdf;
	struct sbiret ret;
	uint64_t handled;

	SKIP_UNLESS_GUEST();
	SKIP_IF(!fn, "no function that raises MSI-X by itself");
	bdf = (unsigned long)fn->msi.segment << 16 | fn->msi.rid;
	handled = msi_handled(&fn->msi, 0);
	CHECK_EQ(sbi_call5(SBI_EXT_MSI, SBI_MSI_MASK, bdf, 0, 1, 1, 0).error, SBI_SUCCESS);
	CHECK_EQ(fn->driver->raise(fn, 0), 0);
	CHECK(fn->msi.ops->masked(&fn->msi, 0) && fn->msi.ops->pending(&fn->msi, 0));
	ret = sbi_call(SBI_EXT_MSI, SBI_MSI_GET, bdf, 0, 0);
	CHECK_EQ(ret.error, SBI_SUCCESS);
	CHECK_EQ(ret.value,
		 (long)(fn->msi.descs[0]->identity | SBI_MSI_GET_MASKED | SBI_MSI_GET_PENDING |
			FIELD_PREP(SBI_MSI_GET_HART, smp_hart(fn->msi.descs[0]->hart)->hart_id)));
	CHECK_EQ(msi_handled(&fn->msi, 0), handled);
	CHECK_EQ(sbi_call5(SBI_EXT_MSI, SBI_MSI_MASK, bdf, 0, 1, 0, 0).error, SBI_SUCCESS);
	CHECK(handled_becomes(fn, 0, handled + 1));
	CHECK(!fn->msi.ops->pending(&fn->msi, 0));
}

static long change(unsigned long bdf, unsigned long n, uint64_t array)
{
	return sbi_call5(SBI_EXT_MSI, SBI_MSI_CHANGE, bdf, SBI_MSI_TYPE_MSIX, 1, n, array).error;
}

static uint64_t entry(uint64_t index, uint64_t hart_id, uint64_t eiid)
{
	return FIELD_PREP(SBI_MSI_ENTRY_INDEX, index) | FIELD_PREP(SBI_MSI_ENTRY_EIID, eiid) |
	       FIELD_PREP(SBI_MSI_ENTRY_HART, hart_id);
}

/* And the function goes on as before. */
TEST(sbi, what_is_wrong_is_refused)
{
	struct pci_function *fn = raiser();
	uint64_t array[2], handled, self = (uintptr_t)array;
	const struct irq_desc *desc;
	unsigned long bdf;

	SKIP_UNLESS_GUEST();
	SKIP_IF(!fn, "no function that raises MSI-X by itself");
	bdf = (unsigned long)fn->msi.segment << 16 | fn->msi.rid;
	desc = fn->msi.descs[0];
	array[0] = entry(0, this_hart()->hart_id, desc->identity);
	array[1] = array[0];
	/* Functions: none, another segment's, and a number too long. */
	CHECK_EQ(change(0xfff8, 1, self), SBI_ERR_DENIED);
	CHECK_EQ(change(bdf ^ 1ul << 31, 1, self), SBI_ERR_DENIED);
	CHECK_EQ(change(bdf | 1ul << 32, 1, self), SBI_ERR_DENIED);
	/* Arrays: registers, the end of the address space, beyond RAM, and not aligned. */
	CHECK_EQ(change(bdf, 1, this_hart()->doorbell), SBI_ERR_INVALID_ADDRESS);
	CHECK_EQ(change(bdf, 1, ~0ul - 7), SBI_ERR_INVALID_ADDRESS);
	CHECK_EQ(change(bdf, 1, 1ul << 55), SBI_ERR_INVALID_ADDRESS);
	CHECK_EQ(change(bdf, 1, self + 4), SBI_ERR_INVALID_ADDRESS);
	/* Counts, an index twice, harts and identities that are nobody's. */
	CHECK_EQ(change(bdf, 0, self), SBI_ERR_INVALID_PARAM);
	CHECK_EQ(change(bdf, 1ul << 61, self), SBI_ERR_INVALID_PARAM);
	CHECK_EQ(change(bdf, 2, self), SBI_ERR_INVALID_PARAM);
	array[0] = entry(0, 4095, desc->identity);
	CHECK_EQ(change(bdf, 1, self), SBI_ERR_INVALID_PARAM);
	array[0] = entry(0, this_hart()->hart_id, 0);
	CHECK_EQ(change(bdf, 1, self), SBI_ERR_INVALID_PARAM);
	array[0] = entry(0, this_hart()->hart_id, 0xffff);
	CHECK_EQ(change(bdf, 1, self), SBI_ERR_INVALID_PARAM);
	CHECK_EQ(
		sbi_call5(SBI_EXT_MSI, SBI_MSI_SET_AFFINITY, bdf, 0, 4095, desc->identity, 0).error,
		SBI_ERR_INVALID_PARAM);
	CHECK_EQ(sbi_call5(SBI_EXT_MSI, SBI_MSI_SET_AFFINITY, bdf, 2048, this_hart()->hart_id, 3, 0)
			 .error,
		 SBI_ERR_INVALID_PARAM);
	CHECK_EQ(sbi_call(SBI_EXT_MSI, 6, bdf, 0, 0).error, SBI_ERR_NOT_SUPPORTED);
	handled = msi_handled(&fn->msi, 0);
	CHECK_EQ(fn->driver->raise(fn, 0), 0);
	CHECK(handled_becomes(fn, 0, handled + 1));
}

// SPDX-License-Identifier: Apache-2.0
#include "drivers/xhci/xhci.h"

#include <errno.h>

#include "kernel/smp.h"
#include "kernel/time.h"
#include "tests/target/raises.h"
#include "tests/target/test.h"

#define RAISES     300
#define TIMEOUT_MS 5000

/* The next one after fn that sends by that type, or NULL. */
static struct pci_function *next_xhci(struct pci_function *fn, enum msi_type type)
{
	for (fn = fn ? fn->next : pci_first(); fn; fn = fn->next)
		if (xhci_of(fn) && fn->msi.enabled && fn->msi.ops->type == type)
			return fn;
	return NULL;
}

/* The first vector that was not exact, of each controller of the type; -1: none. */
static int inexact(enum msi_type type)
{
	int wrong = -1;

	for (struct pci_function *fn = next_xhci(NULL, type); fn && wrong < 0;
	     fn = next_xhci(fn, type))
		wrong = raise_each(fn, RAISES);
	return wrong;
}

TEST(xhci, msix_raises_are_exact)
{
	struct pci_function *fn = next_xhci(NULL, MSI_MSIX);

	SKIP_IF(!fn, "no xHCI with MSI-X on this machine");
	CHECK_EQ(fn->msi.count, fn->msi.msix_count);
	CHECK_EQ(inexact(MSI_MSIX), -1);
}

TEST(xhci, msi_raises_are_exact)
{
	struct pci_function *fn = next_xhci(NULL, MSI_MSI);

	SKIP_IF(!fn, "no xHCI with plain MSI on this machine");
	CHECK_EQ(fn->msi.count, fn->msi.msi_count);
	CHECK_EQ(inexact(MSI_MSI), -1);
}

/* An identity, or the number of a source. */
static unsigned number_of(const struct irq_desc *desc)
{
	return msi_names_places(desc->chip_data) ? desc->identity : desc->source;
}

/* One hart, and numbers that differ in the bits alone that the function fills in. */
static bool is_aligned_block(const struct msi_function *msi)
{
	unsigned hart = msi->descs[0]->hart, base = number_of(msi->descs[0]);

	for (unsigned i = 1; i < msi->count; i++)
		if (msi->descs[i]->hart != hart || number_of(msi->descs[i]) != base + i)
			return false;
	return IS_ALIGNED(base, msi->count);
}

TEST(xhci, messages_are_one_aligned_block)
{
	struct pci_function *fn = next_xhci(NULL, MSI_MSI);

	SKIP_IF(!fn, "no xHCI with plain MSI on this machine");
	CHECK(is_aligned_block(&fn->msi));
}

static int back_to_all(struct pci_function *fn)
{
	return xhci_change_vectors(xhci_of(fn), fn->msi.msi_count);
}

TEST(xhci, smaller_blocks_are_exact)
{
	struct pci_function *fn = next_xhci(NULL, MSI_MSI);

	SKIP_IF(!fn, "no xHCI with plain MSI on this machine");
	for (unsigned max = fn->msi.msi_count / 2; max; max /= 2) {
		CHECK_EQ(xhci_change_vectors(xhci_of(fn), max), max);
		CHECK(is_aligned_block(&fn->msi));
		CHECK_EQ(raise_each(fn, RAISES), -1);
	}
	CHECK_EQ(back_to_all(fn), fn->msi.msi_count);
	CHECK_EQ(raise_each(fn, 1), -1);
}

/* By one message after the other, to each other hart. */
static bool moves_whole(struct pci_function *fn)
{
	const struct msi_function *msi = &fn->msi;

	for (unsigned i = 0; i < smp_count() + 1; i++) {
		unsigned to = smp_next_online(msi->descs[0]->hart);
		uint64_t start = time_ns(), there = msi->descs[0]->handled[to];
		int rc;

		do
			rc = msi_set_affinity(&fn->msi, i % msi->count, to);
		while (rc == -EAGAIN && time_ns() - start < TIMEOUT_MS * 1000000ull);
		if (rc != msi->held - 1 || msi->descs[0]->hart != to || !is_aligned_block(msi) ||
		    raise_each(fn, 20) != -1 || msi->descs[0]->handled[to] - there != 20)
			return false;
	}
	return true;
}

TEST(xhci, blocks_move_whole)
{
	struct pci_function *fn = next_xhci(NULL, MSI_MSI);

	SKIP_IF(!fn, "no xHCI with plain MSI on this machine");
	SKIP_IF(!msi_names_places(&fn->msi),
		"each message is a source of its own, and moves alone");
	SKIP_IF(smp_next_online(smp_index()) == smp_index(), "one hart");
	for (unsigned max = fn->msi.msi_count; max; max /= 2) {
		CHECK_EQ(xhci_change_vectors(xhci_of(fn), max), max);
		CHECK(moves_whole(fn));
	}
	CHECK_EQ(back_to_all(fn), fn->msi.msi_count);
}

/* To a hart of its own each, as far as there are; the others stay. */
static bool moves_alone(struct pci_function *fn)
{
	const struct msi_function *msi = &fn->msi;
	unsigned to = smp_index();

	for (unsigned i = 0; i < msi->count; i++) {
		unsigned next = i + 1 < msi->count ? msi->descs[i + 1]->hart : 0;

		to = smp_next_online(to);
		if (msi_set_affinity(&fn->msi, i, to) || msi->descs[i]->hart != to ||
		    (i + 1 < msi->count && msi->descs[i + 1]->hart != next))
			return false;
	}
	return true;
}

static bool each_comes_to_its_hart(struct pci_function *fn, unsigned raises)
{
	const struct msi_function *msi = &fn->msi;
	uint64_t there[32];

	for (unsigned i = 0; i < msi->count; i++)
		there[i] = msi->descs[i]->handled[msi->descs[i]->hart];
	if (raise_each(fn, raises) != -1)
		return false;
	for (unsigned i = 0; i < msi->count; i++)
		if (msi->descs[i]->handled[msi->descs[i]->hart] - there[i] != raises)
			return false;
	return true;
}

/* Each message is a source, which is led to its hart by itself. */
TEST(xhci, messages_move_one_by_one)
{
	struct pci_function *fn = next_xhci(NULL, MSI_MSI);

	SKIP_IF(!fn, "no xHCI with plain MSI on this machine");
	SKIP_IF(msi_names_places(&fn->msi), "the messages are one block, which moves whole");
	for (unsigned max = fn->msi.msi_count; max; max /= 2) {
		CHECK_EQ(xhci_change_vectors(xhci_of(fn), max), max);
		CHECK(fn->msi.count <= 32 && moves_alone(fn) && each_comes_to_its_hart(fn, RAISES));
	}
	CHECK_EQ(back_to_all(fn), fn->msi.msi_count);
}

struct expectation {
	struct pci_function *fn;
	unsigned message;
	uint64_t handled;
};

static bool reached(void *arg)
{
	const struct expectation *e = arg;

	return msi_handled(&e->fn->msi, e->message) >= e->handled;
}

/* Each interrupter in turn, rounds times: does the message of its number modulo the count come? */
static bool interrupters_fold(struct pci_function *fn, unsigned rounds)
{
	struct xhci *xhci = xhci_of(fn);
	unsigned count = fn->msi.count, n = xhci_interrupters(xhci);

	for (unsigned i = 0; i < rounds * n; i++) {
		unsigned message = i % n % count;
		struct expectation e = { fn, message, msi_handled(&fn->msi, message) + 1 };

		if (xhci_raise_interrupter(xhci, i % n) || !time_wait(reached, &e, TIMEOUT_MS))
			return false;
	}
	/* n is a multiple of count here: each message has come equally often. */
	for (unsigned m = 0; m < count; m++)
		if (msi_handled(&fn->msi, m) != (uint64_t)rounds * n / count)
			return false;
	return true;
}

TEST(xhci, interrupters_share_messages)
{
	struct pci_function *fn = next_xhci(NULL, MSI_MSI);

	SKIP_IF(!fn, "no xHCI with plain MSI on this machine");
	SKIP_IF(!test_parameter("xhci.fold"),
		"QEMU before 10.0 aborts at it: wants the setting xhci.fold=1");
	for (unsigned max = fn->msi.msi_count / 2; max; max /= 2) {
		CHECK_EQ(xhci_change_vectors(xhci_of(fn), max), max);
		CHECK(interrupters_fold(fn, 20));
	}
	CHECK_EQ(back_to_all(fn), fn->msi.msi_count);
}

TEST(xhci, is_removed_and_comes_back)
{
	struct pci_function *fn = next_xhci(NULL, MSI_MSIX);

	SKIP_IF(!fn, "no xHCI with MSI-X on this machine");
	SKIP_IF(msi_query(&fn->msi, fn->msi.ops->type) < (int)fn->msi.count,
		"too few vectors are left");
	CHECK(removed_and_back(fn));
	CHECK_EQ(raise_each(fn, 3), -1);
}

// SPDX-License-Identifier: Apache-2.0
/*
 * The hypercall half of the MSI contract, against a hypervisor that answers what it is told to
 * answer: what none can be made to do on demand. The function is one of ours, too.
 */
#include "drivers/msi/fake.h"

#include <errno.h>

#include "kernel/smp.h"
#include "tests/target/test.h"

#define VECTORS 8

/* What the backend did to the function's registers. */
static struct {
	unsigned opens, messages, written;
	bool enabled;
	bool asleep;        /* in D3hot: its registers are not to be touched, and lost at the end */
	unsigned disturbed; /* accesses while asleep */
	uint32_t pending;   /* events that it holds back, bit i vector i */
} device;

static int open_it(struct msi_function *fn, unsigned count)
{
	(void)fn;
	device.disturbed += device.asleep;
	device.opens++;
	device.messages = count;
	device.enabled = false;
	return 0;
}

static void start(struct msi_function *fn)
{
	(void)fn;
	device.disturbed += device.asleep;
	device.enabled = true;
}

static void stop(struct msi_function *fn)
{
	(void)fn;
	device.disturbed += device.asleep;
	device.enabled = false;
}

static void flush(struct msi_function *fn)
{
	(void)fn;
	device.disturbed += device.asleep;
}

static bool pending(struct msi_function *fn, unsigned i)
{
	(void)fn;
	device.disturbed += device.asleep;
	return device.pending >> i & 1;
}

static int write_msg(struct msi_function *fn, unsigned i, const struct msi_msg *msg)
{
	(void)fn;
	(void)i;
	(void)msg;
	device.written++;
	return 0;
}

static bool can_mask(const struct msi_function *fn)
{
	(void)fn;
	return true;
}

#define OPS(type_)                                                                           \
	{                                                                                    \
		.type = type_, .write_msg = write_msg, .can_mask = can_mask, .start = start, \
		.stop = stop, .flush = flush, .open = open_it, .pending = pending            \
	}
static const struct msi_function_ops msix_ops = OPS(MSI_MSIX), msi_ops = OPS(MSI_MSI);

static struct msi_function *fn;
static unsigned runs[VECTORS];

static void count(void *arg)
{
	++*(unsigned *)arg;
}

/* Once for all tests: what msi_function_init() takes is the function's for good. */
static struct msi_function *fresh_function(void)
{
	static struct msi_function function = {
		.name = "fake",
		.msix_ops = &msix_ops,
		.msi_ops = &msi_ops,
		.msix_count = VECTORS,
		.msi_count = VECTORS,
		.address_limit = UINT64_MAX,
	};
	static bool ready;

	fake_hypervisor_reset();
	fake_hypervisor_adopt(&function);
	if (!ready && msi_function_init(&function))
		return NULL;
	ready = true;
	device.opens = device.written = device.pending = 0;
	for (unsigned i = 0; i < VECTORS; i++)
		runs[i] = 0;
	return &function;
}

#define FRESH_FUNCTION()                                                          \
	do {                                                                      \
		fn = fresh_function();                                            \
		SKIP_IF(!fn, "the boot setting msi leaves the fake backend out"); \
	} while (0)

static bool ask_and_enable(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (msi_request(fn, i, count, &runs[i], "fake"))
			return false;
	return !msi_enable(fn);
}

/* Nothing is held anywhere: no grant, no source, no vector. */
static bool holds_nothing(void)
{
	return !fake_hypervisor.held && !fake_hypervisor_bound() && !fn->count && !device.enabled;
}

TEST(hypercall, one_call_for_the_set)
{
	FRESH_FUNCTION();
	CHECK(fn->backend);
	CHECK_EQ(msi_alloc(fn, VECTORS, VECTORS, MSI_ALLOW_MSIX, NULL), VECTORS);
	CHECK_EQ(fake_hypervisor.changes, 1);
	CHECK_EQ(fake_hypervisor.queries, VECTORS);
	CHECK(!device.enabled);
	CHECK(ask_and_enable(VECTORS));
	CHECK(device.enabled && !device.written);
	for (unsigned i = 0; i < VECTORS; i++)
		CHECK(fake_hypervisor_raise(fn, i) && runs[i] == 1);
	msi_free(fn);
	CHECK(holds_nothing());
	CHECK_EQ(fake_hypervisor.resets, 1);
	CHECK(!fake_hypervisor_raise(fn, 0));
}

TEST(hypercall, sources_start_off_whatever_is_left_in_them)
{
	/* fresh_function() leaves every source on and pending. */
	FRESH_FUNCTION();
	CHECK_EQ(msi_alloc(fn, 2, 2, MSI_ALLOW_MSIX, NULL), 2);
	CHECK(fake_hypervisor_raise(fn, 0));
	CHECK(ask_and_enable(2));
	/* The one that was raised meanwhile was latched; the old one is gone. */
	CHECK(runs[0] == 1 && !runs[1]);
	msi_free(fn);
	CHECK(holds_nothing());
}

TEST(hypercall, masked_source_comes_once_at_unmask)
{
	FRESH_FUNCTION();
	CHECK_EQ(msi_alloc(fn, 1, 1, MSI_ALLOW_MSIX, NULL), 1);
	CHECK(ask_and_enable(1));
	msi_mask(fn, 0);
	for (unsigned i = 0; i < 3; i++)
		CHECK(fake_hypervisor_raise(fn, 0) && !runs[0]);
	CHECK_EQ(msi_unmask(fn, 0), 0);
	CHECK_EQ(runs[0], 1);
	msi_free(fn);
}

/* -2 and 9900: waits as told, and goes on with the number that it was given. */
TEST(hypercall, busy_is_repeated_with_the_next_sequence_number)
{
	static const struct {
		int32_t status;
		unsigned ms;
	} busy[] = { { PAPR_BUSY, 1 }, { 9900, 1 }, { 9901, 10 }, { 9902, 100 }, { 9903, 1000 } };

	for (unsigned i = 0; i < sizeof(busy) / sizeof(*busy); i++) {
		FRESH_FUNCTION();
		fake_hypervisor.busy = 4;
		fake_hypervisor.busy_status = busy[i].status;
		CHECK_EQ(msi_alloc(fn, 3, 3, MSI_ALLOW_MSIX, NULL), 3);
		CHECK_EQ(fake_hypervisor.wrong_sequences, 0);
		CHECK_EQ(fake_hypervisor.waited_ms, 4 * busy[i].ms);
		CHECK_EQ(fake_hypervisor.changes, 5);
		msi_free(fn);
		CHECK(holds_nothing());
	}
}

TEST(hypercall, busy_for_ever_is_aborted)
{
	FRESH_FUNCTION();
	fake_hypervisor.busy = 1000;
	fake_hypervisor.busy_status = PAPR_EXTENDED_BUSY_LAST;
	CHECK_EQ(msi_alloc(fn, 1, 1, MSI_ALLOW_MSIX, NULL), -EAGAIN);
	/* 100 s twice, and no third time */
	CHECK_EQ(fake_hypervisor.waited_ms, 200000);
	CHECK(fake_hypervisor.resets >= 1);
	CHECK(holds_nothing());
}

TEST(hypercall, partial_grants)
{
	for (unsigned holds = 0; holds < 2; holds++) {
		FRESH_FUNCTION();
		fake_hypervisor.partial_holds = holds;
		fake_hypervisor.room = 5;
		CHECK_EQ(msi_alloc(fn, 6, VECTORS, MSI_ALLOW_MSIX, NULL), -ENOSPC);
		CHECK(holds_nothing());
		CHECK_EQ(msi_alloc(fn, 2, VECTORS, MSI_ALLOW_MSIX, NULL), 5);
		CHECK_EQ(fake_hypervisor.held, 5);
		CHECK(ask_and_enable(5));
		for (unsigned i = 0; i < 5; i++)
			CHECK(fake_hypervisor_raise(fn, i) && runs[i] == 1);
		msi_free(fn);
		CHECK(holds_nothing());
	}
}

/* One that grants all or nothing. */
TEST(hypercall, refused_set_is_asked_for_by_half)
{
	FRESH_FUNCTION();
	fake_hypervisor.all_or_none = 3;
	CHECK_EQ(msi_alloc(fn, 4, VECTORS, MSI_ALLOW_MSIX, NULL), -ENOSPC);
	CHECK_EQ(fake_hypervisor.queries, 0);
	CHECK(holds_nothing());
	CHECK_EQ(msi_alloc(fn, 1, 7, MSI_ALLOW_MSIX, NULL), 3);
	CHECK_EQ(fake_hypervisor.held, 3);
	msi_free(fn);
	CHECK_EQ(msi_alloc(fn, 1, 7, MSI_ALLOW_MSI, NULL), 2);
	msi_free(fn);
	CHECK(holds_nothing());
}

TEST(hypercall, refusals_hold_nothing)
{
	static const struct {
		int32_t status;
		int err;
	} refusals[] = { { PAPR_HARDWARE_ERROR, -ENOSPC },
			 { PAPR_PARAMETER_ERROR, -ENODEV },
			 { -9002, -EIO },
			 { 9906, -EIO },
			 { 1, -EIO } };

	for (unsigned i = 0; i < sizeof(refusals) / sizeof(*refusals); i++) {
		FRESH_FUNCTION();
		fake_hypervisor.refuse = refusals[i].status;
		CHECK_EQ(msi_alloc(fn, 1, 4, MSI_ALLOW_MSIX, NULL), refusals[i].err);
		CHECK(holds_nothing());
	}
}

TEST(hypercall, lost_answer_is_rolled_back)
{
	FRESH_FUNCTION();
	fake_hypervisor.lose_answer = true;
	CHECK_EQ(msi_alloc(fn, 3, 4, MSI_ALLOW_MSIX, NULL), -ENOSPC);
	CHECK_EQ(fake_hypervisor.grants, 2);
	CHECK(holds_nothing());
}

TEST(hypercall, more_than_asked_is_refused)
{
	FRESH_FUNCTION();
	fake_hypervisor.excess = 1;
	CHECK_EQ(msi_alloc(fn, 1, 4, MSI_ALLOW_MSIX, NULL), -EIO);
	CHECK(holds_nothing());
}

TEST(hypercall, failed_query_is_rolled_back)
{
	for (unsigned i = 1; i <= 4; i++) {
		FRESH_FUNCTION();
		fake_hypervisor.bad_query = i;
		CHECK_EQ(msi_alloc(fn, 4, 4, MSI_ALLOW_MSIX, NULL), -EIO);
		CHECK(holds_nothing());
	}
}

TEST(hypercall, release_without_reset)
{
	FRESH_FUNCTION();
	fake_hypervisor.can_reset = false;
	CHECK_EQ(msi_alloc(fn, 4, 4, MSI_ALLOW_MSIX, NULL), 4);
	msi_free(fn);
	CHECK_EQ(fake_hypervisor.releases, 1);
	CHECK(holds_nothing());
}

TEST(hypercall, numbers_need_not_be_neighbours)
{
	FRESH_FUNCTION();
	fake_hypervisor.first = 0x80000001;
	fake_hypervisor.stride = 17;
	CHECK_EQ(msi_alloc(fn, VECTORS, VECTORS, MSI_ALLOW_MSIX, NULL), VECTORS);
	CHECK(ask_and_enable(VECTORS));
	for (unsigned i = 0; i < VECTORS; i++)
		CHECK(fake_hypervisor_raise(fn, i) && runs[i] == 1);
	msi_free(fn);
}

/* Plain MSI: the function puts the message number into the low bits of the base. */
TEST(hypercall, unaligned_block_becomes_one_message)
{
	static const struct {
		unsigned first, stride;
		int granted;
	} grants[] = { { 0x1300, 1, 4 }, { 0x1302, 1, 1 }, { 0x1301, 1, 1 }, { 0x1300, 2, 1 } };

	for (unsigned i = 0; i < sizeof(grants) / sizeof(*grants); i++) {
		FRESH_FUNCTION();
		fake_hypervisor.first = grants[i].first;
		fake_hypervisor.stride = grants[i].stride;
		CHECK_EQ(msi_alloc(fn, 1, 4, MSI_ALLOW_MSI, NULL), grants[i].granted);
		CHECK_EQ(device.messages, grants[i].granted);
		CHECK_EQ(fake_hypervisor.held, grants[i].granted);
		msi_free(fn);
		CHECK(holds_nothing());
		if (grants[i].granted < 4)
			CHECK_EQ(msi_alloc(fn, 2, 4, MSI_ALLOW_MSI, NULL), -ENOSPC);
		CHECK(holds_nothing());
	}
}

TEST(hypercall, three_messages_take_a_block_of_four)
{
	FRESH_FUNCTION();
	CHECK_EQ(msi_alloc(fn, 3, 3, MSI_ALLOW_MSI, NULL), 3);
	CHECK_EQ(fake_hypervisor.held, 4);
	CHECK(ask_and_enable(3));
	msi_free(fn);
	CHECK(holds_nothing());
}

TEST(hypercall, moves_write_no_message)
{
	FRESH_FUNCTION();
	CHECK_EQ(msi_alloc(fn, 2, 2, MSI_ALLOW_MSIX, NULL), 2);
	CHECK(ask_and_enable(2));
	for (unsigned i = 0; i < smp_count(); i++) {
		if (!smp_online(i))
			continue;
		CHECK_EQ(msi_set_affinity(fn, 1, i), 0);
		CHECK(fake_hypervisor_routes(fn, 1, i));
	}
	CHECK_EQ(device.written, 0);
	msi_free(fn);
}

TEST(hypercall, failed_route_leaves_it_where_it_was)
{
	unsigned home;

	FRESH_FUNCTION();
	CHECK_EQ(msi_alloc(fn, 1, 1, MSI_ALLOW_MSIX, NULL), 1);
	fake_hypervisor_fail_routes(1);
	CHECK(!ask_and_enable(1) && !device.enabled);
	CHECK(ask_and_enable(1));
	home = fn->descs[0]->hart;
	fake_hypervisor_fail_routes(1);
	if (smp_next_online(home) != home)
		CHECK_EQ(msi_set_affinity(fn, 0, smp_next_online(home)), -EIO);
	CHECK(fake_hypervisor_routes(fn, 0, home));
	CHECK(fake_hypervisor_raise(fn, 0) && runs[0] == 1);
	msi_free(fn);
	CHECK(holds_nothing());
}

/* D3hot: nothing of the function is touched meanwhile, and what came or was held back comes once. */
TEST(hypercall, suspended_function_is_left_alone)
{
	FRESH_FUNCTION();
	CHECK_EQ(msi_suspend(fn), -EINVAL);
	CHECK_EQ(msi_alloc(fn, 4, 4, MSI_ALLOW_MSIX, NULL), 4);
	CHECK_EQ(msi_suspend(fn), 0);
	CHECK(ask_and_enable(4));
	device.pending = BIT(3);
	device.disturbed = 0;
	CHECK(!msi_suspend(fn) && !device.enabled);
	device.asleep = true;
	CHECK(fake_hypervisor_raise(fn, 0));
	msi_mask(fn, 1);
	CHECK(fake_hypervisor_raise(fn, 1));
	CHECK_EQ(msi_unmask(fn, 1), 0);
	msi_mask(fn, 2);
	CHECK_EQ(msi_set_affinity(fn, 0, smp_next_online(fn->descs[0]->hart)), 0);
	CHECK_EQ(msi_enable(fn), -EBUSY);
	CHECK_EQ(msi_request(fn, 0, count, &runs[0], "again"), -EBUSY);
	CHECK(!runs[0] && !runs[1] && !runs[3] && !device.disturbed);
	device.asleep = false;
	CHECK(!msi_resume(fn) && device.enabled);
	CHECK(runs[0] == 1 && runs[1] == 1 && !runs[2] && runs[3] == 1);
	CHECK(fake_hypervisor_raise(fn, 2) && !runs[2]);
	CHECK(!msi_unmask(fn, 2) && runs[2] == 1);
	CHECK(fake_hypervisor_raise(fn, 0) && runs[0] == 2);
	msi_free(fn);
	CHECK(holds_nothing());
}

TEST(hypercall, suspended_set_ends_by_disable_or_free)
{
	for (unsigned frees = 0; frees < 2; frees++) {
		FRESH_FUNCTION();
		CHECK_EQ(msi_alloc(fn, 2, 2, MSI_ALLOW_MSIX, NULL), 2);
		CHECK(ask_and_enable(2));
		CHECK_EQ(msi_suspend(fn), 0);
		fake_hypervisor_fail_routes(1);
		CHECK(msi_resume(fn) == -EIO && fn->suspended && !device.enabled);
		if (!frees)
			msi_disable(fn);
		CHECK_EQ(fn->suspended, frees);
		if (!frees)
			CHECK(ask_and_enable(2) && fake_hypervisor_raise(fn, 1) && runs[1] == 1);
		msi_free(fn);
		CHECK(holds_nothing() && !fn->suspended);
	}
}

static bool each_comes_once_more(unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		unsigned before = runs[i];

		if (!fake_hypervisor_raise(fn, i) || runs[i] != before + 1)
			return false;
	}
	return true;
}

static bool suspend_and_lose(unsigned n)
{
	bool ok = msi_alloc(fn, n, n, MSI_ALLOW_MSIX, NULL) == (int)n && ask_and_enable(n) &&
		  !msi_suspend(fn) && fake_hypervisor_raise(fn, 0) && !runs[0];

	fake_hypervisor.reset = true;
	return ok;
}

/* A reset costs the function its messages, and no one but the hypervisor writes them: it is asked again. */
TEST(hypercall, lost_messages_are_asked_for_again)
{
	unsigned to;

	FRESH_FUNCTION();
	CHECK(suspend_and_lose(4));
	CHECK(!fake_hypervisor_raise(fn, 1));
	to = smp_next_online(fn->descs[1]->hart);
	CHECK_EQ(msi_set_affinity(fn, 1, to), 0);
	fake_hypervisor.first = 0x1700;
	CHECK_EQ(msi_resume(fn), 0);
	CHECK_EQ(runs[0], 1);
	CHECK(fake_hypervisor.held == 4 && fake_hypervisor.grants == 2 && !device.written);
	CHECK(fn->descs[3]->source == 0x1703 && fake_hypervisor_routes(fn, 1, to));
	CHECK(each_comes_once_more(4));
	msi_free(fn);
	CHECK(holds_nothing());
}

/* Not granted again: suspended, with vectors that have no source; they move, and all may be tried again. */
TEST(hypercall, refused_renewal_can_be_repeated)
{
	unsigned to;

	FRESH_FUNCTION();
	CHECK(suspend_and_lose(3));
	fake_hypervisor.room = 2;
	CHECK(msi_resume(fn) == -ENOSPC && fn->suspended && !device.enabled);
	CHECK(!fake_hypervisor.held && !fake_hypervisor_bound());
	to = smp_next_online(fn->descs[2]->hart);
	CHECK_EQ(msi_set_affinity(fn, 2, to), 0);
	msi_mask(fn, 1);
	fake_hypervisor.room = FAKE_SOURCES;
	for (unsigned i = 1; i <= 3; i++) {
		fake_hypervisor.bad_query = i;
		CHECK(msi_resume(fn) == -EIO && fn->suspended);
		CHECK(!fake_hypervisor.held && !fake_hypervisor_bound());
	}
	fake_hypervisor.bad_query = 0;
	CHECK(!msi_resume(fn) && runs[0] == 1 && fake_hypervisor_routes(fn, 2, to));
	CHECK(fake_hypervisor_raise(fn, 1) && !runs[1]);
	CHECK(!msi_unmask(fn, 1) && runs[1] == 1);
	CHECK(each_comes_once_more(3));
	msi_free(fn);
	CHECK(holds_nothing());
}

/* Disabled while suspended, it is enabled with messages; freed without sources, it holds nothing. */
TEST(hypercall, lost_set_ends_by_disable_or_free)
{
	for (unsigned frees = 0; frees < 2; frees++) {
		FRESH_FUNCTION();
		CHECK(suspend_and_lose(2));
		fake_hypervisor.room = frees ? 0 : FAKE_SOURCES;
		CHECK_EQ(frees ? msi_resume(fn) : 0, frees ? -ENOSPC : 0);
		if (!frees) {
			msi_disable(fn);
			CHECK(ask_and_enable(2) && runs[0] == 1 && each_comes_once_more(2));
			CHECK_EQ(fake_hypervisor.grants, 2);
		}
		msi_free(fn);
		CHECK(holds_nothing() && !fn->suspended && !fn->lost);
	}
}

/* A block that is none any more is refused. */
TEST(hypercall, unaligned_renewal_is_refused)
{
	FRESH_FUNCTION();
	CHECK_EQ(msi_alloc(fn, 4, 4, MSI_ALLOW_MSI, NULL), 4);
	CHECK(ask_and_enable(4) && !msi_suspend(fn));
	fake_hypervisor.first = 0x1302;
	CHECK(msi_resume(fn) == -ENOSPC && fn->suspended && !fake_hypervisor.held);
	fake_hypervisor.first = 0x1304;
	CHECK(!msi_resume(fn) && each_comes_once_more(4));
	msi_free(fn);
	CHECK(holds_nothing());
}

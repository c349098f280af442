// SPDX-License-Identifier: Apache-2.0
/* What is refused, reported and shut off: the sanitizer (docs/msi.md M4) and storms (M6). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arch/irqflags.h"
#include "drivers/pci/hotplug.h"
#include "drivers/pci/pci.h"
#include "kernel/lib/log.h"
#include "kernel/lib/symbols.h"
#include "kernel/mem.h"
#include "kernel/msi.h"
#include "kernel/smp.h"
#include "kernel/storm.h"
#include "kernel/time.h"
#include "tests/target/test.h"

#define TIMEOUT_MS 10000
/* A slow host makes no storm within a millisecond at the first attempt. */
#define STORM_MS 30000

static struct pci_function *unused_function(void)
{
	struct pci_function *fn = pci_first();

	while (fn && (fn->driver || !fn->usable || !fn->msi.backend || !fn->msi.domain ||
		      !fn->msi.msix_ops || fn->msi.count))
		fn = fn->next;
	return fn;
}

static _Atomic unsigned runs;

static void count_run(void *arg)
{
	(void)arg;
	atomic_fetch_add_explicit(&runs, 1, memory_order_relaxed);
}

static bool has_run(void *arg)
{
	return atomic_load_explicit(&runs, memory_order_relaxed) >= *(unsigned *)arg;
}

/* So many vectors of the function, enabled, the first on this hart. */
static bool take_one(struct pci_function *fn, unsigned nr)
{
	uint16_t wish[2] = { (uint16_t)smp_index(), (uint16_t)smp_index() };
	int err = 0;

	atomic_store_explicit(&runs, 0, memory_order_relaxed);
	if (msi_alloc(&fn->msi, nr, nr, MSI_ALLOW_MSIX, wish) != (int)nr)
		return false;
	for (unsigned i = 0; i < nr && !err; i++)
		err = msi_request(&fn->msi, i, count_run, NULL, "guards");
	return !err && !msi_enable(&fn->msi) && fn->msi.descs[0]->hart == smp_index();
}

/* --- the sanitizer --- */

/* There is nothing to be kept from writing. */
static bool hypervisor_writes(void)
{
	const struct pci_function *fn = pci_first();

	while (fn && !(fn->msi.backend && fn->msi.backend->owner))
		fn = fn->next;
	return fn;
}

/* The log's last line, where it ends in the address that it says the call came from. */
static uintptr_t reported_caller(const char *why)
{
	char line[200] = "", next[sizeof(line)];
	const char *from;
	enum log_level level;

	for (unsigned n = 0; log_line(n, &level, next, sizeof(next)) >= 0; n++)
		memcpy(line, next, sizeof(line));
	from = strstr(line, "(called from 0x");
	return strstr(line, why) && from ? strtoul(from + strlen("(called from "), NULL, 16) : 0;
}

/* Refused, counted once, with this function as the caller. */
static __attribute__((noinline)) bool refused(struct pci_function *fn, unsigned i,
					      const struct msi_msg *msg, const char *why)
{
	unsigned before = msi_check_refused();
	int rc = fn->msi.ops->write_msg(&fn->msi, i, msg);
	uint32_t into;
	char name[32];

	return rc == -EPERM && msi_check_refused() == before + 1 &&
	       symbol_of(reported_caller(why), name, sizeof(name), &into) &&
	       !strcmp(name, "refused");
}

TEST(msi, sanitizer_refuses_illegal_writes)
{
	struct pci_function *fn = unused_function();
	struct msi_msg good, other, bad;

	SKIP_IF(hypervisor_writes(), "messages are the hypervisor's");
	SKIP_IF(!fn || fn->msi.msix_count < 2, "no MSI-X function without driver");
	CHECK(take_one(fn, 2));
	fn->msi.domain->compose(fn->msi.descs[0]->hart, fn->msi.descs[0]->identity, &good);
	fn->msi.domain->compose(fn->msi.descs[1]->hart, fn->msi.descs[1]->identity, &other);
	CHECK(refused(fn, 0, &good, "the vector is not masked"));
	msi_mask(&fn->msi, 0);
	CHECK_EQ(fn->msi.ops->write_msg(&fn->msi, 0, &good), 0);
	/* Nobody's identity, then one of the same function but not of this vector. */
	bad = good;
	bad.data = msi_names_places(&fn->msi) ? this_hart()->max_id + 1 : UINT32_MAX;
	CHECK(refused(fn, 0, &bad, "no place of this vector"));
	bad.data = msi_names_places(&fn->msi) ? 0 : good.data + 2;
	CHECK(refused(fn, 0, &bad, "no place of this vector"));
	CHECK(refused(fn, 0, &other, "no place of this vector"));
	/* Not a doorbell: beside one, and RAM. */
	bad = good;
	bad.address += 4;
	CHECK(refused(fn, 0, &bad, "no place of this vector"));
	bad.address = 0x80000000;
	CHECK(refused(fn, 0, &bad, "no place of this vector"));
	CHECK(refused(fn, fn->msi.count, &good, "no such vector is allocated"));
	/* What the function holds is what was written before all this. */
	fn->msi.ops->read_msg(&fn->msi, 0, &bad);
	CHECK_EQ(bad.address, good.address);
	CHECK_EQ(bad.data, good.data);
	msi_free(&fn->msi);
}

/* Half of it would be in the function while it may send: address and data, at once. */
TEST(msi, sanitizer_keeps_unmaskable_messages_whole)
{
	struct pci_function *fn = pci_first();
	struct msi_msg msg, bad;

	SKIP_IF(hypervisor_writes(), "messages are the hypervisor's");
	while (fn && !(fn->msi.enabled && fn->msi.ops->type == MSI_MSI && !fn->msi.maskable))
		fn = fn->next;
	SKIP_IF(!fn, "no function that sends a plain MSI without mask bits");
	fn->msi.ops->read_msg(&fn->msi, 0, &msg);
	bad = (struct msi_msg){ .address = msg.address ^ PAGE_SIZE, .data = msg.data ^ 1 };
	CHECK(refused(fn, 0, &bad, "refused"));
	fn->msi.ops->read_msg(&fn->msi, 0, &bad);
	CHECK_EQ(bad.address, msg.address);
	CHECK_EQ(bad.data, msg.data);
}

/* The steps of a move are one register each, and lead to places of the vector. */
TEST(msi, sanitizer_refuses_illegal_changes)
{
	struct pci_function *fn = pci_first();
	unsigned before = msi_check_refused();
	struct msi_msg now, bad;

	SKIP_IF(hypervisor_writes(), "messages are the hypervisor's");
	while (fn && !(fn->msi.enabled && fn->msi.ops->type == MSI_MSI && !fn->msi.maskable))
		fn = fn->next;
	SKIP_IF(!fn, "no function that sends a plain MSI without mask bits");
	fn->msi.ops->read_msg(&fn->msi, 0, &now);
	bad = (struct msi_msg){ .address = now.address, .data = 1 };
	CHECK_EQ(fn->msi.ops->change_msg(&fn->msi, MSI_PART_DATA, &bad), -EPERM);
	CHECK_EQ(fn->msi.ops->change_msg(&fn->msi, MSI_PART_ADDRESS, &bad), -EPERM);
	bad = (struct msi_msg){ .address = now.address + 4, .data = now.data };
	CHECK_EQ(fn->msi.ops->change_msg(&fn->msi, MSI_PART_DATA, &bad), -EPERM);
	CHECK_EQ(fn->msi.ops->change_msg(&fn->msi, MSI_PART_ADDRESS, &bad), -EPERM);
	CHECK_EQ(msi_check_refused() - before, 4);
	fn->msi.ops->read_msg(&fn->msi, 0, &bad);
	CHECK(bad.address == now.address && bad.data == now.data);
}

/* A function of 32 address bits: a message above them would go somewhere else. */
TEST(msi, sanitizer_knows_what_32_bits_reach)
{
	struct pci_function *fn = pci_first();
	struct msi_msg msg;
	bool ok;

	SKIP_IF(hypervisor_writes(), "messages are the hypervisor's");
	while (fn && !(fn->msi.enabled && fn->msi.ops->type == MSI_MSI && fn->msi.maskable &&
		       fn->msi.address_limit <= UINT32_MAX))
		fn = fn->next;
	SKIP_IF(!fn, "no function that sends 32-bit messages, with mask bits");
	fn->msi.domain->compose(fn->msi.descs[0]->hart, fn->msi.descs[0]->identity, &msg);
	msg.address += 1ull << 32;
	msi_mask(&fn->msi, 0);
	ok = refused(fn, 0, &msg, "the function can't reach the address");
	msi_unmask(&fn->msi, 0);
	CHECK(ok);
}

/* --- storms --- */

struct storm {
	unsigned identity;
	const struct irq_desc *desc;
	bool shut, marked, closed;
	int unmasked;
};

/* Sends to a vector of this hart that is OFF until the hart has had enough; what it says then. */
static void storm_off(struct pci_function *fn, struct storm *storm)
{
	unsigned before = storm_total();
	uint32_t start = time_ms();
	irqflags_t flags;

	while (storm_total() == before && time_ms() - start < STORM_MS)
		fn->msi.domain->send(storm->desc->hart, storm->desc->identity);
	/* With interrupts off the timer can't open it again. */
	flags = irq_save();
	storm->shut = storm_total() != before;
	storm->marked = storm->desc->state & IRQ_STORMED;
	storm->closed = !irq_file->enabled(storm->desc->identity);
	storm->unmasked = msi_unmask(&fn->msi, 0);
	irq_restore(flags);
}

TEST(msi, storm_while_off_is_shut_and_opened_again)
{
	struct pci_function *fn = unused_function();
	struct storm storm;
	unsigned once = 1;

	SKIP_IF(!fn, "no MSI-X function without driver");
	SKIP_IF(!msi_names_places(&fn->msi), "messages name no place");
	CHECK(take_one(fn, 1));
	storm.desc = fn->msi.descs[0];
	/* Again, where the hart was away for so long that it has opened it already. */
	for (unsigned tries = 0; tries < 100; tries++) {
		msi_mask(&fn->msi, 0);
		atomic_store_explicit(&runs, 0, memory_order_relaxed);
		storm_off(fn, &storm);
		if (storm.marked || !storm.shut)
			break;
	}
	CHECK(storm.shut);
	CHECK(storm.marked && storm.closed);
	CHECK_EQ(storm.unmasked, -EAGAIN);
	/* What was latched comes when it is open again. */
	CHECK(time_wait(has_run, &once, TIMEOUT_MS));
	CHECK(!(storm.desc->state & IRQ_STORMED));
	CHECK_EQ(msi_unmask(&fn->msi, 0), 0);
	msi_free(&fn->msi);
}

/* As fast as it goes, each after the one before was handled: as many, and none shut off. */
TEST(msi, storm_while_on_is_never_shut)
{
	struct pci_function *fn = unused_function();
	unsigned storms = storm_total();

	SKIP_IF(!fn, "no MSI-X function without driver");
	SKIP_IF(!msi_names_places(&fn->msi), "messages name no place");
	CHECK(take_one(fn, 1));
	for (unsigned n = 1; n <= 20000; n++) {
		fn->msi.domain->send(fn->msi.descs[0]->hart, fn->msi.descs[0]->identity);
		CHECK(has_run(&n) || time_wait(has_run, &n, TIMEOUT_MS));
	}
	CHECK_EQ(runs, 20000);
	CHECK_EQ(storm_total(), storms);
	msi_free(&fn->msi);
}

/* Somebody that goes on sending to what was freed: another hart plays the function. */
struct sender {
	struct work work;
	const struct msi_domain *domain;
	unsigned hart, identity;
	_Atomic uint32_t stop, started;
};

static int send_on(void *arg)
{
	struct sender *sender = arg;

	while (!atomic_load_explicit(&sender->stop, memory_order_relaxed)) {
		sender->domain->send(sender->hart, sender->identity);
		atomic_store_explicit(&sender->started, 1, memory_order_relaxed);
	}
	return 0;
}

static bool storms_while_sending(const struct sender *sender, unsigned storms)
{
	uint32_t start = time_ms();

	while (storm_total() == storms && time_ms() - start < STORM_MS)
		sender->domain->send(sender->hart, sender->identity);
	return storm_total() != storms;
}

static bool started(void *arg)
{
	return atomic_load_explicit(&((struct sender *)arg)->started, memory_order_relaxed);
}

static bool is_available(void *arg)
{
	const struct msi_domain *domain = ((void **)arg)[0];

	return domain->available() >= *(unsigned *)((void **)arg)[1];
}

TEST(msi, storm_of_a_freed_vector_is_shut)
{
	struct pci_function *fn = unused_function();
	struct sender sender = { .work = { .fn = send_on, .arg = &sender } };
	unsigned storms = storm_total(), before, ran;
	bool stormed;

	SKIP_IF(!fn, "no MSI-X function without driver");
	SKIP_IF(!msi_names_places(&fn->msi), "messages name no place");
	SKIP_IF(smp_online_count() < 2, "one hart");
	before = fn->msi.domain->available();
	CHECK(take_one(fn, 1));
	sender.domain = fn->msi.domain;
	sender.hart = fn->msi.descs[0]->hart;
	sender.identity = fn->msi.descs[0]->identity;
	CHECK_EQ(smp_post(smp_next_online(smp_index()), &sender.work), 0);
	CHECK(time_wait(started, &sender, TIMEOUT_MS));
	msi_free(&fn->msi);
	ran = runs;
	/* This hart joins in: its own stores are claimed at once. */
	stormed = storms_while_sending(&sender, storms);
	atomic_store_explicit(&sender.stop, 1, memory_order_relaxed);
	smp_wait(&sender.work);
	CHECK(stormed);
	CHECK_EQ(runs, ran);
	/* It is a place like any other when the last has been claimed. */
	CHECK(time_wait(is_available, (void *[]){ (void *)sender.domain, &before }, TIMEOUT_MS));
}

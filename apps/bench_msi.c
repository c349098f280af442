// SPDX-License-Identifier: Apache-2.0
/*
 * What the MSI path costs, in instructions (docs/performance.md). Vectors are those of
 * a function that no driver has; a device raises where the device's store matters.
 */
#include <errno.h>

#include "apps/bench.h"
#include "apps/bench_set.h"
#include "arch/bench.h"
#include "arch/cpu.h"
#include "arch/irqflags.h"
#include "drivers/edu/edu.h"
#include "drivers/pci/pci.h"
#include "kernel/boot.h"
#include "kernel/smp.h"
#include "kernel/time.h"

#define TRIALS     1000
#define BURST      8
#define MOVES      40
#define TIMEOUT_MS 1000

static uint64_t samples[TRIALS];

/* --- a device's store: edu, with its handler replaced while it is quiet --- */

struct borrowed {
	struct irq_desc *desc;
	irq_handler_t handler;
	void *arg;
	uint64_t mark;
	uintptr_t raise;
	bool to_handler;
};

static int borrow(struct borrowed *b, const char **why)
{
	struct pci_function *fn = pci_first();

	while (fn && !edu_of(fn))
		fn = fn->next;
	*why = "no edu device";
	if (!fn || !fn->msi.enabled)
		return -ENODEV;
	b->desc = fn->msi.descs[0];
	b->raise = edu_raise_register(edu_of(fn));
	b->handler = b->desc->handler;
	b->arg = b->desc->arg;
	b->desc->arg = &b->mark;
	b->desc->handler = arch_bench_handler;
	return 0;
}

static void give_back(const struct borrowed *b)
{
	b->desc->handler = b->handler;
	b->desc->arg = b->arg;
}

/* On the hart of the vector. */
static int store_trials(void *arg)
{
	const struct borrowed *b = arg;

	for (unsigned i = 0; i < TRIALS; i++) {
		struct arch_bench_pair at = arch_bench_store(b->raise, 1);

		samples[i] = (b->to_handler ? b->mark : at.after) - at.before;
	}
	return 0;
}

static int device_store(const char *name, bool to_handler, const char **why)
{
	struct borrowed b = { .to_handler = to_handler };
	int rc = borrow(&b, why);

	if (rc)
		return rc;
	rc = smp_run(b.desc->hart, store_trials, &b);
	give_back(&b);
	if (!rc)
		bench_report(name, "instructions", samples, TRIALS, 0);
	return rc;
}

static int to_handler(const struct bench *bench, const char **why)
{
	return device_store(bench->name, true, why);
}

static int round_trip(const struct bench *bench, const char **why)
{
	return device_store(bench->name, false, why);
}

static int store_once(void *arg)
{
	const struct borrowed *b = arg;

	arch_bench_store(b->raise, 1);
	return 0;
}

/* The first MSI of a device after entry: firmware's part is not in it, the console's output is. */
static int first_msi(const struct bench *bench, const char **why)
{
	static bool measured;
	struct borrowed b;
	int rc;

	*why = "only the first MSI after boot counts";
	if (measured)
		return -EALREADY;
	rc = borrow(&b, why);
	if (rc)
		return rc;
	measured = true;
	rc = smp_run(b.desc->hart, store_once, &b);
	give_back(&b);
	samples[0] = b.mark - boot_entry_instret();
	bench_report(bench->name, "instructions", samples, 1, 0);
	return 0;
}

static int pci_scan(const struct bench *bench, const char **why)
{
	*why = "no functions";
	if (!pci_count())
		return -ENODEV;
	samples[0] = boot_scan_instret() / pci_count();
	bench_report(bench->name, "instructions", samples, 1, 0);
	return 0;
}

/* --- a set of vectors of our own --- */

static int own_set(struct pci_function **fn, unsigned n, uint64_t *mark, const char **why)
{
	uint16_t wish[BURST];

	for (unsigned i = 0; i < BURST; i++)
		wish[i] = (uint16_t)smp_index();
	*why = "no function without driver with enough MSI-X vectors";
	*fn = bench_spare_function(n);
	if (!*fn)
		return -ENODEV;
	*why = "too few vectors are left";
	return bench_take_set(&(*fn)->msi, n, wish, mark);
}

/* One whose messages this kernel can send itself. */
static int own_senders(struct pci_function **fn, unsigned n, uint64_t *mark, const char **why)
{
	int rc = own_set(fn, n, mark, why);

	if (rc || msi_names_places(&(*fn)->msi))
		return rc;
	msi_free(&(*fn)->msi);
	*why = "messages name no place";
	return -EOPNOTSUPP;
}

static uint64_t burst(struct pci_function *fn, unsigned n)
{
	irqflags_t flags = irq_save();
	struct arch_bench_pair at;

	for (unsigned i = 0; i < n; i++)
		fn->msi.domain->send(fn->msi.descs[i]->hart, fn->msi.descs[i]->identity);
	at = arch_bench_window();
	irq_restore(flags);
	return at.after - at.before;
}

static int next_pending(const struct bench *bench, const char **why)
{
	struct pci_function *fn;
	uint64_t mark;
	int rc = own_senders(&fn, BURST, &mark, why);

	if (rc)
		return rc;
	for (unsigned i = 0; i < TRIALS; i++) {
		uint64_t one = burst(fn, 1);

		samples[i] = (burst(fn, BURST) - one) / (BURST - 1);
	}
	msi_free(&fn->msi);
	bench_report(bench->name, "instructions", samples, TRIALS, 0);
	return 0;
}

static int mask_pairs(void *arg)
{
	struct msi_function *fn = arg;

	for (unsigned i = 0; i < TRIALS; i++) {
		uint64_t start = cpu_instret();

		msi_mask(fn, 0);
		msi_unmask(fn, 0);
		samples[i] = cpu_instret() - start;
	}
	return 0;
}

static int mask_pair(const struct bench *bench, const char **why)
{
	struct pci_function *fn;
	uint64_t mark;
	int rc = own_set(&fn, 1, &mark, why);

	if (rc)
		return rc;
	mask_pairs(&fn->msi);
	msi_free(&fn->msi);
	bench_report(bench->name, "instructions", samples, TRIALS, 0);
	return 0;
}

/* From a hart where the vector does not sit: nothing is sent there, nobody is waited for. */
static int unmask_remote(const struct bench *bench, const char **why)
{
	struct pci_function *fn;
	unsigned other = smp_next_online(smp_index());
	uint64_t mark;
	int rc;

	*why = "one hart";
	if (other == smp_index())
		return -ENODEV;
	rc = own_set(&fn, 1, &mark, why);
	if (!rc)
		rc = msi_set_affinity(&fn->msi, 0, other);
	if (!rc)
		rc = mask_pairs(&fn->msi);
	msi_free(&fn->msi);
	if (rc)
		return rc;
	bench_report(bench->name, "instructions", samples, TRIALS, 0);
	return 0;
}

static int move(const struct bench *bench, const char **why)
{
	struct pci_function *fn;
	unsigned home = smp_index(), other = smp_next_online(home);
	uint64_t mark, drains[MOVES];
	int rc;

	*why = "one hart";
	if (other == smp_index())
		return -ENODEV;
	rc = own_set(&fn, 1, &mark, why);
	for (unsigned i = 0; i < MOVES && !rc; i++) {
		uint64_t start;

		bench_hold_kicks();
		start = cpu_instret();
		rc = msi_set_affinity(&fn->msi, 0, i % 2 ? home : other);
		samples[i] = cpu_instret() - start;
		start = cpu_instret();
		bench_let_kicks_go();
		rc = rc ? rc : msi_drain(&fn->msi, 0);
		drains[i] = cpu_instret() - start;
	}
	msi_free(&fn->msi);
	if (rc)
		return rc;
	bench_report(bench->name, "instructions", samples, MOVES, 0);
	if (msi_names_places(&fn->msi))
		bench_report("msi.drain", "instructions", drains, MOVES, 0);
	return 0;
}

/* edu's: plain MSI without mask bits, enabled. It ends where it began. */
static int move_unmaskable(const struct bench *bench, const char **why)
{
	struct borrowed b;
	unsigned home, other;
	int rc = borrow(&b, why);

	if (rc)
		return rc;
	give_back(&b);
	home = b.desc->hart;
	other = smp_next_online(home);
	*why = "one hart";
	if (other == home)
		return -ENODEV;
	*why = "too few vectors are left";
	for (unsigned i = 0; i < MOVES && !rc; i++) {
		uint64_t start;

		bench_hold_kicks();
		start = cpu_instret();
		rc = irq_set_affinity(b.desc, i % 2 ? home : other);
		samples[i] = cpu_instret() - start;
		bench_let_kicks_go();
	}
	if (!rc)
		bench_report(bench->name, "instructions", samples, MOVES, 0);
	return rc;
}

static bool marked(void *arg)
{
	return __atomic_load_n((uint64_t *)arg, __ATOMIC_ACQUIRE);
}

/* From this hart's store to the handler on another one, which sleeps; this one sleeps too. */
static int cross_hart(const struct bench *bench, const char **why)
{
	struct pci_function *fn;
	unsigned other = smp_next_online(smp_index());
	uint64_t mark;
	int rc;

	*why = "one hart";
	if (other == smp_index())
		return -ENODEV;
	rc = own_senders(&fn, 1, &mark, why);
	if (!rc)
		rc = msi_set_affinity(&fn->msi, 0, other);
	for (unsigned i = 0; i < TRIALS && !rc; i++) {
		uint64_t start;

		mark = 0;
		start = cpu_instret();
		fn->msi.domain->send(other, fn->msi.descs[0]->identity);
		rc = time_wait(marked, &mark, TIMEOUT_MS) ? 0 : -ETIMEDOUT;
		samples[i] = mark - start;
	}
	*why = "the other hart did not take it";
	msi_free(&fn->msi);
	if (rc)
		return rc;
	bench_report(bench->name, "instructions", samples, TRIALS, 0);
	return 0;
}

TABLE_ENTRY(struct bench, bench, 1, first_msi) = { .name = "boot.first_msi", .run = first_msi };
TABLE_ENTRY(struct bench, bench, 2, pci_scan) = { .name = "pci.scan", .run = pci_scan };
TABLE_ENTRY(struct bench, bench, 3, msi_to_handler) = { .name = "msi.to_handler",
							.run = to_handler };
TABLE_ENTRY(struct bench, bench, 3, msi_round_trip) = { .name = "msi.round_trip",
							.run = round_trip };
TABLE_ENTRY(struct bench, bench, 4, msi_next_pending) = { .name = "msi.next_pending",
							  .run = next_pending };
TABLE_ENTRY(struct bench, bench, 4, msi_mask_pair) = { .name = "msi.mask_pair", .run = mask_pair };
TABLE_ENTRY(struct bench, bench, 4, msi_unmask_remote) = { .name = "msi.unmask_remote",
							   .run = unmask_remote };
TABLE_ENTRY(struct bench, bench, 6, msi_move) = { .name = "msi.move", .run = move };
TABLE_ENTRY(struct bench, bench, 6, msi_move_unmaskable) = { .name = "msi.move_unmaskable",
							     .run = move_unmaskable };
TABLE_ENTRY(struct bench, bench, 7, msi_cross_hart) = { .name = "msi.cross_hart",
							.run = cross_hart };

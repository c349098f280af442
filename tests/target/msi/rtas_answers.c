// SPDX-License-Identifier: Apache-2.0
/*
 * What the hypervisor answers to calls that the backend makes, and to some that it does not: the
 * table in docs/msi.md names the test of each answer. Held against QEMU 10.0.
 */
#include "drivers/msi/hypercall.h"
#include "drivers/pci/pci.h"
#include "kernel/smp.h"
#include "platform/pseries/phb.h"
#include "platform/pseries/rtas.h"
#include "tests/target/test.h"

#define EDGE   1
#define ROUNDS 200

enum { TYPE_MSI = 1, TYPE_MSIX };

/* Of ibm,change-msi. */
struct answer {
	int32_t status;
	uint32_t granted, next, type;
};

static struct answer ask(uint32_t address, const struct rtas_phb *phb, uint32_t function,
			 uint32_t count, uint32_t sequence)
{
	const uint32_t args[] = { address, phb->buid_hi, phb->buid_lo, function, count, sequence };
	uint32_t rets[4] = { 0 };
	int32_t status = rtas_call(rtas_token("ibm,change-msi"), ARRAY_SIZE(args), args, 4, rets);

	return (struct answer){ status, rets[1], rets[2], rets[3] };
}

static int32_t ask_source(uint32_t address, const struct rtas_phb *phb, uint32_t i,
			  uint32_t *source)
{
	const uint32_t args[] = { address, phb->buid_hi, phb->buid_lo, i };
	uint32_t rets[3] = { 0 };
	int32_t status = rtas_call(rtas_token("ibm,query-interrupt-source-number"),
				   ARRAY_SIZE(args), args, 3, rets);

	*source = rets[1];
	return status ? status : rets[2] == EDGE ? 0 : 1;
}

static uint32_t address_of(const struct pci_function *fn)
{
	return rtas_config_address(fn->msi.rid, 0);
}

static struct answer change(const struct pci_function *fn, uint32_t function, uint32_t count)
{
	return ask(address_of(fn), fn->msi.firmware, function, count, 1);
}

static int32_t source_of(const struct pci_function *fn, uint32_t i, uint32_t *source)
{
	return ask_source(address_of(fn), fn->msi.firmware, i, source);
}

static int32_t release(const struct pci_function *fn)
{
	return change(fn, CHANGE_ANY, 0).status;
}

/* One without vectors, with MSI-X and MSI or without. */
static struct pci_function *next_free(struct pci_function *fn, bool msix, bool msi)
{
	while (fn && (fn->driver || !fn->usable || !fn->msi.firmware || fn->msi.count ||
		      !fn->msi.msix_ops == msix || !fn->msi.msi_ops == msi))
		fn = fn->next;
	return fn;
}

/* MSI-X alone, and no driver. */
static struct pci_function *spare(void)
{
	struct pci_function *fn = next_free(pci_first(), true, false);

	return fn && fn->msi.msix_count >= 4 ? fn : NULL;
}

/* A function is lent by its driver. */
static struct pci_function *borrow(bool msix, bool msi)
{
	struct pci_function *fn = pci_first();

	while (fn && !(fn->driver && fn->msi.firmware && !fn->msi.msix_ops != msix &&
		       !fn->msi.msi_ops != msi))
		fn = fn->next;
	return fn && !pci_remove_driver(fn) ? fn : NULL;
}

TEST(rtas_answers, grant_is_consecutive_and_ends_with_its_release)
{
	struct pci_function *fn = spare();
	struct answer got;
	uint32_t first, source;

	SKIP_IF(!fn, "no MSI-X function without driver");
	CHECK_EQ(release(fn), PAPR_HARDWARE_ERROR);
	CHECK_EQ(source_of(fn, 0, &first), PAPR_HARDWARE_ERROR);
	got = change(fn, CHANGE_MSIX, 4);
	CHECK(got.status == PAPR_SUCCESS && got.granted == 4 && got.next == 2);
	CHECK_EQ(got.type, TYPE_MSIX);
	CHECK_EQ(source_of(fn, 0, &first), 0);
	for (uint32_t i = 1; i < 4; i++)
		CHECK(!source_of(fn, i, &source) && source == first + i);
	CHECK_EQ(source_of(fn, 4, &source), PAPR_HARDWARE_ERROR);
	CHECK_EQ(release(fn), PAPR_SUCCESS);
	CHECK_EQ(source_of(fn, 0, &source), PAPR_HARDWARE_ERROR);
	CHECK_EQ(release(fn), PAPR_HARDWARE_ERROR);
}

/* Success, fewer, and none of them held; what was held before stays. */
TEST(rtas_answers, more_than_the_function_has)
{
	struct pci_function *fn = spare();
	struct answer got;
	uint32_t before, after;

	SKIP_IF(!fn, "no MSI-X function without driver");
	got = change(fn, CHANGE_MSIX, fn->msi.msix_count + 1);
	CHECK(got.status == PAPR_SUCCESS && got.granted == fn->msi.msix_count);
	CHECK_EQ(source_of(fn, 0, &before), PAPR_HARDWARE_ERROR);
	CHECK_EQ(change(fn, CHANGE_MSIX, 2).status, PAPR_SUCCESS);
	CHECK_EQ(source_of(fn, 1, &before), 0);
	got = change(fn, CHANGE_MSIX, fn->msi.msix_count + 1);
	CHECK(got.status == PAPR_SUCCESS && got.granted == fn->msi.msix_count);
	CHECK(!source_of(fn, 1, &after) && after == before);
	CHECK_EQ(source_of(fn, 2, &after), PAPR_HARDWARE_ERROR);
	CHECK_EQ(release(fn), PAPR_SUCCESS);
}

/* Granted before what was held is freed: the numbers are others. */
TEST(rtas_answers, second_grant_replaces_the_first)
{
	struct pci_function *fn = spare();
	uint32_t before, after;

	SKIP_IF(!fn, "no MSI-X function without driver");
	CHECK_EQ(change(fn, CHANGE_MSIX, 4).status, PAPR_SUCCESS);
	CHECK_EQ(source_of(fn, 0, &before), 0);
	CHECK_EQ(change(fn, CHANGE_MSIX, 2).granted, 2);
	CHECK(!source_of(fn, 0, &after) && after != before);
	CHECK_EQ(source_of(fn, 2, &after), PAPR_HARDWARE_ERROR);
	CHECK_EQ(release(fn), PAPR_SUCCESS);
}

/* The release with the missing type is refused, too: so the backend goes on to CHANGE_ANY. */
TEST(rtas_answers, type_that_the_function_has_not)
{
	struct pci_function *fn = spare(), *edu;
	int32_t msix, msi;

	SKIP_IF(!fn, "no MSI-X function without driver");
	CHECK_EQ(change(fn, CHANGE_MSI, 1).status, PAPR_PARAMETER_ERROR);
	CHECK_EQ(change(fn, CHANGE_MSIX, 1).status, PAPR_SUCCESS);
	CHECK_EQ(change(fn, CHANGE_MSI, 0).status, PAPR_PARAMETER_ERROR);
	CHECK_EQ(release(fn), PAPR_SUCCESS);
	edu = borrow(false, true);
	SKIP_IF(!edu, "no function with a driver has MSI alone");
	msix = change(edu, CHANGE_MSIX, 1).status;
	msi = change(edu, CHANGE_MSI, 1).type == TYPE_MSI ? release(edu) : 1;
	pci_probe_drivers();
	CHECK_EQ(msix, PAPR_PARAMETER_ERROR);
	CHECK_EQ(msi, PAPR_SUCCESS);
}

TEST(rtas_answers, release_does_not_ask_for_the_type)
{
	struct pci_function *fn = borrow(true, true);
	bool granted, released;

	SKIP_IF(!fn, "no function with a driver has both types");
	granted = change(fn, CHANGE_MSIX, 3).granted == 3;
	released = change(fn, CHANGE_MSI, 0).status == PAPR_SUCCESS &&
		   release(fn) == PAPR_HARDWARE_ERROR;
	pci_probe_drivers();
	CHECK(granted && released);
}

TEST(rtas_answers, functions_that_there_are_not)
{
	static const uint32_t functions[] = { 0, CHANGE_RESET, CHANGE_MSI32, 6, 7 };
	struct pci_function *fn = spare();

	SKIP_IF(!fn, "no MSI-X function without driver");
	for (unsigned i = 0; i < ARRAY_SIZE(functions); i++)
		CHECK_EQ(change(fn, functions[i], 1).status, PAPR_PARAMETER_ERROR);
	CHECK_EQ(release(fn), PAPR_HARDWARE_ERROR);
}

TEST(rtas_answers, places_that_there_are_not)
{
	struct pci_function *fn = spare();
	const struct rtas_phb *phb;
	uint32_t source;

	SKIP_IF(!fn, "no MSI-X function without driver");
	phb = fn->msi.firmware;
	/* The last device of the last bus. */
	CHECK_EQ(ask(rtas_config_address(0xfff8, 0), phb, CHANGE_ANY, 1, 1).status,
		 PAPR_PARAMETER_ERROR);
	CHECK(ask_source(rtas_config_address(0xfff8, 0), phb, 0, &source) < 0);
	phb = &(struct rtas_phb){ 0x123, 0x456 };
	CHECK_EQ(ask(address_of(fn), phb, CHANGE_MSIX, 1, 1).status, PAPR_PARAMETER_ERROR);
	CHECK(ask_source(address_of(fn), phb, 0, &source) < 0);
}

TEST(rtas_answers, any_sequence_number_will_do)
{
	static const uint32_t numbers[] = { 0, 1, 7, 0xffffffff };
	struct pci_function *fn = spare();

	SKIP_IF(!fn, "no MSI-X function without driver");
	for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct answer got =
			ask(address_of(fn), fn->msi.firmware, CHANGE_MSIX, 2, numbers[i]);

		CHECK(got.status == PAPR_SUCCESS && got.granted == 2);
		CHECK_EQ(got.next, numbers[i] + 1);
	}
	CHECK_EQ(release(fn), PAPR_SUCCESS);
}

/* It writes three words whatever it was told: rtas_call() has room for eight. */
TEST(rtas_answers, counts_of_words_are_not_looked_at)
{
	struct pci_function *fn = spare();
	const struct rtas_phb *phb;
	uint32_t args[6], rets[4];

	SKIP_IF(!fn, "no MSI-X function without driver");
	phb = fn->msi.firmware;
	for (unsigned i = 0; i < 2; i++) {
		const uint32_t words[] = {
			address_of(fn), phb->buid_hi, phb->buid_lo, CHANGE_MSIX, 2, 1
		};

		for (unsigned k = 0; k < ARRAY_SIZE(args); k++)
			args[k] = words[k];
		CHECK_EQ(rtas_call(rtas_token("ibm,change-msi"), i ? 6 : 5, args, i ? 1 : 4, rets),
			 PAPR_SUCCESS);
		CHECK_EQ(release(fn), PAPR_SUCCESS);
	}
}

TEST(rtas_answers, register_in_the_address_is_another_function)
{
	struct pci_function *fn = spare();
	uint32_t odd, source;

	SKIP_IF(!fn, "no MSI-X function without driver");
	odd = rtas_config_address(fn->msi.rid, 4);
	CHECK_EQ(ask(odd, fn->msi.firmware, CHANGE_MSIX, 2, 1).status, PAPR_SUCCESS);
	CHECK_EQ(source_of(fn, 0, &source), PAPR_HARDWARE_ERROR);
	CHECK_EQ(release(fn), PAPR_HARDWARE_ERROR);
	CHECK_EQ(ask_source(odd, fn->msi.firmware, 0, &source), 0);
	CHECK_EQ(ask(odd, fn->msi.firmware, CHANGE_ANY, 0, 1).status, PAPR_SUCCESS);
}

/* --- from all harts --- */

struct caller {
	struct work work;
	struct pci_function *fn;
	unsigned refused;
};

static int call_often(void *arg)
{
	struct caller *caller = arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint32_t source;

		caller->refused += change(caller->fn, CHANGE_MSIX, 2).status != PAPR_SUCCESS;
		caller->refused += source_of(caller->fn, i % 2, &source) != 0;
	}
	return 0;
}

TEST(rtas_answers, harts_call_at_once)
{
	struct pci_function *fn = spare();
	struct caller callers[3];
	unsigned n = 0, refused = 0;

	SKIP_IF(!fn, "no MSI-X function without driver");
	for (unsigned hart = 0; hart < smp_count() && n < ARRAY_SIZE(callers); hart++) {
		callers[n] = (struct caller){ .work = { .fn = call_often, .arg = &callers[n] },
					      .fn = fn };
		if (hart != smp_index() && !smp_post(hart, &callers[n].work))
			n++;
	}
	SKIP_IF(!n, "one hart");
	for (unsigned i = 0; i < n; i++) {
		smp_wait(&callers[i].work);
		refused += callers[i].refused;
	}
	CHECK_EQ(refused, 0);
	CHECK_EQ(release(fn), PAPR_SUCCESS);
}

/* --- more than there are --- */

/* By name: QEMU 10.0's own machine ends itself here. On its older ones the grant is refused. */
TEST_BY_NAME(rtas_answers, more_than_the_pool_has)
{
	struct pci_function *fn = spare(), *other = fn ? next_free(fn->next, true, false) : NULL;
	uint32_t source;

	SKIP_IF(!other, "no two MSI-X functions without driver");
	CHECK_EQ(change(fn, CHANGE_MSIX, fn->msi.msix_count).status, PAPR_SUCCESS);
	CHECK_EQ(change(other, CHANGE_MSIX, other->msi.msix_count).status, PAPR_HARDWARE_ERROR);
	CHECK_EQ(source_of(other, 0, &source), PAPR_HARDWARE_ERROR);
	/* In place of less, too: what is held stays. */
	CHECK_EQ(change(other, CHANGE_MSIX, 8).granted, 8);
	CHECK_EQ(change(other, CHANGE_MSIX, other->msi.msix_count).status, PAPR_HARDWARE_ERROR);
	CHECK_EQ(source_of(other, 7, &source), 0);
	CHECK(!release(fn) && !release(other));
}

// SPDX-License-Identifier: Apache-2.0
#include "drivers/edu/edu.h"

#include "drivers/pci/raise.h"
#include "kernel/mem.h"
#include "tests/target/raises.h"
#include "tests/target/test.h"

static struct pci_function *find_edu(void)
{
	struct pci_function *fn = pci_first();

	while (fn && !edu_of(fn))
		fn = fn->next;
	return fn;
}

TEST(edu, alive)
{
	struct pci_function *fn = find_edu();

	SKIP_IF(!fn, "no edu on this machine");
	CHECK(edu_alive(edu_of(fn)));
}

static uint32_t other_causes(const struct pci_function *fn)
{
	return edu_seen(edu_of(fn), EDU_CAUSE_FACTORIAL) + edu_seen(edu_of(fn), EDU_CAUSE_DMA);
}

TEST(edu, raises_are_exact)
{
	struct pci_function *fn = find_edu();
	struct pci_raised out;
	uint32_t seen, others;

	SKIP_IF(!fn, "no edu on this machine");
	seen = edu_seen(edu_of(fn), EDU_CAUSE_RAISED);
	others = other_causes(fn);
	CHECK_EQ(pci_raise_series(fn, 0, 1000, &out), 0);
	CHECK_EQ(out.raised, 1000);
	CHECK_EQ(out.handled, 1000);
	CHECK_EQ(edu_seen(edu_of(fn), EDU_CAUSE_RAISED) - seen, 1000);
	/* What was acknowledged does not come up again. */
	CHECK_EQ(other_causes(fn), others);
}

TEST(edu, has_one_vector)
{
	struct pci_function *fn = find_edu();
	struct pci_raised out;

	SKIP_IF(!fn, "no edu on this machine");
	CHECK_EQ(fn->msi.count, 1);
	CHECK(pci_raise_series(fn, 1, 1, &out) != 0);
	CHECK_EQ(out.raised, 0);
}

TEST(edu, factorial_by_interrupt)
{
	static const struct {
		uint32_t n, result;
	} in[] = { { 0, 1 }, { 1, 1 }, { 5, 120 }, { 12, 479001600 } };
	struct pci_function *fn = find_edu();

	SKIP_IF(!fn, "no edu on this machine");
	for (unsigned i = 0; i < ARRAY_SIZE(in); i++) {
		uint64_t before = msi_handled(&fn->msi, 0);
		uint32_t result;

		CHECK_EQ(edu_factorial(edu_of(fn), in[i].n, &result), 0);
		CHECK_EQ(result, in[i].result);
		CHECK_EQ(msi_handled(&fn->msi, 0) - before, 1);
	}
}

static void fill(uint8_t *buf, unsigned seed)
{
	for (unsigned i = 0; i < EDU_DMA_BYTES; i++)
		buf[i] = (uint8_t)(i * 13 + i / 256 + seed);
}

static bool filled(const uint8_t *buf, unsigned seed)
{
	for (unsigned i = 0; i < EDU_DMA_BYTES; i++) {
		if (buf[i] != (uint8_t)(i * 13 + i / 256 + seed))
			return false;
	}
	return true;
}

/* Out and back again, while the buffer holds something else in between. */
static int round_trip(struct edu *edu, uint8_t *buf, bool *equal)
{
	int err;

	fill(buf, 1);
	err = edu_dma(edu, EDU_TO_DEVICE, buf, EDU_DMA_BYTES);
	if (err)
		return err;
	fill(buf, 2);
	err = edu_dma(edu, EDU_FROM_DEVICE, buf, EDU_DMA_BYTES);
	*equal = filled(buf, 1);
	return err;
}

TEST(edu, dma_round_trip)
{
	struct pci_function *fn = find_edu();
	bool equal = false;
	uint64_t before;
	uint8_t *buf;
	int err;

	SKIP_IF(!fn, "no edu on this machine");
	buf = dma_alloc(EDU_DMA_BYTES, edu_dma_limit());
	SKIP_IF(!buf, "no RAM below %#llx, where edu's DMA ends (setting edu.dma_bits=)",
		(unsigned long long)edu_dma_limit());
	before = msi_handled(&fn->msi, 0);
	err = round_trip(edu_of(fn), buf, &equal);
	dma_free(buf, EDU_DMA_BYTES);
	CHECK_EQ(err, 0);
	CHECK(equal);
	CHECK_EQ(msi_handled(&fn->msi, 0) - before, 2);
}

TEST(edu, is_removed_and_comes_back)
{
	struct pci_function *fn = find_edu();

	SKIP_IF(!fn, "no edu on this machine");
	CHECK(removed_and_back(fn));
	CHECK_EQ(raise_each(fn, 10), -1);
}

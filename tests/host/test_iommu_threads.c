// SPDX-License-Identifier: Apache-2.0
// SOURCES:
// SANITIZE: thread
/*
 * Interrupt files that open and close while others use them, under ThreadSanitizer: what the IOMMU
 * knows is what it was last told, and a file that is held is always known.
 */
#include "tests/host/jitter.h"

#include "drivers/iommu/remap.c"

#include <pthread.h>
#include <string.h>

#include "tests/host/cmocka_test.h"

#define HARTS   3
#define THREADS 4
#define ROUNDS  20000

uint32_t smp_nr_harts = HARTS;
static struct hart hart0;
struct hart **smp_harts = (struct hart *[]){ &hart0, &hart0, &hart0 };
struct msi_iommu *msi_iommus;

static uint64_t memory[2 * 4];
static struct {
	_Atomic uint64_t entries[HARTS];
	_Atomic uint32_t mute; /* one command in this many is not answered; 0: all are */
	_Atomic uint32_t commands;
} known;
static _Atomic unsigned errors, refused;

void *page_alloc(size_t bytes, size_t align)
{
	(void)align;
	return bytes <= sizeof(memory) ? memory : NULL;
}

uint64_t iommu_identity(void)
{
	return 0x100000;
}

int direct_remap(struct msi_function *fn)
{
	(void)fn;
	return 0;
}

struct pci_function *pci_first(void)
{
	return NULL;
}

int riscv_iommu_init(struct riscv_iommu *iommu, uintptr_t regs, uint32_t max_id)
{
	(void)iommu, (void)regs, (void)max_id;
	return 0;
}

int riscv_iommu_set(struct riscv_iommu *iommu, uint32_t id,
		    const struct riscv_iommu_context *context)
{
	(void)iommu, (void)id, (void)context;
	return 0;
}

uint64_t riscv_iommu_msi_entry(uint64_t file)
{
	return file | 7;
}

unsigned riscv_iommu_msi_index(uint64_t address, uint64_t msi_mask)
{
	return (unsigned)(address >> PAGE_SHIFT & msi_mask);
}

int riscv_iommu_forget(struct riscv_iommu *iommu, unsigned gscid, uint64_t address)
{
	unsigned index = (unsigned)(address >> PAGE_SHIFT) % HARTS;
	uint32_t number = atomic_fetch_add_explicit(&known.commands, 1, memory_order_relaxed) + 1;

	(void)iommu, (void)gscid;
	if (known.mute && !(number % known.mute))
		return -EIO;
	known.entries[index] = __atomic_load_n(&memory[2 * index], __ATOMIC_RELAXED);
	return 0;
}

static void compose(unsigned hart, unsigned identity, struct msi_msg *msg)
{
	*msg = (struct msi_msg){ 0x30000000 + ((uint64_t)hart << PAGE_SHIFT), identity };
}

static const struct msi_domain files = { .compose = compose };
static const struct msi_ops backend = { .name = "direct" };
static struct msi_function fn;

static void expect(bool ok)
{
	if (!ok)
		atomic_fetch_add(&errors, 1);
}

static void *user(void *arg)
{
	struct msi_remap *remap = fn.remap;

	jitter_state = (uint32_t)(uintptr_t)arg;
	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned hart = jitter_random() % HARTS, n = 1 + jitter_random() % 3;

		if (remap->hold(remap, hart, n)) {
			atomic_fetch_add(&refused, 1);
			continue;
		}
		for (unsigned k = 0; k < 3; k++) {
			expect(known.entries[hart] & 1);
			jitter();
		}
		for (; n; n--)
			remap->drop(remap, hart, 1);
	}
	return NULL;
}

static void run(uint32_t mute)
{
	static struct iommu_unit unit;
	pthread_t threads[THREADS];

	memset(memory, 0, sizeof(memory));
	memset((void *)&known, 0, sizeof(known));
	errors = refused = 0;
	arch_set_this_hart(&hart0);
	fn = (struct msi_function){ .name = "00:01.0", .domain = &files, .backend = &backend };
	assert_int_equal(attach(&unit.iommu, &fn, 8), 0);
	known.mute = mute;
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, user, (void *)(i + 1ul)), 0);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(errors, 0);
	for (unsigned i = 0; i < HARTS; i++) {
		assert_int_equal(function_of(fn.remap)->harts[i], 0);
		assert_int_equal(memory[2 * i], 0);
		assert_false(iommu_reaches(&fn, i));
	}
	free(function_of(fn.remap));
}

static void held_files_are_open(void **state)
{
	(void)state;
	for (jitter_every = 1; jitter_every <= 64; jitter_every *= 4)
		run(0);
	assert_int_equal(refused, 0);
}

static void refusals_leave_nothing(void **state)
{
	(void)state;
	jitter_every = 4;
	run(7);
	assert_true(refused > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(held_files_are_open),
		cmocka_unit_test(refusals_leave_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

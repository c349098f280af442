// SPDX-License-Identifier: Apache-2.0
// SOURCES: drivers/iommu/riscv_iommu.c
/* The IOMMU's directory, commands and faults, on a fake that does what the specification says, or not. */
#include "drivers/iommu/riscv_iommu.h"

#include <errno.h>
#include <string.h>

#include "drivers/iommu/regs.h"
#include "kernel/mem.h"
#include "kernel/time.h"
#include "tests/host/cmocka_test.h"
#include "tests/host/fake_mmio.h"
#include "tests/host/host_support.h"

#define REGS     0x3010000ul
#define COMMANDS 64

static struct {
	uint32_t words[0x400 / 4];
	/* What it can't or won't. */
	uint32_t lacks;           /* of capabilities */
	unsigned modes;           /* bit m: mode m of the directory works */
	bool mute, ill, no_queue; /* commands: no answer; an error; never on */
	/* What it was told. */
	uint64_t told[COMMANDS][2];
	unsigned nr_told;
	unsigned mode_at_told; /* of the directory, at the first command */
} fake;
static uint64_t now;

uint64_t time_ns(void)
{
	return now += 1000000;
}

/* Tables are for good: those of one life of the fake. */
static _Alignas(4096) uint8_t pages[64][PAGE_SIZE];
static unsigned nr_pages, pages_left;

void *page_alloc(size_t bytes, size_t align)
{
	assert_in_range(bytes, 1, PAGE_SIZE);
	assert_int_equal(align, PAGE_SIZE);
	if (!pages_left)
		return NULL;
	pages_left--;
	assert_in_range(nr_pages, 0, ARRAY_SIZE(pages) - 1);
	return memset(pages[nr_pages++], 0, PAGE_SIZE);
}

static uint64_t reg64(unsigned reg)
{
	return fake.words[reg / 4] | (uint64_t)fake.words[reg / 4 + 1] << 32;
}

static void *pointer(uint64_t word)
{
	return (void *)(uintptr_t)IOMMU_ADDRESS(word);
}

static void fence(const uint64_t *command)
{
	uint32_t *to = (uint32_t *)(uintptr_t)(command[1] << 2);

	assert_true(command[0] & IOMMU_IOFENCE_AV);
	*to = (uint32_t)FIELD_GET(IOMMU_IOFENCE_DATA, command[0]);
}

static void run_commands(uint32_t tail)
{
	uint32_t *head = &fake.words[0x20 / 4], size = 2u << (reg64(IOMMU_CQB) & 31);
	const uint64_t(*queue)[2] = pointer(reg64(IOMMU_CQB));

	for (; *head != tail && !fake.mute; *head = (*head + 1) % size) {
		if (fake.ill) {
			fake.words[IOMMU_CQCSR / 4] |= IOMMU_QUEUE_ILL;
			return;
		}
		assert_in_range(fake.nr_told, 0, COMMANDS - 1);
		if (!fake.nr_told)
			fake.mode_at_told = fake.words[IOMMU_DDTP / 4] & IOMMU_DDTP_MODE;
		memcpy(fake.told[fake.nr_told++], queue[*head], 16);
		if ((queue[*head][0] & 0x7f) == IOMMU_IOFENCE_C)
			fence(queue[*head]);
	}
}

static void write_csr(unsigned reg, uint32_t value)
{
	uint32_t errors = fake.words[reg / 4] & IOMMU_QUEUE_ERRORS & ~value;

	fake.words[reg / 4] = (value & IOMMU_QUEUE_ON) | errors |
			      (value & IOMMU_QUEUE_ON && !fake.no_queue ? IOMMU_QUEUE_ACTIVE : 0);
}

static void write_reg(void *ctx, uintptr_t reg, unsigned size, uint64_t value)
{
	(void)ctx;
	assert_int_equal(size, 4);
	if (reg == IOMMU_DDTP && !(fake.modes >> (value & IOMMU_DDTP_MODE) & 1))
		return;
	if (reg == IOMMU_CQCSR || reg == IOMMU_FQCSR) {
		write_csr((unsigned)reg, (uint32_t)value);
		return;
	}
	if (reg == IOMMU_CAPABILITIES)
		return;
	fake.words[reg / 4] = (uint32_t)value;
	if (reg == IOMMU_CQT)
		run_commands((uint32_t)value);
}

static uint64_t read_reg(void *ctx, uintptr_t reg, unsigned size)
{
	(void)ctx;
	assert_int_equal(size, 4);
	if (reg == IOMMU_CAPABILITIES)
		return 0xe2cf0f10 & ~fake.lacks;
	return fake.words[reg / 4];
}

static struct riscv_iommu iommu;

static void reset(void)
{
	static const struct fake_device device = { .read = read_reg, .write = write_reg };

	memset(&fake, 0, sizeof(fake));
	fake.modes = 0x1f;
	nr_pages = 0;
	pages_left = ARRAY_SIZE(pages);
	fake_mmio_reset();
	fake_mmio_map(REGS, 0x1000, &device);
	host_log_clear();
}

static unsigned mode(void)
{
	return fake.words[IOMMU_DDTP / 4] & IOMMU_DDTP_MODE;
}

static void start(void)
{
	reset();
	assert_int_equal(riscv_iommu_init(&iommu, REGS, UINT16_MAX), 0);
	fake.nr_told = 0;
	fake_mmio_log_clear();
}

static void passes_all_then_is_taken_over(void **state)
{
	(void)state;
	reset();
	assert_int_equal(riscv_iommu_init(&iommu, REGS, UINT16_MAX), 0);
	/* First Bare, so that nothing is lost; all that it may have cached is forgotten before the directory. */
	assert_int_equal(fake.mode_at_told, IOMMU_DDTP_BARE);
	assert_int_equal(fake.nr_told, 4);
	assert_int_equal(fake.told[0][0], IOMMU_IODIR_DDT);
	assert_int_equal(fake.told[1][0], IOMMU_IOTINVAL_VMA);
	assert_int_equal(fake.told[2][0], IOMMU_IOTINVAL_GVMA);
	assert_int_equal(mode(), IOMMU_DDTP_BARE + 3);
	assert_int_equal(iommu.levels, 3);
}

static void levels_hold_the_ids(void **state)
{
	static const struct {
		uint32_t max_id;
		unsigned modes, levels;
	} cases[] = {
		{ 63, 0x1f, 1 }, { 64, 0x1f, 2 },    { 0x7fff, 0x1f, 2 }, { 0x8000, 0x1f, 3 },
		{ 63, 0x17, 1 }, { 63, 0x1b, 2 },    { 63, 0x13, 3 },     { 0xffffff, 0x1f, 3 },
		{ 64, 0x07, 0 }, { 0x8000, 0xf, 0 }, { 63, 0x3, 0 },      { 0x1000000, 0x1f, 0 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		int rc;

		reset();
		fake.modes = cases[i].modes;
		rc = riscv_iommu_init(&iommu, REGS, cases[i].max_id);
		assert_int_equal(rc, cases[i].levels ? 0 : -EOPNOTSUPP);
		assert_int_equal(mode(), IOMMU_DDTP_BARE + cases[i].levels);
		if (!rc)
			assert_int_equal(iommu.levels, cases[i].levels);
	}
}

/* What can't be used passes everything. */
static void else_it_is_left_bare(void **state)
{
	(void)state;
	reset();
	fake.lacks = IOMMU_CAP_MSI_FLAT;
	assert_int_equal(riscv_iommu_init(&iommu, REGS, 63), -EOPNOTSUPP);
	assert_int_equal(mode(), IOMMU_DDTP_BARE);
	reset();
	fake.lacks = IOMMU_CAP_SV39X4;
	assert_int_equal(riscv_iommu_init(&iommu, REGS, 63), -EOPNOTSUPP);
	assert_int_equal(mode(), IOMMU_DDTP_BARE);
	reset();
	fake.no_queue = true;
	assert_int_equal(riscv_iommu_init(&iommu, REGS, 63), -ETIMEDOUT);
	assert_int_equal(mode(), IOMMU_DDTP_BARE);
	reset();
	fake.mute = true;
	assert_int_equal(riscv_iommu_init(&iommu, REGS, 63), -ETIMEDOUT);
	assert_int_equal(mode(), IOMMU_DDTP_BARE);
	for (unsigned n = 0; n < 3; n++) {
		reset();
		pages_left = n;
		assert_int_equal(riscv_iommu_init(&iommu, REGS, 63), -ENOMEM);
		assert_int_equal(mode(), IOMMU_DDTP_BARE);
	}
}

/* By the rules of section 2.1.1, walked from the register. */
static const uint64_t *walk(uint32_t id)
{
	const uint64_t *table = pointer(reg64(IOMMU_DDTP));

	for (unsigned level = mode() - IOMMU_DDTP_BARE; level > 1; level--) {
		uint64_t entry = table[id >> (6 + 9 * (level - 2)) & 511];

		if (!(entry & 1))
			return NULL;
		assert_int_equal(entry & ~(GENMASK64(53, 10) | 1), 0);
		table = pointer(entry);
	}
	return table + 8 * (id & 63);
}

static void contexts_are_where_they_are_looked_for(void **state)
{
	static const uint32_t ids[] = { 0, 1, 8, 63, 64, 0x7fff, 0x8000, 0xffff, 0xffffff };

	(void)state;
	start();
	for (unsigned i = 0; i < ARRAY_SIZE(ids); i++) {
		struct riscv_iommu_context context = {
			.iohgatp = IOMMU_MODE_SV39X4 | (i + 1ull) << 44 | 0x1234,
			.msiptp = IOMMU_MODE_FLAT | (0x5000 + i),
			.msi_mask = 3,
			.msi_pattern = 0x28000,
		};
		const uint64_t gscid = (i + 1ull) << 44 | 1ull << 33;
		const uint64_t *words;

		fake.nr_told = 0;
		assert_int_equal(riscv_iommu_set(&iommu, ids[i], &context), 0);
		words = walk(ids[i]);
		assert_int_equal(words[IOMMU_DC_TC], 1);
		assert_int_equal(words[IOMMU_DC_IOHGATP], context.iohgatp);
		assert_int_equal(words[IOMMU_DC_FSC] | words[IOMMU_DC_TA] | words[7], 0);
		assert_int_equal(words[IOMMU_DC_MSIPTP], context.msiptp);
		assert_int_equal(words[IOMMU_DC_MSI_MASK], 3);
		assert_int_equal(words[IOMMU_DC_MSI_PATTERN], 0x28000);
		/* Section 6.3.1 */
		assert_int_equal(fake.nr_told, 4);
		assert_int_equal(fake.told[0][0], 3 | 1ull << 33 | (uint64_t)ids[i] << 40);
		assert_int_equal(fake.told[1][0], 1 | gscid);
		assert_int_equal(fake.told[2][0], 1 | 1 << 7 | gscid);
		assert_int_equal(fake.told[3][0] & 0x3fff, 2 | 1 << 10 | 3 << 12);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(ids); i++) {
		assert_int_equal(riscv_iommu_set(&iommu, ids[i], NULL), 0);
		assert_int_equal(walk(ids[i])[IOMMU_DC_TC], 0);
		fake.nr_told = 0;
	}
	assert_int_equal(riscv_iommu_set(&iommu, 0x1000000, NULL), -EINVAL);
	pages_left = 0;
	assert_int_equal(riscv_iommu_set(&iommu, 0x123456, NULL), -ENOMEM);
}

/* The tables are in memory, and the command, before the tail says so. */
static void order_of_a_command(void **state)
{
	size_t n;

	(void)state;
	start();
	assert_int_equal(riscv_iommu_forget(&iommu, 7, 0x28003000), 0);
	n = fake_mmio_log_length();
	assert_true(n >= 2);
	assert_int_equal(fake_mmio_log(0)->kind, FAKE_RELEASE_TO_DEVICE);
	assert_int_equal(fake_mmio_log(1)->kind, FAKE_WRITE);
	assert_int_equal(fake_mmio_log(1)->addr, REGS + IOMMU_CQT);
	assert_int_equal(fake.told[0][0], 1 | 1 << 7 | 1 << 10 | 1ull << 33 | 7ull << 44);
	assert_int_equal(fake.told[0][1], 0x28003ull << 10);
	/* The queue goes round. */
	for (unsigned i = 0; i < 1000; i++) {
		fake.nr_told = 0;
		assert_int_equal(riscv_iommu_forget(&iommu, i, i), 0);
		assert_int_equal(fake.nr_told, 2);
		fake_mmio_log_clear();
	}
}

static void no_answer_is_an_error_and_waited_for_once(void **state)
{
	uint64_t before;

	(void)state;
	start();
	fake.mute = true;
	before = now;
	assert_int_equal(riscv_iommu_forget(&iommu, 1, 0), -ETIMEDOUT);
	assert_in_range(now - before, 100000000, 200000000);
	assert_int_equal(host_log_lines(), 1);
	fake.mute = false;
	before = now;
	assert_int_equal(riscv_iommu_forget(&iommu, 1, 0), -EIO);
	assert_int_equal(riscv_iommu_set(&iommu, 1, NULL), -EIO);
	assert_int_equal(now, before);
	start();
	fake.ill = true;
	assert_int_equal(riscv_iommu_forget(&iommu, 1, 0), -EIO);
}

static void put_fault(unsigned cause, uint32_t id, uint64_t address)
{
	uint64_t(*queue)[4] = pointer(reg64(IOMMU_FQB));
	uint32_t tail = fake.words[IOMMU_FQT / 4], size = 2u << (reg64(IOMMU_FQB) & 31);
	uint32_t next = (tail + 1) % size;

	if (fake.words[IOMMU_FQCSR / 4] & IOMMU_QUEUE_OF)
		return;
	if (next == fake.words[IOMMU_FQH / 4]) {
		fake.words[IOMMU_FQCSR / 4] |= IOMMU_QUEUE_OF;
		return;
	}
	queue[tail][0] = cause | (uint64_t)id << 40 | 1ull << 34;
	queue[tail][2] = address;
	fake.words[IOMMU_FQT / 4] = next;
}

static void faults_are_taken_in_order(void **state)
{
	struct riscv_iommu_fault fault;

	(void)state;
	start();
	assert_false(riscv_iommu_fault(&iommu, &fault));
	for (unsigned i = 0; i < 300; i++) {
		put_fault(i & 1 ? 262 : 23, i + 1, 0x80000000ull + i);
		assert_true(riscv_iommu_fault(&iommu, &fault));
		assert_int_equal(fault.cause, i & 1 ? 262 : 23);
		assert_int_equal(fault.id, i + 1);
		assert_int_equal(fault.address, 0x80000000ull + i);
		assert_false(riscv_iommu_fault(&iommu, &fault));
		fake_mmio_log_clear();
	}
	/* More than it has room for: so many, then it says that it lost some, and goes on. */
	for (unsigned i = 0; i < 200; i++)
		put_fault(23, i, 0);
	for (unsigned i = 0; i < 127; i++) {
		assert_true(riscv_iommu_fault(&iommu, &fault));
		assert_int_equal(fault.id, i);
	}
	assert_false(riscv_iommu_fault(&iommu, &fault));
	assert_int_equal(iommu.lost, 1);
	put_fault(258, 5, 0);
	assert_true(riscv_iommu_fault(&iommu, &fault));
	assert_int_equal(fault.id, 5);
	/* A tail beyond the queue is no place to read at. */
	fake.words[IOMMU_FQT / 4] = 0x12345680 + iommu.fault_head;
	assert_false(riscv_iommu_fault(&iommu, &fault));
}

static void entries_of_files(void **state)
{
	static const struct {
		uint64_t address, mask;
		unsigned index;
	} cases[] = {
		{ 0x28000000, 0, 0 },
		{ 0x28003000, 3, 3 },
		{ 0x28003000, 1, 1 },
		{ 0x2800c000, 0xc, 3 },
		{ 0x28004000, 0xc, 1 },
		{ 0x28008000, 0xc, 2 },
		/* two groups at bit 24, four harts of eight pages */
		{ 0x29010000, 0x1018, 6 },
		{ 0x29018000, 0x1018, 7 },
		{ UINT64_MAX, 0x1018, 7 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(riscv_iommu_msi_index(cases[i].address, cases[i].mask),
				 cases[i].index);
	assert_int_equal(riscv_iommu_msi_entry(0x28003000), 0x28003ull << 10 | 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes_all_then_is_taken_over),
		cmocka_unit_test(levels_hold_the_ids),
		cmocka_unit_test(else_it_is_left_bare),
		cmocka_unit_test(contexts_are_where_they_are_looked_for),
		cmocka_unit_test(order_of_a_command),
		cmocka_unit_test(no_answer_is_an_error_and_waited_for_once),
		cmocka_unit_test(faults_are_taken_in_order),
		cmocka_unit_test(entries_of_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
/* W^X, guard pages, the page allocator. */
#include <string.h>

#include "arch/mmu.h"
#include "arch/probe.h"
#include "kernel/mem.h"
#include "kernel/smp.h"
#include "tests/target/test.h"

static const char in_rodata = 'r';
static char in_data = 'd';

TEST(mem, null_is_unmapped)
{
	uint8_t byte;

	SKIP_IF(!mmu_protects(), "nothing protects memory here: real mode");
	CHECK_EQ(arch_probe_load8(0, &byte), ARCH_FAULT_LOAD);
	CHECK_EQ(arch_probe_store8(0, 0), ARCH_FAULT_STORE);
}

TEST(mem, text_is_not_writable)
{
	uint8_t byte;
	uintptr_t text = (uintptr_t)arch_probe_store8;

	SKIP_IF(!mmu_protects(), "nothing protects memory here: real mode");
	CHECK_EQ(arch_probe_load8(text, &byte), 0);
	CHECK_EQ(arch_probe_store8(text, byte), ARCH_FAULT_STORE);
}

TEST(mem, rodata_is_not_writable)
{
	SKIP_IF(!mmu_protects(), "nothing protects memory here: real mode");
	CHECK_EQ(arch_probe_store8((uintptr_t)&in_rodata, 0), ARCH_FAULT_STORE);
	CHECK_EQ(arch_probe_call((uintptr_t)&in_rodata & ~1ul), ARCH_FAULT_FETCH);
}

TEST(mem, data_is_not_executable)
{
	void *page;

	SKIP_IF(!mmu_protects(), "nothing protects memory here: real mode");
	page = page_alloc(PAGE_SIZE, PAGE_SIZE);
	CHECK(page);
	CHECK_EQ(arch_probe_store8((uintptr_t)&in_data, 'x'), 0);
	CHECK_EQ(in_data, 'x');
	CHECK_EQ(arch_probe_call((uintptr_t)page), ARCH_FAULT_FETCH);
	page_free(page, PAGE_SIZE);
}

TEST(mem, guard_page_below_every_stack)
{
	SKIP_IF(!mmu_protects(), "nothing protects memory here: real mode");
	for (unsigned i = 0; i < smp_count(); i++) {
		uintptr_t bottom = smp_hart(i)->stack_bottom;
		uint8_t byte;

		CHECK_EQ(arch_probe_load8(bottom, &byte), 0);
		CHECK_EQ(arch_probe_load8(bottom - 1, &byte), ARCH_FAULT_LOAD);
	}
}

TEST(mem, pages_are_zero_aligned_and_come_back)
{
	size_t before = mem_used();
	char *a = page_alloc(3 * PAGE_SIZE, 0), *b = page_alloc(PAGE_SIZE, 64 * PAGE_SIZE);

	CHECK(a && b);
	CHECK_EQ((uintptr_t)a % (4 * PAGE_SIZE), 0);
	CHECK_EQ((uintptr_t)b % (64 * PAGE_SIZE), 0);
	for (size_t i = 0; i < 3 * PAGE_SIZE; i++)
		CHECK_EQ(a[i], 0);
	memset(a, 0xa5, 3 * PAGE_SIZE);
	CHECK_EQ(mem_used(), before + 4 * PAGE_SIZE);
	page_free(a, 3 * PAGE_SIZE);
	page_free(b, PAGE_SIZE);
	CHECK_EQ(mem_used(), before);
}

TEST(mem, too_much_is_refused)
{
	CHECK(!page_alloc(mem_total() * 2, PAGE_SIZE));
	CHECK(!page_alloc(0, 0));
	CHECK(!page_alloc(SIZE_MAX, PAGE_SIZE));
	CHECK(!dma_alloc(PAGE_SIZE, 1));
}

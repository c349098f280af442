// SPDX-License-Identifier: Apache-2.0
// SOURCES: drivers/nvme/prp.c
#include "tests/host/cmocka_test.h"

#include <errno.h>

#include "drivers/nvme/prp.h"
#include "kernel/lib/bits.h"

#define LIST_ADDRESS 0x81234200ull
#define UNTOUCHED    0x5555555555555555ull
#define CAPACITY     8

struct built {
	uint64_t entries[CAPACITY + 1]; /* one more, to see that it stays untouched */
	struct nvme_prp prp;
	int rc;
};

static struct built build(uint64_t address, uint64_t bytes, unsigned page_shift)
{
	struct built b;
	struct nvme_prp_list list = { b.entries, LIST_ADDRESS, CAPACITY };

	for (unsigned i = 0; i < ARRAY_SIZE(b.entries); i++)
		b.entries[i] = UNTOUCHED;
	b.rc = nvme_prp_build(address, bytes, page_shift, &list, &b.prp);
	return b;
}

static void assert_pages(const struct built *b, uint64_t second, unsigned n, uint64_t page)
{
	assert_int_equal(b->rc, 0);
	assert_int_equal(b->prp.prp2, LIST_ADDRESS);
	assert_int_equal(b->prp.nr_list, n);
	for (unsigned i = 0; i < ARRAY_SIZE(b->entries); i++)
		assert_int_equal(b->entries[i], i < n ? second + i * page : UNTOUCHED);
}

static void one_page(void **state)
{
	static const struct {
		uint64_t address, bytes;
	} in[] = {
		{ 0x80000000, 1 },    { 0x80000000, 512 }, { 0x80000000, 4096 },
		{ 0x80000004, 4092 }, { 0x80000ffc, 4 },   { 0x80000e00, 512 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(in); i++) {
		struct built b = build(in[i].address, in[i].bytes, 12);

		assert_int_equal(b.rc, 0);
		assert_int_equal(b.prp.prp1, in[i].address);
		assert_int_equal(b.prp.prp2, 0);
		assert_int_equal(b.prp.nr_list, 0);
		assert_int_equal(b.entries[0], UNTOUCHED);
	}
}

static void two_pages_need_no_list(void **state)
{
	static const struct {
		uint64_t address, bytes;
	} in[] = {
		{ 0x80000000, 4097 },
		{ 0x80000000, 8192 },
		{ 0x80000ffc, 8 },
		{ 0x80000ffc, 4100 },
	};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(in); i++) {
		struct built b = build(in[i].address, in[i].bytes, 12);

		assert_int_equal(b.rc, 0);
		assert_int_equal(b.prp.prp1, in[i].address);
		assert_int_equal(b.prp.prp2, 0x80001000);
		assert_int_equal(b.prp.nr_list, 0);
		assert_int_equal(b.entries[0], UNTOUCHED);
	}
}

static void list_from_three_pages(void **state)
{
	struct built b = build(0x80000000, 8193, 12);

	(void)state;
	assert_int_equal(b.prp.prp1, 0x80000000);
	assert_pages(&b, 0x80001000, 2, 4096);
	b = build(0x80000ffc, 4101, 12);
	assert_int_equal(b.prp.prp1, 0x80000ffc);
	assert_pages(&b, 0x80001000, 2, 4096);
}

static void full_list(void **state)
{
	struct built b = build(0x100000000, (CAPACITY + 1) * 4096, 12);

	(void)state;
	assert_pages(&b, 0x100001000, CAPACITY, 4096);
	b = build(0x100000ffc, CAPACITY * 4096 + 4, 12);
	assert_pages(&b, 0x100001000, CAPACITY, 4096);
}

static void too_long_touches_nothing(void **state)
{
	struct built b = build(0x80000000, (CAPACITY + 1) * 4096 + 1, 12);

	(void)state;
	assert_int_equal(b.rc, -EMSGSIZE);
	assert_int_equal(b.entries[0], UNTOUCHED);
	assert_int_equal(build(0x80000000, UINT64_MAX - 0x80000000, 12).rc, -EMSGSIZE);
}

static void larger_pages(void **state)
{
	struct built b = build(0x80000000, 3 * 65536, 16);

	(void)state;
	assert_pages(&b, 0x80010000, 2, 65536);
	b = build(0x80001000, 65536, 16);
	assert_int_equal(b.prp.prp2, 0x80010000);
	assert_int_equal(b.prp.nr_list, 0);
}

static void refused(void **state)
{
	(void)state;
	assert_int_equal(build(0x80000000, 0, 12).rc, -EINVAL);
	assert_int_equal(build(0x80000002, 512, 12).rc, -EINVAL);
	assert_int_equal(build(UINT64_MAX - 3, 5, 12).rc, -EINVAL);
	/* The very last bytes are no error. */
	assert_int_equal(build(UINT64_MAX - 3, 4, 12).rc, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_page),
		cmocka_unit_test(two_pages_need_no_list),
		cmocka_unit_test(list_from_three_pages),
		cmocka_unit_test(full_list),
		cmocka_unit_test(too_long_touches_nothing),
		cmocka_unit_test(larger_pages),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

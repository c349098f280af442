// SPDX-License-Identifier: Apache-2.0
/* The test machinery itself; and one test that fails when asked to, so that failing can be seen. */
#include <string.h>

#include "kernel/lib/glob.h"
#include "platform/platform.h"
#include "tests/target/test.h"

static void check_and_go_on(struct test_result *t, int value)
{
	CHECK(value == 1);
	t->message[0] = 'x';
}

static void check_equal(struct test_result *t, long got)
{
	CHECK_EQ(got, -1);
}

static void skip_if(struct test_result *t, bool condition)
{
	SKIP_IF(condition, "because %d", 7);
	t->message[0] = 'x';
}

TEST(selftest, on_request)
{
	CHECK_EQ(platform_setting_number("test.fail", 0), 0);
}

/* CHECK can't be the judge of itself. */
static bool expect(struct test_result *t, bool condition, int line)
{
	if (!condition)
		test_fail(t, line, "the machinery of the tests is broken");
	return condition;
}

#define EXPECT(cond)                            \
	do {                                    \
		if (!expect(t, cond, __LINE__)) \
			return;                 \
	} while (0)

TEST(selftest, check)
{
	struct test_result good = { .file = t->file }, bad = good;

	check_and_go_on(&good, 1);
	EXPECT(!good.failed && !good.skipped && good.message[0] == 'x');
	check_and_go_on(&bad, 2);
	EXPECT(bad.failed && !bad.skipped);
	EXPECT(glob_match("*selftest.c:*value == 1*", bad.message));
}

TEST(selftest, check_equal)
{
	struct test_result good = { .file = t->file }, bad = good;

	check_equal(&good, -1);
	EXPECT(!good.failed);
	check_equal(&bad, 10);
	EXPECT(bad.failed);
	EXPECT(glob_match("*got is 10, not -1*", bad.message));
}

TEST(selftest, skip)
{
	struct test_result stays = { 0 }, leaves = { 0 };

	skip_if(&stays, false);
	EXPECT(!stays.skipped && stays.message[0] == 'x');
	skip_if(&leaves, true);
	EXPECT(leaves.skipped && !leaves.failed);
	EXPECT(!strcmp(leaves.message, "because 7"));
}

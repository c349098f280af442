// SPDX-License-Identifier: Apache-2.0
// SOURCES: drivers/msi/change_msi.c drivers/msi/hypercall.c kernel/irq.c kernel/irq_block.c
// SOURCES: kernel/desc.c kernel/msi_checked.c
/*
 * The suite of tests/target/msi/fake_checked.c once more, under the sanitizers: what a hypervisor
 * answers reaches nothing that it should not.
 */
#include "kernel/lib/table.h"

/* The host's linker gathers no tables: there is one backend. */
#undef for_each_table_entry
#define for_each_table_entry(table, it) for ((it) = &table##_entry_fake; (it); (it) = NULL)

#include "drivers/msi/fake_checked.c"

#include "kernel/msi.c"
#include "kernel/msi_suspend.c"

#include "kernel/retire.h"
#include "kernel/storm.h"
#include "tests/host/cmocka_test.h"
#include "tests/target/test.h"

#define HARTS 3

static struct hart harts[HARTS];
struct hart **smp_harts = (struct hart *[]){ &harts[0], &harts[1], &harts[2] };
uint32_t smp_nr_harts = HARTS;

unsigned smp_next_online(unsigned index)
{
	return (index + 1) % HARTS;
}

void storm_note(unsigned identity, struct irq_desc *desc)
{
	(void)identity;
	(void)desc;
}

int storm_hart_init(unsigned hart, unsigned max_id)
{
	(void)hart;
	(void)max_id;
	return 0;
}

int retire_hart_init(unsigned hart)
{
	(void)hart;
	return 0;
}

struct irq_desc *retire_late(unsigned identity)
{
	(void)identity;
	return NULL;
}

bool time_wait(bool (*cond)(void *arg), void *arg, uint32_t timeout_ms)
{
	(void)timeout_ms;
	return cond(arg);
}

const char *platform_setting(const char *name, const char *fallback)
{
	(void)name;
	return fallback;
}

static void failed(struct test_result *t, int line, const char *what)
{
	t->failed = true;
	print_error("tests/target/msi/fake_checked.c:%d: %s\n", line, what);
}

void test_fail_check(struct test_result *t, int line, const char *what)
{
	failed(t, line, what);
}

void test_fail_equal(struct test_result *t, int line, const char *what, long long got,
		     long long want)
{
	failed(t, line, what);
	print_error("it is %lld, not %lld\n", got, want);
}

void test_skip(struct test_result *t, const char *fmt, ...)
{
	(void)fmt;
	t->failed = true;
}

#undef TEST
#define TEST(suite_, name_)                        \
	static void name_(struct test_result *t);  \
	static void name_##_on_host(void **state)  \
	{                                          \
		struct test_result result = { 0 }; \
		(void)state;                       \
		name_(&result);                    \
		assert_false(result.failed);       \
	}                                          \
	static void name_(__attribute__((unused)) struct test_result *t)

#include "tests/target/msi/fake_checked.c"

#define ON_HOST(name_) cmocka_unit_test(name_##_on_host)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_HOST(one_call_for_the_set),
		ON_HOST(sources_start_off_whatever_is_left_in_them),
		ON_HOST(masked_source_comes_once_at_unmask),
		ON_HOST(busy_is_repeated_with_the_next_sequence_number),
		ON_HOST(busy_for_ever_is_aborted),
		ON_HOST(partial_grants),
		ON_HOST(refusals_hold_nothing),
		ON_HOST(refused_set_is_asked_for_by_half),
		ON_HOST(lost_answer_is_rolled_back),
		ON_HOST(more_than_asked_is_refused),
		ON_HOST(failed_query_is_rolled_back),
		ON_HOST(release_without_reset),
		ON_HOST(numbers_need_not_be_neighbours),
		ON_HOST(unaligned_block_becomes_one_message),
		ON_HOST(three_messages_take_a_block_of_four),
		ON_HOST(moves_write_no_message),
		ON_HOST(failed_route_leaves_it_where_it_was),
		ON_HOST(suspended_function_is_left_alone),
		ON_HOST(suspended_set_ends_by_disable_or_free),
		ON_HOST(lost_messages_are_asked_for_again),
		ON_HOST(refused_renewal_can_be_repeated),
		ON_HOST(lost_set_ends_by_disable_or_free),
		ON_HOST(unaligned_renewal_is_refused),
	};

	for (unsigned i = 0; i < HARTS; i++) {
		harts[i].index = i;
		harts[i].state = HART_ONLINE;
	}
	arch_set_this_hart(&harts[0]);
	if (irq_init(FAKE_SOURCES))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

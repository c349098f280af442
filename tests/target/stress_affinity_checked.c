// SPDX-License-Identifier: Apache-2.0
/* A million raises a driver while every vector moves, as fast as it goes (docs/msi.md M7, M8, M11). */
#include <stdio.h>

#include "kernel/msi.h"
#include "tests/target/stress.h"
#include "tests/target/test.h"

#define RAISES 1000000
#define MOVES  100000

static struct stress stress;

static uint64_t moved(void)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < stress.nr_ledgers; i++)
		for (unsigned v = 0; v < stress.ledgers[i].count; v++)
			sum += atomic_load_explicit(&stress.ledgers[i].fn->msi.descs[v]->moved,
						    memory_order_relaxed);
	return sum;
}

TEST_BY_NAME(stress, affinity)
{
	struct ledger_sum sum;
	uint64_t before;

	SKIP_IF(smp_online_count() < 2, "one hart");
	SKIP_IF(!stress_open(&stress, (uint32_t)stress_parameter("RAISES", RAISES)),
		"no function sends messages at once when told to");
	before = moved();
	stress.moves_goal = (uint32_t)stress_parameter("MOVES", MOVES);
	stress_start(&stress, true);
	stress_finish(&stress);
	sum = stress_judge(&stress);
	stress_close(&stress);
	CHECK_EQ(sum.lost, 0);
	CHECK_EQ(sum.duplicated, 0);
	CHECK_EQ(sum.stray, 0);
	CHECK_EQ(sum.runs, sum.raised);
	CHECK(stress_is_clean(&stress));
	CHECK_EQ(moved() - before, stress.moves);
}

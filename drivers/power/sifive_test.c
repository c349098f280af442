// SPDX-License-Identifier: Apache-2.0
/* QEMU's `sifive,test0`: one register that ends the machine with an exit status. */
#include <errno.h>

#include "arch/io.h"
#include "kernel/mem.h"
#include "kernel/time.h"
#include "platform/dt.h"
#include "platform/platform.h"

#define FINISHER_FAIL  0x3333
#define FINISHER_PASS  0x5555
#define FINISHER_RESET 0x7777
#define STATUS_SHIFT   16
#define STATUS_MAX     0xff

/* QEMU ends a while after the store; the firmware's way, tried too early, would take its status away. */
#define END_US 5000000

static uintptr_t finisher;

static void finish(uint32_t value)
{
	mmio_write32(finisher, value);
	time_delay_us(END_US);
}

static void off(unsigned status)
{
	if (status)
		finish((status & STATUS_MAX) << STATUS_SHIFT | FINISHER_FAIL);
	else
		finish(FINISHER_PASS);
}

static void reset(void)
{
	finish(FINISHER_RESET);
}

static const struct power_ops ops = { .name = "sifive-test",
				      .rating = 2,
				      .carries_status = true,
				      .off = off,
				      .reset = reset };

static int probe(dt_node_t node)
{
	struct dt_range range;
	int rc = dt_reg(node, 0, &range);

	if (rc)
		return rc;
	finisher = mmio_map(range.base, range.size);
	if (!finisher)
		return -ENOMEM;
	platform_set_power(&ops);
	return 0;
}

TABLE_ENTRY(struct dt_driver, dt_driver, 0, sifive_test) = {
	.name = "sifive-test",
	.compatible = "sifive,test0",
	.class_ = DT_CLASS_POWER,
	.probe = probe,
};

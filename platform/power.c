// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>

#include "arch/cpu.h"
#include "arch/irqflags.h"
#include "arch/power.h"
#include "platform/platform.h"

static const struct power_ops *power;

void platform_set_power(const struct power_ops *ops)
{
	if (!power || ops->rating > power->rating)
		power = ops;
}

static _Noreturn void stay(void)
{
	irq_disable();
	for (;;)
		cpu_wait();
}

void platform_power_off(unsigned status)
{
	if (power)
		power->off(status);
	arch_power_off(status);
	stay();
}

void platform_reset(void)
{
	if (power)
		power->reset();
	arch_reset();
	stay();
}

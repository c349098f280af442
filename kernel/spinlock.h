/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdatomic.h>

#include "arch/cpu.h"
#include "arch/irqflags.h"

/*
 * For what is not on the MSI path: console, log, pages, libc, queues of a device.
 * Held with interrupts off, for a bounded number of steps.
 */
struct spinlock {
	_Atomic uint32_t held;
};

static inline bool spin_trylock(struct spinlock *lock)
{
	/* acquire pairs with the release in spin_unlock_irq() */
	return !atomic_exchange_explicit(&lock->held, 1, memory_order_acquire);
}

static inline irqflags_t spin_lock_irq(struct spinlock *lock)
{
	irqflags_t flags = irq_save();

	while (!spin_trylock(lock))
		cpu_relax();
	return flags;
}

static inline void spin_unlock_irq(struct spinlock *lock, irqflags_t flags)
{
	atomic_store_explicit(&lock->held, 0, memory_order_release);
	irq_restore(flags);
}

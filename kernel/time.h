/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Time since entry, in nanoseconds, from the shared timer. Any context. */
uint64_t time_ns(void);
uint32_t time_ms(void);
/* Spins. Any context. */
void time_delay_us(uint32_t us);
/* Sleeps at least so long; interrupts are taken. Thread context, interrupts on. */
void time_sleep_ms(uint32_t ms);

/*
 * Waits until cond(arg) is true; sleeps between interrupts of this hart, so cond
 * must become true by a handler, or be polled: it is looked at least each
 * millisecond. true, or false after timeout_ms. Thread context, interrupts on.
 */
bool time_wait(bool (*cond)(void *arg), void *arg, uint32_t timeout_ms);

/* One-shot timer of the hart that armed it; fn runs as a handler there. */
struct timer {
	uint64_t deadline; /* ticks */
	void (*fn)(struct timer *timer);
	struct timer *next;
};
/* Own hart, any context; the timer must not be armed. */
void timer_arm_ms(struct timer *timer, uint32_t ms);

/* Boot, after the device tree; ticks_at_entry: cpu_ticks() when the image was entered. */
void time_init(uint64_t ticks_at_entry);
/* Each hart, at its start. */
void time_hart_init(void);
/* The timer interrupt. */
void time_interrupt(void);

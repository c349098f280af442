// SPDX-License-Identifier: Apache-2.0
#include "kernel/storm.h"

#include <errno.h>

#include "kernel/lib/log.h"
#include "kernel/mem.h"
#include "kernel/smp.h"
#include "kernel/time.h"

struct entry {
	struct irq_desc *desc; /* the vector it was closed for, or NULL */
	uint32_t since_ms;     /* start of the window */
	uint32_t open_ms;      /* closed: when to open it again */
	uint16_t claims;       /* in the window */
	uint8_t level;         /* n of the 2^n ms pause */
	bool closed;
};

struct storm {
	struct timer timer;
	bool armed;
	unsigned max_id;
	struct entry entries[];
};

static _Atomic unsigned total;

int storm_hart_init(unsigned hart, unsigned max_id)
{
	struct storm *storm =
		page_alloc(sizeof(*storm) + (max_id + 1) * sizeof(struct entry), PAGE_SIZE);

	if (!storm)
		return -ENOMEM;
	storm->max_id = max_id;
	smp_hart(hart)->storm = storm;
	return 0;
}

static void reopen(unsigned identity, struct entry *entry)
{
	entry->closed = false;
	entry->claims = 0;
	entry->since_ms = time_ms();
	if (entry->desc)
		atomic_fetch_and_explicit(&entry->desc->state, ~IRQ_STORMED, memory_order_relaxed);
	irq_file->open(identity);
}

/* Opens what is due and goes on until nothing is closed. Handler context. */
static void tick(struct timer *timer)
{
	struct storm *storm = container_of(timer, struct storm, timer);
	bool more = false;

	for (unsigned id = 1; id <= storm->max_id; id++) {
		struct entry *entry = &storm->entries[id];

		if (entry->closed && (int32_t)(time_ms() - entry->open_ms) >= 0)
			reopen(id, entry);
		more |= entry->closed;
	}
	storm->armed = more;
	if (more)
		timer_arm_ms(timer, 1);
}

static void shut(struct storm *storm, unsigned identity, struct irq_desc *desc)
{
	struct entry *entry = &storm->entries[identity];

	irq_file->close(identity);
	entry->closed = true;
	entry->desc = desc;
	entry->open_ms = time_ms() + (1u << entry->level);
	if (entry->level < STORM_LEVEL_MAX)
		entry->level++;
	if (desc)
		atomic_fetch_or_explicit(&desc->state, IRQ_STORMED, memory_order_relaxed);
	atomic_fetch_add_explicit(&total, 1, memory_order_relaxed);
	log_warn("storm: identity %u of hart %u (%s) is shut off for %u ms", identity, smp_index(),
		 desc && desc->name ? desc->name : "nobody's", 1u << (entry->level - 1));
	if (!storm->armed) {
		storm->armed = true;
		storm->timer.fn = tick;
		timer_arm_ms(&storm->timer, 1);
	}
}

void storm_note(unsigned identity, struct irq_desc *desc)
{
	struct storm *storm = this_hart()->storm;
	struct entry *entry = &storm->entries[identity];
	uint32_t now = time_ms();

	if (now != entry->since_ms) {
		/* A quiet millisecond or more: the next storm starts small again. */
		if (now - entry->since_ms > 2u << entry->level)
			entry->level = 0;
		entry->since_ms = now;
		entry->claims = 0;
	}
	if (++entry->claims >= STORM_CLAIMS && !entry->closed)
		shut(storm, identity, desc);
}

void storm_forget(unsigned identity)
{
	struct entry *entry = &this_hart()->storm->entries[identity];

	if (entry->closed)
		reopen(identity, entry);
}

unsigned storm_total(void)
{
	return atomic_load_explicit(&total, memory_order_relaxed);
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "arch/cpu.h"
#include "kernel/irq.h"

/*
 * Harts have an index 0 .. smp_count() - 1 in device-tree order (the kernel's name
 * for them) and a hart ID (the firmware's). Whichever hart the firmware chose boots.
 */
enum hart_state {
	HART_ABSENT,
	HART_STARTING, /* asked of the firmware */
	HART_COMING,   /* it is here, and will be online */
	HART_ONLINE,
	HART_FAILED,   /* did not come in time, or did not go: left out */
	HART_LEAVING,  /* gives its vectors away (kernel/hart_off.c) */
	HART_STOPPING, /* is to stop when it has nothing to do */
	HART_OFFLINE,
};

struct storm;
struct vector_place;
struct work;
struct timer;

struct hart {
	uint64_t hart_id;
	uint64_t index_bytes;     /* index * 8: offset into irq_desc.handled */
	struct irq_desc *current; /* the vector whose handler runs, NULL outside */
	uintptr_t doorbell;       /* own interrupt file's seteipnum_le, mapped; 0 without IMSIC */
	uint32_t index;
	uint32_t max_id;                   /* highest identity of the own interrupt file */
	_Atomic uint32_t state;            /* enum hart_state */
	_Atomic uint32_t kicked;           /* IPIs taken */
	uint64_t page_table;               /* what boot/ switches to (satp) */
	uint32_t mmu_generation;           /* of the page table, as this hart last saw it */
	uintptr_t stack_top, stack_bottom; /* a guard page lies below bottom */
	uintptr_t start_sp;          /* where boot/ starts: below what a stopped thread left */
	uintptr_t emergency_top;     /* exceptions run here */
	_Atomic(struct work *) work; /* what smp_run() posted */
	struct timer *timers;        /* sorted by deadline; this hart only, interrupts off */
	struct storm *storm;         /* kernel/storm.h; this hart only */
	_Atomic(_Atomic uint32_t *) exits; /* kernel/hart_off.h */
	/* By identity, never NULL: who owns it, or a special descriptor. Read by the trap path. */
	_Atomic(struct irq_desc *) *slots;
	/* By identity: the vector that has left or was freed, where slots says irq_parked; kernel/retire.h. */
	_Atomic uintptr_t *parked;
	struct retire *retire;
};

/* Table and length: boot/ finds a hart by its ID here. */
extern struct hart **smp_harts;
extern uint32_t smp_nr_harts;

static inline unsigned smp_count(void)
{
	return smp_nr_harts;
}

/* index: below smp_count(). */
static inline struct hart *smp_hart(unsigned index)
{
	return smp_harts[index];
}

static inline bool smp_online(unsigned index)
{
	/* acquire pairs with the release in smp_secondary_main(): its interrupt file is up */
	return index < smp_nr_harts &&
	       atomic_load_explicit(&smp_harts[index]->state, memory_order_acquire) == HART_ONLINE;
}

unsigned smp_online_count(void);
/* The next hart that is online, after the last again the first; index itself when it is the only one. */
unsigned smp_next_online(unsigned index);

static inline unsigned smp_index(void)
{
	return this_hart()->index;
}

/* true inside an interrupt handler of this hart. */
static inline bool in_handler(void)
{
	return this_hart()->current != NULL;
}

/* Interrupts the hart (index) so that it looks for work. Any context. */
void smp_kick(unsigned index);
/* How smp_kick() does it, set at boot by the interrupt controller; the one before, or NULL. */
typedef void (*smp_ipi_t)(unsigned index);
smp_ipi_t smp_set_ipi(smp_ipi_t send);
bool smp_has_ipi(void);

/*
 * Runs fn(arg) on the hart in its thread context, interrupts on, and returns fn's
 * value; on the own hart a plain call. -ENODEV: not online. One caller a hart at
 * a time; others wait. Thread context.
 */
int smp_run(unsigned index, int (*fn)(void *arg), void *arg);
/* The two halves, to run on several harts at once: *work lives until smp_wait() returned. */
struct work {
	int (*fn)(void *arg);
	void *arg;
	int result;
	unsigned from; /* who is kicked when it is done */
	_Atomic uint32_t done;
};
int smp_post(unsigned index, struct work *work);
int smp_wait(struct work *work);

/* Boot, first line: this_hart() of the boot hart until smp_init(). */
void smp_early_init(uint64_t hart_id);
/* Boot: learns the harts from the device tree; the calling hart is online. Setting maxharts=N. */
void smp_init(void);
/* Boot hart: goes on with next() on its own guarded stack. */
_Noreturn void smp_use_own_stack(void (*next)(void));
/*
 * What the root interrupt controller does when harts (index) come and go; set once at
 * boot. Only up and quiet must be there.
 */
struct hart_ops {
	/* Own hart, interrupts off, before it is online: its interrupt file is set up, and open. */
	void (*up)(unsigned index);
	/* The hart leaves: vectors get no new place there. Thread context. */
	void (*close)(unsigned index);
	/* It stays after all. Thread context. */
	void (*reopen)(unsigned index);
	/* Own hart, interrupts off: closed and nothing of any vector is left; false: it is looked after. */
	bool (*empty)(unsigned index);
	/* Own hart, interrupts off: delivers no more and had nothing to deliver; false: delivers, still or again. */
	bool (*quiet)(unsigned index);
	/*
	 * Places on harts that are open: for n vectors, or of an aligned block of n, of which
	 * the first is told. 0, -ENOSPC, -EAGAIN.
	 */
	int (*reserve)(unsigned n, bool block, struct vector_place *places);
	/* One of them back, unused. */
	void (*unreserve)(const struct vector_place *place);
};
void smp_set_hart_ops(const struct hart_ops *ops);
extern const struct hart_ops *smp_hart_ops;
/* Starts a hart that is not online and waits for it. 0; -EIO: it has failed, and is named; -EBUSY: it is coming still. Thread context. */
int smp_start(unsigned index);
/* Do all harts say this ISA extension in the device tree? */
bool smp_all_have(const char *extension);
/* The index of the hart with this ID, or -ENOENT. */
int smp_index_of(uint64_t hart_id);
/* Boot: starts the others, names those that do not come. Thread context. */
void smp_start_all(void);
/* Where boot/ sends a started hart: struct hart in this_hart(), own stack, interrupts off. */
_Noreturn void smp_secondary_main(void);

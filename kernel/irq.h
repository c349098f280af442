/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch/io.h"
#include "kernel/lib/bits.h"

/*
 * One interrupt: an MSI vector, a wired source or a fixed identity. The trap path
 * (drivers/irqchip/imsic_entry.S) reads state, handler, arg and handled; the rest
 * is for the code around it.
 */

/*
 * The ownership word (docs/msi.md, M5). The wishes OFF, DEAD and the target are
 * written by anyone with one read-modify-write; RUN and PEND are the in-progress
 * latch of dispatch; who sets OWNED is the only writer of the vector's registers.
 */
#define IRQ_OFF         BIT(0) /* the driver's wish: masked */
#define IRQ_PEND        BIT(1) /* one latched event */
#define IRQ_RUN         BIT(2) /* the handler runs, on one hart */
#define IRQ_OWNED       BIT(3) /* somebody applies the wishes */
#define IRQ_DEAD        BIT(4) /* freed: never handled again */
#define IRQ_INACTIVE    BIT(5) /* the wish: not enabled, what arrives is spurious */
#define IRQ_STORMED     BIT(6) /* shut off at its hart for a while */
#define IRQ_LEAD_OWNED  BIT(7) /* a block's lead: somebody applies its wishes */
#define IRQ_LEAD_DIRTY  BIT(8) /* a block's lead: a wish is new */
#define IRQ_SUSPENDED   BIT(9) /* the wish: its registers may be lost, what arrives is latched */
#define IRQ_TARGET_MASK GENMASK(31, 16) /* the wished hart, by index */
/* No handler may start. */
#define IRQ_SHUT      (IRQ_OFF | IRQ_DEAD | IRQ_INACTIVE | IRQ_SUSPENDED)
#define IRQ_WISH_MASK (IRQ_SHUT | IRQ_TARGET_MASK)

/*
 * Called with interrupts off on the hart that claimed; never concurrently with
 * itself. May not call libc, wait, or free its own vector.
 */
typedef void (*irq_handler_t)(void *arg);

struct irq_chip;
struct irq_block;

struct irq_desc {
	_Atomic uint32_t state;
	/* Current place: written by the owner only. Fixed identities and special descriptors keep theirs. */
	uint16_t hart;     /* index */
	uint16_t identity; /* at that hart's interrupt file */
	irq_handler_t handler;
	void *arg;
	uint64_t *handled; /* one counter a hart, written by that hart alone */
	const struct irq_chip *chip;
	void *chip_data; /* the chip's; of an MSI or INTx vector its struct msi_function, where a struct irq_gone comes first */
	const char *name;        /* the requester's string, lives as long as the request */
	struct irq_block *block; /* kernel/irq_block.h; NULL: a vector by itself */
	uint16_t index;          /* MSI-X entry, MSI message or wired source */
	uint8_t kind;            /* enum irq_kind */
	uint8_t shadow;          /* IRQ_SHADOW_*: what the owner last wrote to the source */
	union {
		uint32_t mask_keep;
		uint32_t source; /* number at its controller, where that is no identity of a hart */
	};
	/*
	 * mask_at: a 32-bit register whose bit 0 masks the source; mask_keep is what its other bits
	 * hold. Bound by activate, used while `steady` is the word: that is the word of the vector at
	 * rest at its place, open. IRQ_NEVER_STEADY: the chip does all.
	 */
	_Atomic uintptr_t mask_at;
	_Atomic uint32_t steady;
	_Atomic uint32_t late;     /* arrived at a place that the vector had left */
	_Atomic uint32_t spurious; /* arrived while not enabled */
	_Atomic uint32_t dead;     /* arrived after free */
	_Atomic uint32_t moved;    /* completed affinity changes */
	_Atomic uint32_t places;   /* its own and those it has left that are not drained yet */
	/* The place that it has left last, which may be another's by now; 0: none. The owner's. */
	uint16_t left_hart, left_identity;
};

/* Counters of vectors that are gone. */
struct irq_gone {
	_Atomic uint64_t late, spurious, dead, moved;
};
extern struct irq_gone irq_gone; /* of all */

/* The bits of OFF and OWNED: what is noted is what the wish was made of. */
#define IRQ_SHADOW_MASKED  BIT(0)
#define IRQ_SHADOW_WRITTEN BIT(3) /* message or target registers hold the current place */
#define IRQ_NEVER_STEADY   UINT32_MAX

enum irq_kind {
	IRQ_KIND_FREE,    /* descriptor in no use */
	IRQ_KIND_SPECIAL, /* irq_unowned, irq_parked */
	IRQ_KIND_FIXED,   /* IPI and the like */
	IRQ_KIND_WIRED,
	IRQ_KIND_MSI,
	IRQ_KIND_INTX, /* in no slot: a shared wired source calls it (drivers/pci/intx.c) */
};

/* What a controller does for its sources; members may be NULL where the source has no such thing. */
struct irq_chip {
	const char *name;
	/* All by the holder of OWNED, in any context. */
	/*
	 * Writes message or target for the current place while masked, then does what
	 * shadow says: unmasks, or not; stores shadow before it unmasks. 0 or -errno.
	 */
	int (*activate)(struct irq_desc *desc, uint8_t shadow);
	void (*mask)(struct irq_desc *desc);
	void (*unmask)(struct irq_desc *desc);
	/* Makes the interrupt pending at its current place. */
	void (*retrigger)(struct irq_desc *desc);
	/* Ends a claim given to irq_dispatch(): the source comes again if it still asks. Any hart. */
	void (*eoi)(struct irq_desc *desc);
	/*
	 * Moves it to the hart (index), of a block's lead all of the block. 0, or -errno: it
	 * stays on its hart.
	 */
	int (*set_affinity)(struct irq_desc *desc, unsigned hart);
	/* One of its places at the hart (index) is drained. By that hart, handler context; may be NULL. */
	void (*drained)(struct irq_desc *desc, unsigned hart);
	/*
	 * Of a chip that binds `steady`; by who does not own it: all of irq_set_affinity() to another hart, on
	 * line, of a vector whose word was `word`, which is steady. What is not as it mostly is goes to
	 * irq_post_move() before OWNED is set, to irq_own_until_no_wish_is_new() after.
	 */
	int (*move_steady)(struct irq_desc *desc, unsigned hart, uint32_t word);
};

/*
 * The pool of descriptors: fixed at boot, one for every identity of every hart, so
 * that who holds an identity always finds a descriptor. Called once at boot.
 */
int irq_init(unsigned nr_descs);
/* Takes n free descriptors, 1 <= n, the lowest numbers first; n, or -ENOSPC and none. Lock-free, any context. */
int irq_desc_claim(unsigned n, struct irq_desc **out);
/* One of the vector's places is drained; with the last one its descriptor is free again. Any context. */
void irq_desc_put(struct irq_desc *desc);
/* Every descriptor that was ever claimed, free or not: irq_desc_at(0) ... irq_desc_count() - 1. */
struct irq_desc *irq_desc_at(unsigned irq);
unsigned irq_desc_count(void);
/* The global number of a descriptor of the pool, as the `irq` command shows it. */
unsigned irq_number(const struct irq_desc *desc);
/* Memory of one descriptor: with its counters, 8 bytes a hart. */
size_t irq_desc_bytes(void);

/*
 * Fills a claimed descriptor that sits at (hart, identity), on but inactive (a fixed
 * one active), before its slot is published (kernel/slot.h). It is the caller's until then.
 */
static inline void irq_desc_init(struct irq_desc *desc, enum irq_kind kind,
				 const struct irq_chip *chip, unsigned hart, unsigned identity)
{
	/* relaxed: nobody else knows the descriptor before it is published */
	atomic_store_explicit(&desc->state,
			      FIELD_PREP(IRQ_TARGET_MASK, hart) |
				      (kind == IRQ_KIND_FIXED ? 0 : IRQ_INACTIVE),
			      memory_order_relaxed);
	desc->hart = (uint16_t)hart;
	desc->identity = (uint16_t)identity;
	desc->kind = kind;
	desc->chip = chip;
	desc->shadow = IRQ_SHADOW_MASKED;
	atomic_store_explicit(&desc->steady, IRQ_NEVER_STEADY, memory_order_relaxed);
	atomic_store_explicit(&desc->places, 1, memory_order_relaxed);
}

/*
 * Writes the mask bit of a vector whose mask_at is bound, by the holder of OWNED: off is IRQ_OFF or
 * 0. IRQ_OFF: what the source sent before has left it. 0: it may send later than this returns.
 */
static inline __attribute__((always_inline)) void irq_write_mask(struct irq_desc *desc,
								 uint32_t off)
{
	uintptr_t at = atomic_load_explicit(&desc->mask_at, memory_order_relaxed);

	/* First the note: the source may send, and its handler look, before this is over. */
	desc->shadow = IRQ_SHADOW_WRITTEN | (uint8_t)off;
	mmio_write32(at, desc->mask_keep | off);
	if (off)
		(void)mmio_read32(at);
}

/*
 * The common case of the wishes below: the word was `steady`, so the vector was at rest, and what is
 * wished is done in one piece, without a look at the shadow.
 */
static inline bool irq_is_steady(struct irq_desc *desc, uint32_t word)
{
	uint32_t steady = atomic_load_explicit(&desc->steady, memory_order_relaxed);

	/* From its own handler, too. */
	return (word & ~IRQ_RUN) == steady;
}

/*
 * Sets OWNED, and for a message of a block LEAD_OWNED of all the block, when nobody has it any more:
 * waits for another owner. Until irq_disown() the vector stays at its place. Thread context, or
 * a vector that nobody knows yet.
 */
void irq_own(struct irq_desc *desc);
/*
 * For who has set it, or OWNED of a vector by itself, when its compare-and-swap to let go has
 * failed: applies what is wished, and lets go. 0.
 */
int irq_disown(struct irq_desc *desc);
/* The same of a vector by itself; the result of the move, or of the registers, in the last round. */
int irq_own_until_no_wish_is_new(struct irq_desc *desc);
/* By the owner, who could not move it to the hart (index): that is no longer wished. rc. Lets go. */
int irq_move_failed(struct irq_desc *desc, unsigned hart, int rc);
/* irq_set_affinity() to a hart on line. */
int irq_post_move(struct irq_desc *desc, unsigned hart);

/* By the owner: the vector sits at the hart (index) from now on. */
static inline void irq_has_moved(struct irq_desc *desc, unsigned hart)
{
	if (atomic_load_explicit(&desc->steady, memory_order_relaxed) != IRQ_NEVER_STEADY)
		atomic_store_explicit(&desc->steady, FIELD_PREP(IRQ_TARGET_MASK, (uint32_t)hart),
				      memory_order_relaxed);
	atomic_fetch_add_explicit(&desc->moved, 1, memory_order_relaxed);
}

/* Wishes, from any context and any hart; but for the first, they never wait (M5). */
/*
 * Waits for another owner: when it returns 0, the message is written. Else what chip->activate gave.
 * Thread context.
 */
int irq_activate(struct irq_desc *desc);
void irq_deactivate(struct irq_desc *desc);
void irq_mask(struct irq_desc *desc);
/*
 * Suspended: masked once, then no register of the source is touched until it is resumed,
 * whatever is wished meanwhile; then all of them are written again, and what was latched is
 * sent again. irq_latch(): an event that was found pending while suspended. irq_resume():
 * the owner's result of activate, or 0; waits for another owner, as irq_activate() does. Thread context.
 */
void irq_suspend(struct irq_desc *desc);
void irq_latch(struct irq_desc *desc);
int irq_resume(struct irq_desc *desc);
int irq_unmask(struct irq_desc *desc); /* -EAGAIN: stormed, the hart will open it again by itself */
/*
 * Posts a move to the hart (index). How many other vectors move with it, all of its block:
 * 0 for a vector by itself. Or the owner's -errno, where another owner does not do it later.
 */
int irq_set_affinity(struct irq_desc *desc, unsigned hart);
/* Nobody is applying wishes. acquire: hart and identity are what the last owner left. */
bool irq_settled(const struct irq_desc *desc);

/* irq_kill()'s own. */
void irq_wait_dead(struct irq_desc *desc);

/*
 * The vector is freed: never handled again once this returns. Waits for a running
 * handler and owner; thread context, not from its own handler.
 */
static inline void irq_kill(struct irq_desc *desc)
{
	/*
	 * acquire: what the last handler did is seen when RUN is gone; a claim that comes
	 * after sees DEAD. An owner under way still finishes; a later wish finds nothing
	 * to do, as the source is shut off.
	 */
	uint32_t s =
		atomic_fetch_or_explicit(&desc->state, IRQ_DEAD | IRQ_OFF, memory_order_acquire);

	if (s & (IRQ_RUN | IRQ_OWNED))
		irq_wait_dead(desc);
}

/* Sum over harts of what was handled; a snapshot. */
uint64_t irq_handled(const struct irq_desc *desc);

/*
 * The slow half of dispatch, from the trap path when a claim found RUN or IRQ_SHUT in old:
 * the descriptor whose RUN this hart now holds and whose handler it must call (the
 * one given, or the vector that has left this identity), or NULL.
 */
struct irq_desc *irq_claim_slow(struct irq_desc *desc, uint32_t old, uint32_t identity);
/* What a hart does with its own interrupt file; set once at boot. Interrupts off. */
struct irq_file_ops {
	void (*close)(unsigned identity); /* disables, then clears pending */
	void (*open)(unsigned identity);
	bool (*enabled)(unsigned identity);
	void (*resend)(unsigned identity);
	uint64_t (*pending)(unsigned word); /* of identities 64 word ... 64 word + 63 */
	void (*drain)(void);                /* stores DRAIN; ordered by the caller */
};
void irq_set_file_ops(const struct irq_file_ops *ops);
extern const struct irq_file_ops *irq_file;

/* After a handler whose completion saw PEND: re-sends the identity just claimed. */
void irq_complete_slow(struct irq_desc *desc, uint32_t identity);

/*
 * From claim to handler for a root controller without a trap path of its own: runs the
 * handler of what this hart has claimed, or latches the event. From the claim on, the
 * controller holds the source back until chip->eoi(), called when the handler is done, or
 * chip->retrigger(), called by the owner who takes the latched event. NULL: nobody's, counted
 * and held back for good. Handler context.
 */
void irq_dispatch(struct irq_desc *desc);
/* The root controller's claim loop, called at each external interrupt; set once at boot. */
void irq_set_root(void (*interrupt)(void));

/*
 * Stands in the slots of identities that nobody has (0 too): OFF, so that the trap path asks irq_claim_slow().
 * Its `spurious` counts claims of such identities, but not of 0: a claim may come too late for
 * anything to be left.
 */
extern struct irq_desc irq_unowned;
/* Stands in the slots of identities that a vector has left and that are not drained; hart.parked names it. */
extern struct irq_desc irq_parked;

/* Boot, each hart before it takes interrupts: slots for identities 0 .. max_id. 0 or -ENOMEM. */
int irq_hart_init(unsigned hart, unsigned max_id);

/* Claims with identity 0 or an unowned identity, all harts. */
extern _Atomic uint64_t irq_spurious_total;

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/irq.h"
#include "kernel/irq_block.h"
#include "kernel/lib/panic.h"
#include "kernel/lib/table.h"
#include "kernel/vector.h"

/*
 * The MSI core: what drivers call, and the ops tables behind it (docs/msi.md).
 * alloc, request, enable, disable and free of one function are serialised by its
 * driver; mask, unmask and set_affinity come from anywhere at any time.
 */

enum msi_type { MSI_NONE, MSI_MSIX, MSI_MSI, MSI_INTX };

/*
 * msi_alloc() flags: the types to try, in this order; none is MSI-X and MSI. INTx is a level that
 * the driver's handler has to take away from the device, so it has to be asked for by name.
 */
#define MSI_ALLOW_MSIX BIT(0)
#define MSI_ALLOW_MSI  BIT(1)
#define MSI_ALLOW_INTX BIT(2)
#define MSI_ALLOW_ANY  (MSI_ALLOW_MSIX | MSI_ALLOW_MSI | MSI_ALLOW_INTX)
/* Thread context: waits, for up to two seconds, where the answer would be -EAGAIN. */
#define MSI_WAIT BIT(3)

#define MSI_ANY_HART UINT16_MAX

/* A message: one dword store of data to address (PCIe Base Specification, "MSI and MSI-X Operation"). */
struct msi_msg {
	uint64_t address;
	uint32_t data;
};

struct msi_function;
struct msi_remap;

/* What one store can change of a message. */
enum msi_part { MSI_PART_DATA, MSI_PART_ADDRESS };

/*
 * The registers of one function, MSI or MSI-X: given by drivers/pci, called by
 * backends that own the registers. i is the MSI-X entry or the message number.
 */
struct msi_function_ops {
	enum msi_type type;
	/*
	 * THE raw writer: the only place that writes a message. The vector is masked
	 * (or cannot mask and is not enabled). Reads back before it returns. Multi-message MSI: only i == 0, the
	 * base. 0; -EPERM when the sanitizer refused it.
	 */
	int (*write_msg)(struct msi_function *fn, unsigned i, const struct msi_msg *msg);
	/*
	 * The raw writer's second mode, for plain MSI without mask bits (M8): a change of data alone
	 * or of the address's low half alone, the rest being as it is. Reads that register back.
	 * 0; -EPERM: refused; -EIO: it does not hold what was written.
	 */
	int (*change_msg)(struct msi_function *fn, enum msi_part part, const struct msi_msg *msg);
	/* What the function's registers hold now. */
	void (*read_msg)(struct msi_function *fn, unsigned i, struct msi_msg *msg);
	/* false: no mask bits (plain MSI without Per-Vector Masking). */
	bool (*can_mask)(const struct msi_function *fn);
	/* Owner of the vector only; returns after the write was read back. */
	void (*mask)(struct msi_function *fn, unsigned i);
	/* Plain MSI: the mask bits of all messages at once, bit i message i. Owner of all. */
	void (*mask_all)(struct msi_function *fn, uint32_t masked);
	void (*unmask)(struct msi_function *fn, unsigned i);
	bool (*masked)(struct msi_function *fn, unsigned i);
	bool (*pending)(struct msi_function *fn, unsigned i);
	/*
	 * prepare: memory decode and bus master on, INTx off, Enable and Function Mask
	 * in one write, every entry masked. count: messages wanted (MSI: Multiple Message
	 * Enable). start: clears Function Mask, or sets MSI Enable. stop: disables.
	 */
	int (*prepare)(struct msi_function *fn, unsigned count);
	void (*start)(struct msi_function *fn);
	/*
	 * In place of prepare, where a hypervisor owns the messages: disabled, all vectors unmasked
	 * (MSI), room for count messages; decode and bus master on, INTx off. NULL: INTx.
	 */
	int (*open)(struct msi_function *fn, unsigned count);
	void (*stop)(struct msi_function *fn);
	/* A read from the function: what it sent before has left it. */
	void (*flush)(struct msi_function *fn);
};

/* One MSI controller: found for a function by msi-map or msi-parent. Used by the backend `direct`. */
struct msi_domain {
	const char *name; /* as the `irq` command shows it */
	/*
	 * Takes a place for each of min .. max vectors; wish as for msi_alloc(). block: one
	 * hart, contiguous and naturally aligned, max a power of two and min == max. The
	 * count, -ENOSPC, or -EAGAIN (block, lost a race). Lock-free, any context.
	 */
	int (*claim)(struct msi_function *fn, unsigned min, unsigned max, const uint16_t *wish,
		     bool block, struct vector_place *places);
	/* vector_claim_pair() */
	int (*claim_pair)(struct msi_function *fn, unsigned n, unsigned from, unsigned to,
			  unsigned *identity);
	/* By hart index, the address of the message whose data is the identity; NULL: ask compose. */
	uint64_t *const *addresses;
	/* Where its places come from. */
	struct vector_space *space;
	/* The message that reaches a place. Any context. */
	void (*compose)(unsigned hart, unsigned identity, struct msi_msg *msg);
	/* Does the message reach a place that dispatch knows as the vector's? Any context. */
	bool (*message_ok)(const struct irq_desc *desc, const struct msi_msg *msg);
	/* Makes the identity pending at the hart (retrigger rule). */
	void (*send)(unsigned hart, unsigned identity);
	/* Upper bound of places free now, for msi_query(). */
	unsigned (*available)(void);
	/*
	 * Messages that never change, as each names a source (drivers/msi/source.c): who brings the
	 * sources to harts, by the number that source() gives for an identity. claim gives identities,
	 * which give() takes back, and a hart to begin on; claim_pair, addresses, space and send are not used.
	 * NULL: messages name places.
	 */
	const struct msi_source_domain *sources;
	uint32_t (*source)(unsigned identity);
	void (*give)(struct msi_function *fn, unsigned n, const struct vector_place *places);
};

/* A controller is found by its phandle. Boot only; find: NULL when there is none. */
void msi_domain_register(uint32_t phandle, const struct msi_domain *domain);
const struct msi_domain *msi_domain_find(uint32_t phandle);

#define MSI_NO_SOURCE UINT32_MAX

/*
 * Who brings sources to harts. Numbers are any 32-bit values: the hypervisor chooses them,
 * and gives them again once they were released.
 */
struct msi_source_domain {
	const char *name;
	/* activate routes desc->source to desc->hart, then mask, unmask, set_affinity, eoi, retrigger. */
	const struct irq_chip *chip;
	/*
	 * The number is the vector's from now on, and in desc->source; off, whatever an earlier owner
	 * left. 0, -EINVAL: no such source here, -EBUSY: it has an owner.
	 */
	int (*bind)(struct irq_desc *desc, uint32_t number);
	/*
	 * Of a set that sends no more: off, synchronised, and nothing of it in any hart's queue when
	 * this returns: the numbers may be granted again. desc->source is MSI_NO_SOURCE then. What
	 * had arrived, or a source held, has been dispatched or is latched: suspended vectors lose
	 * nothing. They may be moved while they have no source.
	 */
	void (*unbind)(struct irq_desc *const *descs, unsigned n);
	unsigned (*available)(void); /* upper bound of sources free now */
};

/* Who programs MSIs: one a backend. The highest-rated that is available for a function takes it. */
struct msi_ops {
	const char *name;
	unsigned rating;
	/* Whose the functions' MSI registers are, for `msi` to say; NULL: the kernel's. */
	const char *owner;
	/* Of fn->array, a vector. */
	unsigned array_bytes;
	bool (*available)(const struct msi_function *fn);
	int (*query)(struct msi_function *fn, enum msi_type type);
	/* Once a call, for the set: fn->descs[0 .. count); count, or -errno with nothing held. */
	int (*alloc)(struct msi_function *fn, enum msi_type type, unsigned min, unsigned max,
		     const uint16_t *wish);
	/* The whole set, enabled or not: shut off at the function first. */
	void (*free)(struct msi_function *fn);
	/* Composes and writes all messages of the set through the raw writer. */
	int (*enable)(struct msi_function *fn);
	void (*disable)(struct msi_function *fn);
	/*
	 * After msi_suspend(), whatever has become of the function's registers since: all of them
	 * written anew, vectors resumed, sending. 0, or -errno with nothing sent.
	 */
	int (*resume)(struct msi_function *fn);
	/* What the holder of OWNED does to its vectors. */
	const struct irq_chip *chip;
};
TABLE_DECLARE(struct msi_ops, msi_backend);

/*
 * A function as the MSI core sees it; embedded in struct pci_function and filled by
 * drivers/pci at scan. Lives as long as the function is known.
 */
struct msi_function {
	struct irq_gone
		gone; /* of vectors that were freed and are drained; the first: see irq_desc.chip_data */
	const char *name; /* "bb:dd.f" */
	uint16_t segment;
	uint16_t rid;                  /* requester ID */
	uint32_t device_id;            /* after msi-map */
	uint64_t address_limit;        /* highest message address of its plain MSI */
	void *firmware;                /* platform's handle */
	const struct msi_ops *backend; /* chosen at scan */
	const struct msi_domain *domain;
	struct msi_remap *remap; /* kernel/msi_iommu.h; NULL: behind no IOMMU */
	const struct msi_function_ops *msix_ops, *msi_ops; /* NULL: no such capability */
	/* INTx: who gives the one vector, and its registers; NULL: no pin, or no wire from it. */
	const struct msi_ops *intx;
	const struct msi_function_ops *intx_ops;
	uint16_t msix_count, msi_count; /* messages the function can use */
	/* Its MSI-X table as mapped (kernel/msi_entry.h), or 0, and what the Vector Controls hold beside bit 0. */
	uintptr_t entries;
	uint32_t *entry_keep;
	/* Message Address of its plain MSI, the low half, where configuration space is mapped; or 0. */
	uintptr_t message_address;
	uint32_t no_mask; /* bound as the mask bit of a vector that has none */

	/* While allocated: */
	const struct msi_function_ops *ops;
	const struct msi_ops *by; /* backend, or intx */
	uint16_t count;           /* granted */
	uint16_t held;            /* places taken: a multi-message block may be larger than count */
	bool enabled;
	bool suspended; /* it was enabled: enabled again by msi_resume() */
	bool lost;      /* its registers may be, since the messages were written */
	bool maskable;  /* ops->can_mask(), looked up once */
	/* MSI-X, entries is known, the domain has addresses, and it was not removed. */
	_Atomic bool flat;
	/* Removed, latched by drivers/pci: none of its registers is touched any more. */
	_Atomic uint32_t removed;
	/* Room for max(msix_count, msi_count, INTx) each, from msi_function_init(). */
	struct irq_desc **descs;
	struct vector_place *places; /* as claimed; a moved vector's place is in its descriptor */
	void *array; /* the backend's, msi_ops.array_bytes a vector; at its physical address */
	bool granted; /* the backend's: a hypervisor sends to the places of all descs. By the owner of any. */
	struct irq_block block; /* held > 1 of plain MSI */

	/* MSI mask bits are one dword for all vectors: wished bits, and bit 32 OWNED (M5). */
	_Atomic uint64_t msi_mask_wish;
	_Atomic uint32_t busy; /* checked builds: serialisation of the calls below */
};

/* At scan, thread context: room for the set, choice of backend. 0 or -ENOMEM, -ENODEV (no backend). */
int msi_function_init(struct msi_function *fn);

/*
 * All the vectors that the driver can use, in one call: the granted count in
 * [min, max], or -ENOSPC (not enough places), -EAGAIN (not enough until places that were left
 * are drained, or a race for an aligned block), -ENODEV (no MSI here), -EINVAL; then nothing is held. MSI-X is
 * tried before MSI, and INTx last, if asked for; flags narrow it. wish: max hart indices
 * (MSI_ANY_HART: no wish), or NULL. A wish is a preference: a vector whose hart is full goes
 * elsewhere. Lock-free, but for INTx: thread context.
 */
int msi_alloc(struct msi_function *fn, unsigned min, unsigned max, unsigned flags,
	      const uint16_t *wish);
/* Thread context, interrupts on, not from a handler of the set. Waits for running handlers. */
void msi_free(struct msi_function *fn);
/* Before enable. name lives until free. -EINVAL: no such vector, -EBUSY: enabled. */
static inline int msi_request(struct msi_function *fn, unsigned i, irq_handler_t handler, void *arg,
			      const char *name)
{
	struct irq_desc *desc;

	if (i >= fn->count || !handler)
		return -EINVAL;
	if (fn->enabled || fn->suspended)
		return -EBUSY;
	desc = fn->descs[i];
	desc->handler = handler;
	desc->arg = arg;
	desc->name = name;
	return 0;
}

/* Writes all messages and lets the function send. 0, -EINVAL (nothing allocated, a vector has no handler). */
int msi_enable(struct msi_function *fn);
void msi_disable(struct msi_function *fn);

/*
 * Around a reset or a low-power state of an enabled function, which may cost it all that its
 * registers hold. Suspended: it sends nothing, no register of it is touched whatever is wished,
 * and what arrived late or was pending in it comes after resume. Events are not lost, and one may
 * come twice. Serialised as enable and disable, thread context. A set that is not enabled
 * stays as it is: 0. resume: 0, or the errors of msi_enable() with the set still suspended.
 */
int msi_suspend(struct msi_function *fn);
int msi_resume(struct msi_function *fn);
/* The core's own: a suspended set is disabled or freed instead. */
void msi_suspend_ends(struct msi_function *fn);

/* Any context, any hart, never wait. */
static inline void msi_mask(struct msi_function *fn, unsigned i)
{
	assert(i < fn->count);
	irq_mask(fn->descs[i]);
}

/* -EAGAIN: stormed */
static inline int msi_unmask(struct msi_function *fn, unsigned i)
{
	assert(i < fn->count);
	return irq_unmask(fn->descs[i]);
}

/*
 * Posts a move of vector i to the hart (index). The messages of plain MSI move together: how
 * many others go with i, 0 for any other vector. Or -ENODEV (hart not online), -ENOSPC, -EAGAIN
 * (lost a race for places), -EOPNOTSUPP (no mask bits, and the harts' doorbells differ in the
 * upper half), -EINVAL (freed), or what the registers gave: the vectors stay on their hart.
 */
static inline int msi_set_affinity(struct msi_function *fn, unsigned i, unsigned hart)
{
	assert(i < fn->count);
	return irq_set_affinity(fn->descs[i], hart);
}

/*
 * Waits until vector i sits at its present place alone: nothing that was sent to one it has left
 * can arrive any more. 0, or -ETIMEDOUT. Thread context, interrupts on.
 */
int msi_drain(struct msi_function *fn, unsigned i);

/* An upper bound for msi_alloc() now: a hint. -ENODEV: not this type. */
int msi_query(struct msi_function *fn, enum msi_type type);

/* Sum of the handled counters of vector i; a snapshot. */
uint64_t msi_handled(const struct msi_function *fn, unsigned i);

/* Does each of its messages name a place, so that a vector moves by another message? */
static inline bool msi_names_places(const struct msi_function *fn)
{
	return fn->domain && !fn->domain->sources;
}

const char *msi_type_name(enum msi_type type);

/*
 * The sanitizer (M4): called by each write_msg first. 0, or -EPERM after one log line
 * with the caller: vector not masked though the function can, a message that does
 * not reach a place reserved for this vector. Release builds always answer 0.
 */
int msi_check_write(struct msi_function *fn, unsigned i, const struct msi_msg *msg,
		    const void *caller);
/*
 * The same for change_msg: accepts what differs from the registers in this part alone, of a
 * function that sends plain MSI without mask bits, and reaches places of all its vectors.
 */
int msi_check_change(struct msi_function *fn, enum msi_part part, const struct msi_msg *msg,
		     const void *caller);
/* Is this a checked build? */
extern const bool msi_checked;
/* Entry and exit of the calls that a driver serialises; checked builds assert it. */
void msi_check_enter(struct msi_function *fn);
void msi_check_leave(struct msi_function *fn);
/* Writes of messages, all of which come by the sanitizer, and those that it refused. */
unsigned msi_check_asked(void);
unsigned msi_check_refused(void);

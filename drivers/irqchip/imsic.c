// SPDX-License-Identifier: Apache-2.0
#include "drivers/irqchip/imsic.h"

#include <errno.h>

#include "arch/barrier.h"
#include "arch/csr.h"
#include "arch/io.h"
#include "arch/irqflags.h"
#include "arch/trap.h"
#include "drivers/irqchip/aplic_math.h"
#include "kernel/irq.h"
#include "kernel/lib/log.h"
#include "kernel/lib/panic.h"
#include "kernel/mem.h"
#include "kernel/retire.h"
#include "kernel/slot.h"
#include "kernel/smp.h"

/* INTx vectors have a descriptor and no identity; who holds an identity still finds one. */
#define INTX_VECTORS 64
#define MAX_SENDERS  4
/* Looks at a bit that a store of the APLIC sets. */
#define SYNC_TURNS 100000

extern char imsic_vectors[];

static struct imsic_config imsic;
static struct vector_space space;
static uintptr_t senders[MAX_SENDERS]; /* genmsi registers */
static unsigned nr_senders;
/* Physical, by hart index; 0: no file. The register that takes messages is the first of the page. */
static uint64_t *doorbells;
_Static_assert(IMSIC_SETEIPNUM_LE == 0, "a doorbell is a message's address");

/* --- the own file; siselect and sireg are a pair: interrupts off --- */

static uint64_t read_indirect(unsigned select)
{
	csr_write(CSR_SISELECT, select);
	return csr_read(CSR_SIREG);
}

static void write_indirect(unsigned select, uint64_t value)
{
	csr_write(CSR_SISELECT, select);
	csr_write(CSR_SIREG, value);
}

static void clear_pending(unsigned identity)
{
	struct imsic_bit at = imsic_eix(identity);

	csr_write(CSR_SISELECT, IMSIC_EIP0 + at.select);
	csr_clear(CSR_SIREG, 1ul << at.bit);
}

static void close_identity(unsigned identity)
{
	struct imsic_bit at = imsic_eix(identity);

	csr_write(CSR_SISELECT, IMSIC_EIE0 + at.select);
	csr_clear(CSR_SIREG, 1ul << at.bit);
	clear_pending(identity);
}

static void open_identity(unsigned identity)
{
	struct imsic_bit at = imsic_eix(identity);

	csr_write(CSR_SISELECT, IMSIC_EIE0 + at.select);
	csr_set(CSR_SIREG, 1ul << at.bit);
}

static void resend(unsigned identity)
{
	mmio_write32(this_hart()->doorbell + IMSIC_SETEIPNUM_LE, identity);
}

static uint64_t pending_word(unsigned word)
{
	return read_indirect(IMSIC_EIP0 + 2 * word);
}

static void drain(void)
{
	mmio_write32(this_hart()->doorbell + IMSIC_SETEIPNUM_LE, IMSIC_ID_DRAIN);
}

static const struct irq_file_ops file_ops = {
	.close = close_identity,
	.open = open_identity,
	.enabled = imsic_enabled,
	.resend = resend,
	.pending = pending_word,
	.drain = drain,
};

bool imsic_pending(unsigned identity)
{
	struct imsic_bit at = imsic_eix(identity);

	return read_indirect(IMSIC_EIP0 + at.select) >> at.bit & 1;
}

bool imsic_enabled(unsigned identity)
{
	struct imsic_bit at = imsic_eix(identity);

	return read_indirect(IMSIC_EIE0 + at.select) >> at.bit & 1;
}

/* Enables all identities up to max_id, for good (M6); the highest that the file really has. */
static unsigned enable_identities(unsigned max_id)
{
	unsigned highest = 0;

	for (unsigned select = 0; select / 2 * 64 <= max_id; select += 2) {
		uint64_t mask = imsic_eix_mask(select, max_id), have;

		write_indirect(IMSIC_EIP0 + select, 0);
		write_indirect(IMSIC_EIE0 + select, mask);
		have = read_indirect(IMSIC_EIE0 + select) & mask;
		if (have)
			highest = select / 2 * 64 + log2_floor(have);
		if (have != mask)
			break;
	}
	return highest;
}

/* After reset all but eidelivery is unspecified (section 3.4): set everything. Interrupts off, own hart. */
static void hart_up(unsigned index)
{
	unsigned highest;

	if (!doorbells[index])
		panic("hart %u has no interrupt file", index);
	write_indirect(IMSIC_EIDELIVERY, 0);
	highest = enable_identities(imsic.max_id);
	if (highest < imsic.max_id)
		log_warn("imsic: hart %u has %u identities, the device tree says %u", index,
			 highest, imsic.max_id);
	if (highest < IMSIC_ID_FIRST_FREE)
		panic("imsic: hart %u has no identities", index);
	write_indirect(IMSIC_EITHRESHOLD, 0);
	write_indirect(IMSIC_EIDELIVERY, 1);
	arch_set_trap_vectors(imsic_vectors);
	csr_set(CSR_SIE, SIE_SEIE);
	if (vector_file_closed(&space, index))
		vector_file_reopen(&space, index);
	else
		vector_file_open(&space, index, IMSIC_ID_FIRST_FREE, highest);
}

/* --- a hart goes away --- */

static void close_file(unsigned index)
{
	vector_file_close(&space, index);
}

static void reopen_file(unsigned index)
{
	vector_file_reopen(&space, index);
}

/*
 * What the APLIC has sent to this hart has arrived when its extempore message has (section
 * 4.9.3). That has an identity which is nobody's, and stays so if it does not come.
 */
static bool sync_sender(unsigned index, uintptr_t genmsi)
{
	struct vector_place place = { .hart = (uint16_t)index };
	unsigned turn = 0;

	place.identity = (uint16_t)vector_file_take(&space, index);
	if (!place.identity)
		return false;
	mmio_write32(genmsi, aplic_msi_target(imsic_target_index(index), place.identity));
	while (!imsic_pending(place.identity))
		if (turn++ == SYNC_TURNS)
			return false;
	clear_pending(place.identity);
	vector_release(&space, &place);
	return true;
}

static bool sync_senders(void)
{
	for (unsigned i = 0; i < nr_senders; i++)
		if (!sync_sender(smp_index(), senders[i]))
			return false;
	return true;
}

static bool is_empty(unsigned index)
{
	vector_file_collect(&space, index);
	if (vector_file_empty(&space, index))
		return true;
	retire_kept(sync_senders);
	return false;
}

/* Delivery off, then one look at all: what comes after it is nobody's. */
static bool is_quiet(unsigned index)
{
	uint64_t pending = 0;

	write_indirect(IMSIC_EIDELIVERY, 0);
	for (unsigned select = 0; select / 2 * 64 <= smp_hart(index)->max_id; select += 2)
		pending |= read_indirect(IMSIC_EIP0 + select);
	if (pending)
		write_indirect(IMSIC_EIDELIVERY, 1);
	return !pending;
}

static int reserve(unsigned n, bool block, struct vector_place *places)
{
	int rc = block ? vector_claim_block(&space, n, VECTOR_NO_HART, places)
		       : vector_claim(&space, n, n, NULL, places);

	return rc < 0 ? rc : 0;
}

static void unreserve(const struct vector_place *place)
{
	vector_release(&space, place);
}

static const struct hart_ops hart_ops = {
	.up = hart_up,
	.close = close_file,
	.reopen = reopen_file,
	.empty = is_empty,
	.quiet = is_quiet,
	.reserve = reserve,
	.unreserve = unreserve,
};

/* --- IPI --- */

static void kicked(void *arg)
{
	(void)arg;
	atomic_fetch_add_explicit(&this_hart()->kicked, 1, memory_order_relaxed);
	retire_kicked();
}

static void drained(void *arg)
{
	(void)arg;
	retire_drained();
}

static void send_kick(unsigned index)
{
	/* What the other hart shall see is written before; pairs with the trap path's fence i,rw. */
	barrier_publish_to_device();
	mmio_write32(smp_hart(index)->doorbell + IMSIC_SETEIPNUM_LE, IMSIC_ID_KICK);
}

/* A descriptor a hart: one for all harts would share RUN. */
static int add_fixed(unsigned index, unsigned identity, irq_handler_t handler, const char *name)
{
	struct irq_desc *desc;

	if (irq_desc_claim(1, &desc) < 0)
		return -ENOSPC;
	irq_desc_init(desc, IRQ_KIND_FIXED, NULL, index, identity);
	desc->handler = handler;
	desc->name = name;
	irq_slot_publish(index, identity, desc);
	return 0;
}

/* --- MSI domain --- */

/* -EAGAIN: there will be a block when what was left is drained. */
static int claim_block(unsigned n, unsigned hart, struct vector_place *place)
{
	unsigned first = hart == VECTOR_NO_HART ? 0 : hart;
	unsigned last = hart == VECTOR_NO_HART ? smp_count() - 1 : hart;
	int rc = vector_claim_block(&space, n, hart, place);

	for (unsigned i = first; i <= last && rc == -ENOSPC; i++)
		if (retire_would_fit(i, i, n))
			rc = -EAGAIN;
	return rc;
}

static int claim(struct msi_function *fn, unsigned min, unsigned max, const uint16_t *wish,
		 bool block, struct vector_place *places)
{
	int rc;

	(void)fn;
	if (!block)
		return vector_claim(&space, min, max, wish, places);
	rc = claim_block(max, wish ? wish[0] : VECTOR_NO_HART, places);
	for (int i = 1; i < rc; i++) {
		places[i].hart = places[0].hart;
		places[i].identity = (uint16_t)(places[0].identity + i);
	}
	return rc;
}

static void compose(unsigned hart, unsigned identity, struct msi_msg *msg)
{
	msg->address = doorbells[hart] + IMSIC_SETEIPNUM_LE;
	msg->data = identity;
}

static int claim_pair(struct msi_function *fn, unsigned n, unsigned from, unsigned to,
		      unsigned *identity)
{
	int rc = vector_claim_pair(&space, n, from, to, identity);

	(void)fn;
	/* As in claim_block(). */
	return rc == -ENOSPC && retire_would_fit(from, to, n) ? -EAGAIN : rc;
}

static bool message_ok(const struct irq_desc *desc, const struct msi_msg *msg)
{
	for (unsigned i = 0; i < smp_count(); i++) {
		const struct hart *hart = smp_hart(i);

		if (!doorbells[i] || msg->address != doorbells[i] + IMSIC_SETEIPNUM_LE)
			continue;
		return msg->data && msg->data <= hart->max_id &&
		       atomic_load_explicit(&hart->slots[msg->data], memory_order_relaxed) == desc;
	}
	return false;
}

static void send(unsigned hart, unsigned identity)
{
	/* The slot and the vector's word are written before; pairs with the trap path's fence i,rw. */
	barrier_publish_to_device();
	mmio_write32(smp_hart(hart)->doorbell + IMSIC_SETEIPNUM_LE, identity);
}

static unsigned available(void)
{
	return vector_available(&space);
}

static const struct msi_domain domain = {
	.name = "imsic",
	.claim = claim,
	.claim_pair = claim_pair,
	.addresses = &doorbells,
	.space = &space,
	.compose = compose,
	.message_ok = message_ok,
	.send = send,
	.available = available,
};

int imsic_claim_wired(unsigned hart, struct vector_place *place)
{
	int rc = vector_claim_block(&space, 1, hart, place);

	return rc < 0 ? rc : 0;
}

unsigned imsic_target_index(unsigned hart)
{
	return imsic_hart_index(&imsic.geometry, doorbells[hart]);
}

void imsic_add_sender(uintptr_t genmsi)
{
	assert(nr_senders < MAX_SENDERS);
	senders[nr_senders++] = genmsi;
}

uint32_t imsic_phandle(void)
{
	return imsic.phandle;
}

/* --- boot --- */

static int add_file(unsigned n)
{
	int index = imsic.hart_of[n];
	uint64_t address;
	int rc;

	if (index < 0)
		return 0;
	rc = imsic_file_address(&imsic.geometry, n, &address);
	if (rc)
		return rc;
	doorbells[index] = address;
	smp_hart((unsigned)index)->doorbell = mmio_map(address, IMSIC_PAGE_SIZE);
	if (!smp_hart((unsigned)index)->doorbell)
		return -ENOMEM;
	rc = irq_hart_init((unsigned)index, imsic.max_id);
	if (!rc)
		rc = add_fixed((unsigned)index, IMSIC_ID_KICK, kicked, "IPI");
	return rc ? rc : add_fixed((unsigned)index, IMSIC_ID_DRAIN, drained, "drain");
}

static int make_space(void)
{
	struct vector_file *files = page_alloc(smp_count() * sizeof(*files), PAGE_SIZE);

	doorbells = page_alloc(smp_count() * sizeof(*doorbells), PAGE_SIZE);
	if (!files || !doorbells)
		return -ENOMEM;
	vector_space_init(&space, files, smp_count());
	retire_init(&space);
	return irq_init(smp_count() * imsic.max_id + INTX_VECTORS);
}

int imsic_init(const struct imsic_config *config)
{
	irqflags_t flags;
	int rc;

	imsic = *config;
	rc = imsic_geometry_check(&imsic.geometry);
	if (!rc && (imsic.max_id < IMSIC_MIN_ID || imsic.max_id > IMSIC_MAX_ID))
		rc = -EINVAL;
	if (!rc)
		rc = make_space();
	for (unsigned n = 0; !rc && n < imsic.geometry.nr_files; n++)
		rc = add_file(n);
	if (rc)
		return rc;
	irq_set_file_ops(&file_ops);
	smp_set_ipi(send_kick);
	smp_set_hart_ops(&hart_ops);
	msi_domain_register(imsic.phandle, &domain);
	flags = irq_save();
	hart_up(smp_index());
	irq_restore(flags);
	log_info("imsic: %u interrupt files, %u identities each", imsic.geometry.nr_files,
		 imsic.max_id);
	return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A function with plain MSI, its registers, and harts with interrupt files; the kernel between
 * them is here or in SOURCES of a test. For tests/host/test_msi_move*.c. Threads are harts; the trap
 * path of drivers/irqchip/imsic_entry.S is written out.
 *
 * The function is as unkind as the assumptions of docs/msi.md allow: a write of a register
 * takes effect at once, in the middle of a message too, which samples address and data
 * one after the other; only a read waits until messages on the way have left it.
 */
#include "tests/host/jitter.h"

#include "drivers/msi/direct.c"
#include "drivers/pci/internal.h"
#include "drivers/pci/pci_regs.h"
#include "kernel/irq.h"
#include "kernel/irq_block.h"
#include "kernel/msi.h"
#include "kernel/retire.h"
#include "kernel/slot.h"
#include "kernel/smp.h"
#include "kernel/storm.h"
#include "kernel/vector.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "tests/host/cmocka_test.h"
#include "tests/host/fake_mmio.h"
#include "tests/host/host_support.h"

#define HARTS    3
#define MAX_ID   255
#define MESSAGES 32
#define CAP      0x50
enum { KICK = 1, DRAIN, FIRST_FREE };

static struct hart harts[HARTS];
static _Atomic uint64_t eip[HARTS][(MAX_ID + 1) / 64];
static struct vector_file files[HARTS];
static struct vector_space space;
static uint64_t doorbell[HARTS];

struct hart **smp_harts = (struct hart *[]){ &harts[0], &harts[1], &harts[2] };
uint32_t smp_nr_harts = HARTS;
const struct msi_function_ops pci_msix_ops;

static _Atomic unsigned errors;

/* cmocka's asserts belong to the thread of main(). */
static void expect(bool ok)
{
	if (!ok)
		atomic_fetch_add(&errors, 1);
}

int storm_hart_init(unsigned hart, unsigned max_id)
{
	(void)hart, (void)max_id;
	return 0;
}

void storm_note(unsigned identity, struct irq_desc *desc)
{
	(void)identity, (void)desc;
}

void storm_forget(unsigned identity)
{
	(void)identity;
}

/* --- interrupt files; release and acquire: as MMIO and the fences of the trap path (M16) --- */

static void store_identity(unsigned hart, unsigned identity)
{
	__atomic_fetch_or(&eip[hart][identity / 64], BIT64(identity % 64), __ATOMIC_RELEASE);
}

static void resend(unsigned identity)
{
	store_identity(this_hart()->index, identity);
}

void smp_kick(unsigned index)
{
	store_identity(index, KICK);
}

static uint64_t pending_word(unsigned word)
{
	return eip[this_hart()->index][word];
}

static void store_drain(void)
{
	store_identity(this_hart()->index, DRAIN);
}

static const struct irq_file_ops file_ops = {
	.resend = resend,
	.pending = pending_word,
	.drain = store_drain,
};

static unsigned claim_top(void)
{
	unsigned hart = this_hart()->index;

	for (unsigned w = 0; w < ARRAY_SIZE(eip[0]); w++) {
		uint64_t bits = eip[hart][w];

		if (!bits)
			continue;
		__atomic_fetch_and(&eip[hart][w], ~(bits & -bits), __ATOMIC_ACQUIRE);
		return 64 * w + (unsigned)__builtin_ctzll(bits);
	}
	return 0;
}

/* One claim; false: nothing was pending. */
static bool take_interrupt(void)
{
	struct hart *hart = this_hart();
	unsigned identity = claim_top();
	struct irq_desc *desc;
	uint32_t old;

	if (!identity)
		return false;
	jitter();
	if (identity < FIRST_FREE) {
		if (identity == KICK)
			retire_kicked();
		else
			retire_drained();
		return true;
	}
	/* release in irq_slot_publish() pairs with the path's fence */
	desc = __atomic_load_n(&hart->slots[identity], __ATOMIC_ACQUIRE);
	old = atomic_fetch_or_explicit(&desc->state, IRQ_RUN, memory_order_acquire);
	if (old & (IRQ_RUN | IRQ_SHUT))
		desc = irq_claim_slow(desc, old, identity);
	if (!desc)
		return true;
	hart->current = desc;
	desc->handler(desc->arg);
	__atomic_fetch_add(&desc->handled[hart->index], 1, __ATOMIC_RELAXED);
	old = atomic_fetch_and_explicit(&desc->state, ~IRQ_RUN, memory_order_release);
	if (old & IRQ_PEND)
		irq_complete_slow(desc, identity);
	hart->current = NULL;
	return true;
}

/* --- the domain --- */

static int domain_claim(struct msi_function *of, unsigned min, unsigned max, const uint16_t *wish,
			bool block, struct vector_place *to)
{
	int n;

	(void)of, (void)min;
	expect(block);
	n = vector_claim_block(&space, max, wish ? wish[0] : VECTOR_NO_HART, to);
	for (int i = 1; i < n; i++)
		to[i] = (struct vector_place){
			.hart = to[0].hart,
			.identity = (uint16_t)(to[0].identity + i),
		};
	return n;
}

static void domain_compose(unsigned hart, unsigned identity, struct msi_msg *msg)
{
	*msg = (struct msi_msg){ doorbell[hart], identity };
}

static int domain_claim_pair(struct msi_function *of, unsigned n, unsigned from, unsigned to,
			     unsigned *identity)
{
	(void)of;
	return vector_claim_pair(&space, n, from, to, identity);
}

static bool message_ok(const struct irq_desc *desc, const struct msi_msg *msg)
{
	for (unsigned i = 0; i < HARTS; i++)
		if (msg->address == doorbell[i])
			return msg->data <= MAX_ID &&
			       atomic_load(&harts[i].slots[msg->data]) == desc;
	return false;
}

static uint64_t *const addresses = doorbell;

static const struct msi_domain domain = {
	.name = "files",
	.space = &space,
	.claim = domain_claim,
	.claim_pair = domain_claim_pair,
	.addresses = &addresses,
	.compose = domain_compose,
	.message_ok = message_ok,
	.send = store_identity,
};

/* --- the function --- */

static struct pci_function pf;
static struct msi_function *const fn = &pf.msi;
static struct irq_desc *descs[MESSAGES]; /* fn->descs */
static struct vector_place places[MESSAGES];

static struct {
	pthread_mutex_t sending; /* the function's own: a message is on its way */
	_Atomic uint32_t control, address, upper, data, mask;
	uint32_t pending; /* under sending */
} regs;
static uint32_t stuck; /* offset of a register that takes no writes, 0: none */
/* What the test does at each access of the capability; offset is from its beginning. */
static void (*on_access)(bool write, unsigned offset, uint32_t value);

static _Atomic unsigned raised[MESSAGES], seen[MESSAGES], runs[MESSAGES], inside[MESSAGES];

/* Samples the registers one after the other, then sends. */
static void send_message(unsigned i)
{
	uint64_t address;
	uint32_t data;

	address = regs.address;
	jitter();
	data = (uint16_t)regs.data;
	jitter();
	address |= (uint64_t)regs.upper << 32;
	data |= i;
	for (unsigned hart = 0; hart < HARTS; hart++) {
		if (address == doorbell[hart]) {
			expect(data <= MAX_ID);
			/* Never where another vector, or nobody, sits. */
			expect(__atomic_load_n(&harts[hart].slots[data], __ATOMIC_ACQUIRE) !=
			       &irq_unowned);
			store_identity(hart, data);
			return;
		}
	}
	expect(false);
}

static void raise_message(unsigned i)
{
	pthread_mutex_lock(&regs.sending);
	__atomic_fetch_add(&raised[i], 1, __ATOMIC_RELEASE);
	if (regs.mask & BIT(i))
		regs.pending |= BIT(i);
	else
		send_message(i);
	pthread_mutex_unlock(&regs.sending);
}

static void write_mask(uint32_t value)
{
	pthread_mutex_lock(&regs.sending);
	regs.mask = value;
	for (unsigned i = 0; i < MESSAGES; i++) {
		if (regs.pending & ~value & BIT(i)) {
			regs.pending &= ~BIT(i);
			send_message(i);
		}
	}
	pthread_mutex_unlock(&regs.sending);
}

static _Atomic uint32_t *reg_of(unsigned offset)
{
	bool wide = pf.msi_control & PCI_MSI_CONTROL_64BIT;

	if (offset == PCI_MSI_CONTROL)
		return &regs.control;
	if (offset == PCI_MSI_ADDRESS)
		return &regs.address;
	if (wide && offset == PCI_MSI_ADDRESS_UPPER)
		return &regs.upper;
	if (wide)
		offset -= PCI_MSI_64BIT_SHIFT;
	if (offset == PCI_MSI_DATA)
		return &regs.data;
	return offset == PCI_MSI_MASK ? &regs.mask : NULL;
}

static uint32_t config_read(unsigned offset)
{
	_Atomic uint32_t *reg = offset < CAP ? NULL : reg_of(offset - CAP);
	uint32_t value;

	if (!reg)
		return 0;
	/* What it was sending leaves it first. */
	pthread_mutex_lock(&regs.sending);
	value = *reg;
	pthread_mutex_unlock(&regs.sending);
	if (on_access)
		on_access(false, offset - CAP, value);
	return value;
}

static void config_write(unsigned offset, uint32_t value)
{
	_Atomic uint32_t *reg = offset < CAP ? NULL : reg_of(offset - CAP);

	if (!reg || offset - CAP == stuck)
		return;
	if (reg == &regs.mask)
		write_mask(value);
	else
		*reg = value;
	if (on_access)
		on_access(true, offset - CAP, value);
}

uint16_t pci_read16(const struct pci_function *f, unsigned offset)
{
	(void)f;
	return (uint16_t)config_read(offset);
}

uint32_t pci_read32(const struct pci_function *f, unsigned offset)
{
	(void)f;
	return config_read(offset);
}

void pci_write16(const struct pci_function *f, unsigned offset, uint16_t value)
{
	(void)f;
	config_write(offset, value);
}

void pci_write32(const struct pci_function *f, unsigned offset, uint32_t value)
{
	(void)f;
	config_write(offset, value);
}

/* Message Address is mapped: an owner may write it without the above. */
#define MESSAGE_ADDRESS 0x40000000

static uint64_t mapped_read(void *ctx, uintptr_t offset, unsigned size)
{
	(void)ctx, (void)offset;
	expect(size == 4);
	return config_read(CAP + PCI_MSI_ADDRESS);
}

static void mapped_write(void *ctx, uintptr_t offset, unsigned size, uint64_t value)
{
	(void)ctx, (void)offset;
	expect(size == 4);
	config_write(CAP + PCI_MSI_ADDRESS, (uint32_t)value);
}

static void map_registers(void)
{
	static const struct fake_device device = { mapped_read, mapped_write, NULL };

	fake_mmio_map(MESSAGE_ADDRESS, 4, &device);
	/* What stands for the mask bit is memory, and holds nothing. */
	fake_mmio_map((uintptr_t)&fn->no_mask, 4, &(struct fake_device){ NULL, NULL, NULL });
}

static void handler(void *arg)
{
	unsigned i = (unsigned)(uintptr_t)arg;

	expect(atomic_fetch_add(&inside[i], 1) == 0);
	seen[i] = __atomic_load_n(&raised[i], __ATOMIC_ACQUIRE);
	jitter();
	runs[i]++;
	atomic_fetch_sub(&inside[i], 1);
}

/* --- a life: n messages of a function of that shape, at hart 0, not enabled --- */

/* Places that are not free. */
static unsigned taken(void)
{
	return HARTS * (MAX_ID - DRAIN) - (unsigned)space.credit;
}

static void drain(void)
{
	for (unsigned i = 0; i < 2 * HARTS; i++) {
		arch_set_this_hart(&harts[i % HARTS]);
		while (take_interrupt())
			;
	}
	arch_set_this_hart(&harts[0]);
}

static void end_function(void)
{
	msi_backend_entry_direct.free(fn);
	fn->held = 0;
	drain();
	/* Each place that a vector has left is free again. */
	assert_int_equal(taken(), 0);
	for (unsigned i = 0; i < HARTS; i++)
		for (unsigned id = 0; id <= MAX_ID; id++)
			assert_ptr_equal(harts[i].slots[id], &irq_unowned);
}

/* Memory of the kernel's is for good. */
static void start_machine(void)
{
	static bool ready;

	arch_set_this_hart(&harts[0]);
	if (fn->held)
		end_function();
	for (unsigned i = 0; i < HARTS; i++)
		doorbell[i] = 0x28000000 + 0x1000 * i;
	if (ready)
		return;
	ready = true;
	map_registers();
	irq_set_file_ops(&file_ops);
	vector_space_init(&space, files, HARTS);
	retire_init(&space);
	for (unsigned i = 0; i < HARTS; i++) {
		harts[i].index = i;
		harts[i].state = HART_ONLINE;
		assert_int_equal(irq_hart_init(i, MAX_ID), 0);
		vector_file_open(&space, i, FIRST_FREE, MAX_ID);
	}
	assert_int_equal(irq_init(HARTS * MAX_ID), 0);
}

static void start_function(uint16_t shape, unsigned n)
{
	const uint16_t wish = 0;
	int granted;

	memset(&pf, 0, sizeof(pf));
	memset(&regs, 0, sizeof(regs));
	pthread_mutex_init(&regs.sending, NULL);
	memset((void *)raised, 0, sizeof(raised));
	memset((void *)seen, 0, sizeof(seen));
	memset((void *)runs, 0, sizeof(runs));
	errors = stuck = 0;
	on_access = NULL;
	pf.cap_msi = CAP;
	pf.msi_control = shape | (uint16_t)FIELD_PREP(PCI_MSI_CONTROL_MMC, 5);
	*fn = (struct msi_function){
		.by = &msi_backend_entry_direct,
		.name = "00:01.0",
		.domain = &domain,
		.ops = &pci_msi_ops,
		.msi_ops = &pci_msi_ops,
		.msi_count = MESSAGES,
		.address_limit = shape & PCI_MSI_CONTROL_64BIT ? UINT64_MAX : UINT32_MAX,
		.maskable = shape & PCI_MSI_CONTROL_MASKABLE,
		.message_address = MESSAGE_ADDRESS,
		.descs = descs,
		.places = places,
	};
	granted = msi_backend_entry_direct.alloc(fn, MSI_MSI, n, n, &wish);
	assert_int_equal(granted, n);
	fn->count = (uint16_t)n;
	for (unsigned i = 0; i < n; i++) {
		descs[i]->handler = handler;
		descs[i]->arg = (void *)(uintptr_t)i;
	}
}

static void enable_function(void)
{
	assert_int_equal(msi_backend_entry_direct.enable(fn), 0);
	fn->enabled = true;
}

static void start_all(uint16_t shape, unsigned n)
{
	start_machine();
	start_function(shape, n);
	enable_function();
}

/* The registers say what the words wish, and the slots lead where the message goes. */
static void check_at_rest(void)
{
	const struct irq_desc *lead = descs[0];
	struct msi_msg msg;

	assert_int_equal(errors, 0);
	fn->ops->read_msg(fn, 0, &msg);
	assert_int_equal(msg.address, doorbell[lead->hart]);
	assert_int_equal(msg.data, lead->identity);
	assert_int_equal(FIELD_GET(IRQ_TARGET_MASK, lead->state), lead->hart);
	assert_true(irq_settled(lead));
	for (unsigned i = 0; i < fn->held; i++) {
		const struct irq_desc *desc = descs[i];
		bool off = desc->state & IRQ_OFF;

		assert_int_equal(desc->hart, lead->hart);
		assert_int_equal(desc->identity, lead->identity + i);
		assert_ptr_equal(harts[desc->hart].slots[desc->identity], desc);
		assert_int_equal(desc->shadow & IRQ_SHADOW_MASKED, off ? IRQ_SHADOW_MASKED : 0);
		if (fn->maskable)
			assert_int_equal(regs.mask >> i & 1, off);
		assert_int_equal(desc->state & (IRQ_RUN | IRQ_LEAD_DIRTY), 0);
	}
}

// SPDX-License-Identifier: Apache-2.0
// SOURCES: tests/host/fake_ecam.c drivers/pci/bar_math.c drivers/pci/bars.c drivers/pci/caps.c
// SOURCES: drivers/pci/config_ecam.c drivers/pci/function.c drivers/pci/host.c drivers/pci/layout.c
// SOURCES: drivers/pci/msi_regs.c drivers/pci/msix.c drivers/pci/scan.c kernel/lib/format.c
// SOURCES: drivers/pci/sriov.c hypervisor/msi.c hypervisor/msi_write.c drivers/msi/direct.c drivers/msi/direct_move.c
// SOURCES: drivers/msi/direct_release.c
// SOURCES: kernel/msi_release.c kernel/irq.c kernel/irq_block.c kernel/desc.c kernel/retire.c
// SOURCES: kernel/vector.c kernel/vector_pair.c kernel/vector_file.c
/*
 * The SBI MSI extension from both sides: the backend `sbi` calls the service of hypervisor/msi.c, which writes to a
 * function's registers; what the function sends then arrives at the guest's interrupt files.
 */
#include "kernel/lib/table.h"

/* The host's linker gathers no tables: there is one backend. */
#undef for_each_table_entry
#define for_each_table_entry(table, it) for ((it) = &table##_entry_sbi; (it); (it) = NULL)

#include "drivers/msi/sbi.c"

#include <string.h>

#include "kernel/msi.c"
#include "kernel/msi_suspend.c"

#include "drivers/pci/internal.h"
#include "drivers/pci/pci_regs.h"
#include "hypervisor/guest.h"
#include "hypervisor/msi.h"
#include "kernel/slot.h"
#include "kernel/storm.h"
#include "tests/host/cmocka_test.h"
#include "tests/host/fake_ecam.h"
#include "tests/host/fake_mmio.h"

#define COUNT  40
#define HARTS  3
#define MAX_ID 127
#define MSIX   0x40
#define MSI    0x60
enum { KICK = 1, DRAIN, FIRST_FREE };

/* --- the guest's harts --- */

static struct hart harts[HARTS];
struct hart **smp_harts = (struct hart *[]){ &harts[0], &harts[1], &harts[2] };
uint32_t smp_nr_harts = HARTS;

static uint64_t eip[HARTS][2];
static struct vector_file files[HARTS];
static struct vector_space space;
/* As the guest knows them. */
static uint64_t pages[HARTS], *doorbells = pages;

int smp_index_of(uint64_t hart_id)
{
	return hart_id >= 5 && hart_id < 5 + HARTS ? (int)hart_id - 5 : -ENOENT;
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

bool time_wait(bool (*cond)(void *arg), void *arg, uint32_t timeout_ms)
{
	(void)timeout_ms;
	return cond(arg);
}

static void store_identity(unsigned hart, unsigned identity)
{
	eip[hart][identity / 64] |= BIT64(identity % 64);
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
	uint64_t *at = eip[this_hart()->index];

	for (unsigned w = 0; w < ARRAY_SIZE(eip[0]); w++) {
		uint64_t bits = at[w];

		if (!bits)
			continue;
		at[w] = bits & (bits - 1);
		return 64 * w + lowest_bit(bits);
	}
	return 0;
}

/* As drivers/irqchip/imsic_entry.S does. false: nothing was pending. */
static bool take_interrupt(void)
{
	unsigned identity = claim_top();
	struct irq_desc *desc;
	uint32_t old;

	if (identity == KICK)
		retire_kicked();
	if (identity == DRAIN)
		retire_drained();
	if (identity < FIRST_FREE)
		return identity;
	desc = atomic_load(&this_hart()->slots[identity]);
	old = atomic_fetch_or(&desc->state, IRQ_RUN);
	if (old & (IRQ_RUN | IRQ_SHUT))
		desc = irq_claim_slow(desc, old, identity);
	if (!desc)
		return true;
	desc->handler(desc->arg);
	desc->handled[this_hart()->index]++;
	if (atomic_fetch_and(&desc->state, ~IRQ_RUN) & IRQ_PEND)
		irq_complete_slow(desc, identity);
	return true;
}

static void drain_all(void)
{
	for (unsigned i = 0; i < 2 * HARTS; i++) {
		arch_set_this_hart(&harts[i % HARTS]);
		while (take_interrupt())
			;
	}
	arch_set_this_hart(&harts[0]);
}

static int domain_claim(struct msi_function *of, unsigned min, unsigned max, const uint16_t *wish,
			bool block, struct vector_place *to)
{
	int n;

	(void)of;
	if (!block)
		return vector_claim(&space, min, max, wish, to);
	n = vector_claim_block(&space, max, wish ? wish[0] : VECTOR_NO_HART, to);
	for (int i = 1; i < n; i++)
		to[i] = (struct vector_place){ to[0].hart, (uint16_t)(to[0].identity + i) };
	return n;
}

static int domain_claim_pair(struct msi_function *of, unsigned n, unsigned from, unsigned to,
			     unsigned *identity)
{
	(void)of;
	return vector_claim_pair(&space, n, from, to, identity);
}

static void compose(unsigned hart, unsigned identity, struct msi_msg *msg)
{
	*msg = (struct msi_msg){ pages[hart], identity };
}

static unsigned nr_available(void)
{
	return vector_available(&space);
}

static const struct msi_domain domain = {
	.name = "files",
	.space = &space,
	.addresses = &doorbells,
	.claim = domain_claim,
	.claim_pair = domain_claim_pair,
	.compose = compose,
	.send = store_identity,
	.available = nr_available,
};

static const struct msi_domain *domain_of(struct pci_host *host, uint16_t rid, uint32_t *id)
{
	(void)host;
	*id = rid;
	return &domain;
}

/* --- the hypervisor --- */

struct guest {
	bool foreign;
};

static struct guest guest;
static struct hv_msi hv;
static struct pci_function hv_pci; /* it has scanned for itself */
static struct hv_msi_entry room[2 * COUNT];
static unsigned calls[SBI_MSI_GET + 1];
static void (*on_change)(void);

static uint64_t file_of(unsigned hart)
{
	return 0x28001000 + 0x4000ull * hart;
}

struct hv_msi *guest_msi(struct guest *g, uint32_t bdf_)
{
	return !g->foreign && bdf_ == ((uint32_t)hv_pci.msi.segment << 16 | hv_pci.msi.rid) ? &hv
											    : NULL;
}

bool guest_msi_target(const struct guest *g, uint64_t hart_id, uint64_t *address)
{
	int hart = smp_index_of(hart_id);

	(void)g;
	*address = hart < 0 ? 0 : file_of((unsigned)hart);
	return hart >= 0;
}

unsigned guest_max_identity(const struct guest *g)
{
	(void)g;
	return MAX_ID;
}

const uint64_t *guest_array(const struct guest *g, uint64_t address, uint64_t bytes)
{
	(void)g, (void)bytes;
	assert_int_equal(address % 8, 0);
	return (const uint64_t *)(uintptr_t)address;
}

struct sbiret sbi_call5(unsigned long ext, unsigned long fid, unsigned long a0, unsigned long a1,
			unsigned long a2, unsigned long a3, unsigned long a4)
{
	const unsigned long args[5] = { a0, a1, a2, a3, a4 };

	assert_int_equal(ext, SBI_EXT_MSI);
	assert_in_range(fid, 0, SBI_MSI_GET);
	calls[fid]++;
	if (fid == SBI_MSI_CHANGE && on_change)
		on_change();
	return hv_msi_call(&guest, fid, args);
}

struct sbiret sbi_call(unsigned long ext, unsigned long fid, unsigned long a0, unsigned long a1,
		       unsigned long a2)
{
	return sbi_call5(ext, fid, a0, a1, a2, 0, 0);
}

bool sbi_has(unsigned long ext)
{
	return ext == SBI_EXT_MSI;
}

/* --- the function --- */

static struct fake_function *fake;
static struct pci_function *pf;
static struct msi_function *fn;
static struct {
	uint32_t entry[COUNT * 4];
	uint64_t pending;
	bool dead; /* its table answers nobody */
} device;
static unsigned runs[COUNT];

static void deliver(uint64_t address, uint32_t data)
{
	for (unsigned hart = 0; hart < HARTS; hart++) {
		if (address != file_of(hart))
			continue;
		assert_in_range(data, FIRST_FREE, MAX_ID);
		/* Never where another vector, or nobody, sits. */
		assert_ptr_not_equal(harts[hart].slots[data], &irq_unowned);
		store_identity(hart, data);
		return;
	}
	fail_msg("no interrupt file at 0x%llx", (unsigned long long)address);
}

static bool msix_sends(void)
{
	uint16_t control = (uint16_t)fake_get(fake, MSIX + PCI_MSIX_CONTROL, 2);

	return (control & PCI_MSIX_CONTROL_ENABLE) && !(control & PCI_MSIX_CONTROL_FUNCTION_MASK);
}

static void send_pending(void)
{
	for (unsigned i = 0; i < COUNT && msix_sends(); i++) {
		if (!(device.pending & BIT64(i)) || (device.entry[i * 4 + 3] & 1))
			continue;
		device.pending &= ~BIT64(i);
		deliver((uint64_t)device.entry[i * 4 + 1] << 32 | device.entry[i * 4],
			device.entry[i * 4 + 2]);
	}
}

static uint64_t bar_read(void *ctx, uintptr_t offset, unsigned size)
{
	(void)ctx;
	assert_int_equal(size, 4);
	fake_mmio_log_clear();
	if (device.dead)
		return UINT32_MAX;
	if (offset >= 0x800)
		return device.pending >> (offset - 0x800) * 8 & UINT32_MAX;
	return device.entry[offset / 4];
}

static void bar_write(void *ctx, uintptr_t offset, unsigned size, uint64_t value)
{
	(void)ctx;
	assert_int_equal(size, 4);
	fake_mmio_log_clear();
	assert_in_range(offset, 0, sizeof(device.entry) - 4);
	if (device.dead)
		return;
	device.entry[offset / 4] = (uint32_t)value;
	send_pending();
}

/* By whichever type is enabled; by none it is lost. */
static void raise_vector(unsigned i)
{
	uint16_t control = (uint16_t)fake_get(fake, MSI + PCI_MSI_CONTROL, 2);

	if (fake_get(fake, MSIX + PCI_MSIX_CONTROL, 2) & PCI_MSIX_CONTROL_ENABLE)
		device.pending |= BIT64(i);
	send_pending();
	if (control & PCI_MSI_CONTROL_ENABLE)
		deliver(fake_get(fake, MSI + 4, 4) | (uint64_t)fake_get(fake, MSI + 8, 4) << 32,
			fake_get(fake, MSI + 0xc, 2) | i);
}

static void handler(void *arg)
{
	runs[(uintptr_t)arg]++;
}

/* Plain MSI of that shape beside MSI-X. */
static void start_shape(uint16_t shape)
{
	static const struct fake_device bar = { .read = bar_read, .write = bar_write };

	arch_set_this_hart(&harts[0]);
	fake_host();
	fake_the_host()->msi_domain = domain_of;
	fake = fake_add(NULL, 1, 0);
	fake_bar(fake, 0, FAKE_BAR_32, 0x1000);
	fake_msix(fake, MSIX, COUNT, 0, 0x800);
	fake_msi(fake, MSI, shape | (uint16_t)FIELD_PREP(PCI_MSI_CONTROL_MMC, 5));
	memset(&device, 0, sizeof(device));
	memset(runs, 0, sizeof(runs));
	memset(calls, 0, sizeof(calls));
	guest = (struct guest){ false };
	on_change = NULL;
	fake_scan();
	pf = fake_found(fake);
	fn = &pf->msi;
	assert_ptr_equal(fn->backend, &msi_backend_entry_sbi);
	fake_mmio_map(pf->bars[0].cpu_addr, 0x1000, &bar);
	hv_pci = *pf;
	assert_int_equal(hv_msi_init(&hv, &hv_pci, room), 0);
}

static void start(void)
{
	start_shape(PCI_MSI_CONTROL_64BIT);
}

/* Places that are not free. */
static unsigned taken(void)
{
	return HARTS * (MAX_ID - DRAIN) - (unsigned)space.credit;
}

static void end(void)
{
	msi_free(fn);
	drain_all();
	assert_int_equal(taken(), 0);
	assert_int_equal(space.credit >> 32, 0);
}

static void request_and_enable(void)
{
	for (unsigned i = 0; i < fn->count; i++)
		assert_int_equal(msi_request(fn, i, handler, (void *)(uintptr_t)i, "test"), 0);
	assert_int_equal(msi_enable(fn), 0);
}

static void allocated(unsigned n, unsigned flag)
{
	assert_int_equal(msi_alloc(fn, n, n, flag, NULL), n);
	request_and_enable();
}

/* What the hypervisor has, what the registers hold and where the vectors sit is one. */
static void check_at_rest(void)
{
	for (unsigned i = 0; i < fn->count; i++) {
		const struct irq_desc *desc = fn->descs[i];
		struct msi_msg got, want;

		fn->ops->read_msg(fn, i, &got);
		compose(desc->hart, desc->identity, &want);
		assert_int_equal(got.address, want.address);
		assert_int_equal(got.data, want.data);
		assert_ptr_equal(harts[desc->hart].slots[desc->identity], desc);
		assert_true(irq_settled(desc));
		assert_int_equal(FIELD_GET(IRQ_TARGET_MASK, desc->state) == desc->hart ||
					 (fn->block.n > 1 && i && fn->ops->type == MSI_MSI),
				 1);
	}
}

static void all_come(void)
{
	for (unsigned i = 0; i < fn->count; i++) {
		unsigned before = runs[i];
		uint64_t there = fn->descs[i]->handled[fn->descs[i]->hart];

		raise_vector(i);
		drain_all();
		assert_int_equal(runs[i] - before, 1);
		assert_int_equal(fn->descs[i]->handled[fn->descs[i]->hart] - there, 1);
	}
}

static unsigned all_calls(void)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(calls); i++)
		sum += calls[i];
	memset(calls, 0, sizeof(calls));
	return sum;
}

/* --- */

static void one_call_whatever_the_number(void **state)
{
	static const unsigned sizes[] = { 1, 2, COUNT };

	(void)state;
	start();
	for (unsigned s = 0; s < ARRAY_SIZE(sizes); s++) {
		all_calls();
		allocated(sizes[s], MSI_ALLOW_MSIX);
		assert_int_equal(calls[SBI_MSI_CHANGE], 1);
		assert_int_equal(all_calls(), 1);
		all_come();
		/* Masked and unmasked from anywhere, by nobody's registers. */
		for (unsigned hart = 0; hart < HARTS; hart++) {
			arch_set_this_hart(&harts[hart]);
			msi_mask(fn, 0);
			raise_vector(0);
			raise_vector(0);
			drain_all();
			assert_int_equal(runs[0], 1 + hart);
			assert_int_equal(msi_unmask(fn, 0), 0);
			drain_all();
			assert_int_equal(runs[0], 2 + hart);
		}
		assert_int_equal(all_calls(), 0);
		check_at_rest();
		end();
		memset(runs, 0, sizeof(runs));
	}
	assert_int_equal(calls[SBI_MSI_CHANGE], 1);
}

static void a_move_is_one_call(void **state)
{
	(void)state;
	start();
	allocated(8, MSI_ALLOW_MSIX);
	all_calls();
	for (unsigned i = 1; i <= 3 * MAX_ID; i++) {
		unsigned to = (fn->descs[3]->hart + 1) % HARTS, before = runs[3];
		uint32_t late = fn->descs[3]->late;

		/* Sent, not yet claimed, when the vector moves. */
		raise_vector(3);
		assert_int_equal(msi_set_affinity(fn, 3, to), 0);
		assert_int_equal(calls[SBI_MSI_SET_AFFINITY], 1);
		assert_int_equal(all_calls(), 1);
		raise_vector(3);
		drain_all();
		assert_int_equal(runs[3] - before, 2);
		assert_int_equal(fn->descs[3]->late - late, 1);
		assert_int_equal(fn->descs[3]->hart, to);
	}
	assert_int_equal(taken(), 8);
	/* Nobody is drained: it takes its own places back. */
	for (unsigned i = 1; i <= 3 * MAX_ID; i++)
		assert_int_equal(msi_set_affinity(fn, 3, (fn->descs[3]->hart + 1) % HARTS), 0);
	assert_in_range(taken(), 8, 8 + HARTS);
	assert_int_equal(msi_set_affinity(fn, 3, HARTS), -ENODEV);
	check_at_rest();
	all_come();
	end();
}

static void partial_grants(void **state)
{
	(void)state;
	start();
	hv.quota = 5;
	assert_int_equal(msi_query(fn, MSI_MSIX), 5);
	all_calls();
	assert_int_equal(msi_alloc(fn, 2, 8, MSI_ALLOW_MSIX, NULL), 5);
	assert_int_equal(all_calls(), 1);
	drain_all();
	assert_int_equal(taken(), 5);
	request_and_enable();
	check_at_rest();
	all_come();
	end();
	assert_int_equal(msi_alloc(fn, 6, 8, MSI_ALLOW_MSIX, NULL), -ENOSPC);
	drain_all();
	assert_int_equal(taken(), 0);
	assert_int_equal(fn->count, 0);
	/* A block shrinks to an aligned part. */
	assert_int_equal(msi_alloc(fn, 3, 8, MSI_ALLOW_MSI, NULL), 4);
	drain_all();
	assert_int_equal(taken(), 4);
	request_and_enable();
	check_at_rest();
	all_come();
	assert_int_equal(msi_set_affinity(fn, 2, (fn->descs[0]->hart + 1) % HARTS), 3);
	check_at_rest();
	all_come();
	end();
	hv.quota = 1;
	assert_int_equal(msi_alloc(fn, 1, 8, MSI_ALLOW_MSI, NULL), 1);
	request_and_enable();
	assert_int_equal(msi_set_affinity(fn, 0, (fn->descs[0]->hart + 1) % HARTS), 0);
	check_at_rest();
	all_come();
	end();
}

/* Takes the lead's number from another hart. */
static struct vector_place occupy(unsigned hart, unsigned id)
{
	assert_true(files[hart].free[id / 64] & BIT64(id % 64));
	files[hart].free[id / 64] &= ~BIT64(id % 64);
	files[hart].credit--;
	space.credit--;
	return (struct vector_place){ (uint16_t)hart, (uint16_t)id };
}

static void blocks_move(uint16_t shape)
{
	struct vector_place busy;
	struct irq_desc *lead;
	unsigned to;

	start_shape(shape);
	allocated(8, MSI_ALLOW_MSI);
	lead = fn->descs[0];
	all_calls();
	/* The same numbers are free there. */
	to = (lead->hart + 1) % HARTS;
	assert_int_equal(msi_set_affinity(fn, 5, to), 7);
	assert_int_equal(all_calls(), 1);
	assert_int_equal(lead->hart, to);
	check_at_rest();
	all_come();
	/* They are not: the number changes first, at the old hart. */
	to = (lead->hart + 1) % HARTS;
	all_calls();
	busy = occupy(to, lead->identity);
	for (unsigned i = 0; i < 8; i++)
		raise_vector(i);
	assert_int_equal(msi_set_affinity(fn, 0, to), 7);
	assert_int_equal(calls[SBI_MSI_SET_AFFINITY], 2);
	drain_all();
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(fn->descs[i]->late, 1);
	check_at_rest();
	all_come();
	msi_mask(fn, 3);
	raise_vector(3);
	drain_all();
	to = runs[3];
	assert_int_equal(msi_unmask(fn, 3), 0);
	drain_all();
	assert_int_equal(runs[3] - to, 1);
	vector_release(&space, &busy);
	end();
}

static void blocks_move_by_one_call_or_two(void **state)
{
	(void)state;
	blocks_move(PCI_MSI_CONTROL_64BIT);
	/* Mask bits are the hypervisor's alone. */
	blocks_move(PCI_MSI_CONTROL_64BIT | PCI_MSI_CONTROL_MASKABLE);
}

/* What the hypervisor refuses, or the function does not take, leaves the vector where it was. */
static void refusals(void **state)
{
	unsigned hart;

	(void)state;
	start();
	guest.foreign = true;
	assert_int_equal(msi_query(fn, MSI_MSIX), -ENODEV);
	assert_int_equal(msi_alloc(fn, 1, 8, 0, NULL), -ENODEV);
	guest.foreign = false;
	drain_all();
	assert_int_equal(taken(), 0);
	allocated(8, MSI_ALLOW_MSIX);
	hart = fn->descs[2]->hart;
	device.dead = true;
	assert_int_equal(msi_set_affinity(fn, 2, (hart + 1) % HARTS), -EIO);
	device.dead = false;
	drain_all();
	assert_int_equal(taken(), 8);
	assert_int_equal(fn->descs[2]->hart, hart);
	check_at_rest();
	all_come();
	end();
	/* Function Mask does not show. */
	fake_set(fake, MSIX + PCI_MSIX_CONTROL, 2, COUNT - 1, 0);
	assert_int_equal(msi_alloc(fn, 1, 8, MSI_ALLOW_MSIX, NULL), -EIO);
	drain_all();
	assert_int_equal(taken(), 0);
}

/* Before it is enabled the function sends, so its message goes where the vector does. */
static void moves_before_enable(void **state)
{
	(void)state;
	start();
	assert_int_equal(msi_alloc(fn, 2, 2, MSI_ALLOW_MSIX, NULL), 2);
	all_calls();
	assert_int_equal(msi_set_affinity(fn, 1, (fn->descs[1]->hart + 1) % HARTS), 0);
	assert_int_equal(all_calls(), 1);
	drain_all();
	check_at_rest();
	raise_vector(1);
	drain_all();
	assert_int_equal(fn->descs[1]->spurious, 1);
	all_calls();
	request_and_enable();
	assert_int_equal(all_calls(), 0);
	all_come();
	end();
}

static unsigned moved_to;

static void move_all_meanwhile(void)
{
	on_change = NULL;
	for (unsigned i = 0; i < fn->held; i++) {
		moved_to = (fn->descs[0]->hart + 1) % HARTS;
		assert_int_equal(irq_set_affinity(fn->descs[i], moved_to),
				 fn->ops->type == MSI_MSI ? fn->held - 1 : 0);
		irq_mask(fn->descs[i]);
	}
}

/* Published, and another hart moves it, as for one that goes away, before its message is written. */
static void wishes_under_the_grant(void **state)
{
	(void)state;
	start();
	on_change = move_all_meanwhile;
	assert_int_equal(msi_alloc(fn, 4, 4, MSI_ALLOW_MSIX, NULL), 4);
	drain_all();
	assert_int_equal(taken(), 4);
	check_at_rest();
	request_and_enable();
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(fn->descs[i]->hart, moved_to);
		assert_int_equal(msi_unmask(fn, i), 0);
	}
	all_come();
	msi_disable(fn);
	on_change = move_all_meanwhile;
	assert_int_equal(msi_enable(fn), 0);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(msi_unmask(fn, i), 0);
	drain_all();
	check_at_rest();
	all_come();
	end();
	on_change = move_all_meanwhile;
	assert_int_equal(msi_alloc(fn, 4, 4, MSI_ALLOW_MSI, NULL), 4);
	drain_all();
	check_at_rest();
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(fn->descs[i]->hart, moved_to);
	request_and_enable();
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(msi_unmask(fn, i), 0);
	}
	all_come();
	end();
}

static void disabled_sends_nothing(void **state)
{
	(void)state;
	start();
	allocated(3, MSI_ALLOW_MSIX);
	all_calls();
	msi_disable(fn);
	assert_int_equal(all_calls(), 1);
	assert_false(msix_sends());
	/* Where it goes while nobody sends, it takes no call. */
	assert_int_equal(msi_set_affinity(fn, 0, (fn->descs[0]->hart + 1) % HARTS), 0);
	assert_int_equal(all_calls(), 0);
	drain_all();
	assert_int_equal(taken(), 3);
	assert_int_equal(msi_enable(fn), 0);
	assert_int_equal(all_calls(), 1);
	check_at_rest();
	all_come();
	end();
}

/* A reset takes the registers; what was wished meanwhile is so afterwards. */
static void suspend_and_resume(void **state)
{
	unsigned to;

	(void)state;
	start();
	for (unsigned type = 0; type < 2; type++) {
		memset(runs, 0, sizeof(runs));
		allocated(4, type ? MSI_ALLOW_MSI : MSI_ALLOW_MSIX);
		raise_vector(1);
		all_calls();
		assert_int_equal(msi_suspend(fn), 0);
		assert_int_equal(all_calls(), 1);
		for (unsigned i = 0; i < COUNT; i++)
			device.entry[i * 4 + 3] = 1;
		hv_msi_reset(&hv);
		to = (fn->descs[0]->hart + 1) % HARTS;
		assert_int_equal(msi_set_affinity(fn, 0, to), type ? 3 : 0);
		msi_mask(fn, 2);
		assert_int_equal(all_calls(), 0);
		drain_all();
		assert_int_equal(runs[1], 0);
		assert_int_equal(msi_resume(fn), 0);
		assert_int_equal(all_calls(), 1);
		drain_all();
		assert_int_equal(runs[1], 1);
		assert_int_equal(fn->descs[0]->hart, to);
		check_at_rest();
		raise_vector(2);
		drain_all();
		assert_int_equal(runs[2], 0);
		assert_int_equal(msi_unmask(fn, 2), 0);
		drain_all();
		assert_int_equal(runs[2], 1);
		all_come();
		end();
	}
	/* It does not come back. */
	allocated(4, MSI_ALLOW_MSIX);
	assert_int_equal(msi_suspend(fn), 0);
	guest.foreign = true;
	assert_int_equal(msi_resume(fn), -ENODEV);
	assert_int_equal(msi_enable(fn), -EBUSY);
	guest.foreign = false;
	assert_int_equal(msi_resume(fn), 0);
	all_come();
	msi_suspend(fn);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_call_whatever_the_number),
		cmocka_unit_test(a_move_is_one_call),
		cmocka_unit_test(partial_grants),
		cmocka_unit_test(blocks_move_by_one_call_or_two),
		cmocka_unit_test(refusals),
		cmocka_unit_test(moves_before_enable),
		cmocka_unit_test(wishes_under_the_grant),
		cmocka_unit_test(disabled_sends_nothing),
		cmocka_unit_test(suspend_and_resume),
	};

	irq_set_file_ops(&file_ops);
	vector_space_init(&space, files, HARTS);
	retire_init(&space);
	for (unsigned i = 0; i < HARTS; i++) {
		pages[i] = 0x28000000 + 0x1000ull * i;
		harts[i].index = i;
		harts[i].state = HART_ONLINE;
		harts[i].hart_id = 5 + i;
		if (irq_hart_init(i, MAX_ID))
			return 1;
		vector_file_open(&space, i, FIRST_FREE, MAX_ID);
	}
	if (irq_init(HARTS * MAX_ID))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
// SOURCES: tests/host/fake_ecam.c drivers/pci/bar_math.c drivers/pci/bars.c drivers/pci/caps.c
// SOURCES: drivers/pci/config_ecam.c drivers/pci/function.c drivers/pci/host.c drivers/pci/layout.c
// SOURCES: drivers/pci/msi_regs.c drivers/pci/msix.c drivers/pci/reset.c drivers/pci/scan.c
// SOURCES: drivers/pci/sriov.c drivers/pci/wait.c kernel/desc.c kernel/irq.c kernel/lib/format.c kernel/msi_checked.c
// SOURCES: kernel/msi_suspend.c drivers/msi/direct_move.c drivers/msi/direct_checked.c kernel/irq_block.c kernel/retire.c
// SOURCES: kernel/vector.c kernel/vector_file.c
/*
 * pci_reset(), and suspend and resume, on a function that really loses its registers, which QEMU's do
 * not in D3hot: backend, core and registers together. Messages are noted, and claimed when the test says so.
 */
#include "kernel/lib/table.h"

/* The host's linker gathers no tables: there is one backend. */
#undef for_each_table_entry
#define for_each_table_entry(table, it) for ((it) = &table##_entry_direct; (it); (it) = NULL)

#include "drivers/msi/direct.c"
#include "kernel/msi.c"

#include "drivers/pci/internal.h"
#include "kernel/storm.h"
#include "tests/host/cmocka_test.h"
#include "tests/host/fake_ecam.h"
#include "tests/host/fake_mmio.h"

#define HARTS    2
#define MAX_ID   63
#define COUNT    4
#define MSIX_CAP 0x40
#define PCIE_CAP 0x50
#define MSI_CAP  0xa0
#define PBA      0x800
#define NEVER    1000000

static struct hart harts[HARTS];
struct hart **smp_harts = (struct hart *[]){ &harts[0], &harts[1] };
uint32_t smp_nr_harts = HARTS;

static struct vector_space space;
static struct vector_file files[HARTS];
static struct fake_function *fake;
static struct pci_function *fn;
static uint32_t table[COUNT][4], pba;
static bool asleep; /* its table does not answer */
static unsigned touched, early, retries, slept;
static struct vector_place sent[32];
static unsigned nr_sent, runs[COUNT];

/* --- what the core leans on --- */

void storm_note(unsigned identity, struct irq_desc *desc)
{
	(void)identity, (void)desc;
}

int storm_hart_init(unsigned hart, unsigned max_id)
{
	(void)hart, (void)max_id;
	return 0;
}

void storm_forget(unsigned identity)
{
	(void)identity;
}

void smp_kick(unsigned index)
{
	(void)index;
}

bool time_wait(bool (*cond)(void *arg), void *arg, uint32_t timeout_ms)
{
	for (uint32_t ms = 0; !cond(arg); ms++, slept++)
		if (ms == timeout_ms)
			return false;
	return true;
}

void time_sleep_ms(uint32_t ms)
{
	slept += ms;
}

/* --- the controller --- */

static void note_sent(unsigned hart, unsigned identity)
{
	assert_true(nr_sent < ARRAY_SIZE(sent));
	sent[nr_sent++] = (struct vector_place){ (uint16_t)hart, (uint16_t)identity };
}

static int claim(struct msi_function *of, unsigned min, unsigned max, const uint16_t *wish,
		 bool block, struct vector_place *places)
{
	static const uint16_t here[COUNT];

	(void)of;
	return block ? vector_claim_block(&space, max, 0, places)
		     : vector_claim(&space, min, max, wish ? wish : here, places);
}

static void compose(unsigned hart, unsigned identity, struct msi_msg *msg)
{
	*msg = (struct msi_msg){ 0x28000000 + hart * 0x1000, identity };
}

static bool message_ok(const struct irq_desc *desc, const struct msi_msg *msg)
{
	(void)desc, (void)msg;
	return true;
}

static const struct msi_domain domain = {
	.name = "fake",
	.claim = claim,
	.space = &space,
	.compose = compose,
	.message_ok = message_ok,
	.send = note_sent,
};

static const struct msi_domain *domain_of(struct pci_host *host, uint16_t rid, uint32_t *id)
{
	(void)host;
	*id = rid;
	return &domain;
}

/* A hart claims what was sent, as drivers/irqchip/imsic_entry.S does. */
static void claim_all(void)
{
	for (unsigned i = 0; i < nr_sent; i++) {
		struct irq_desc *desc = atomic_load(&harts[sent[i].hart].slots[sent[i].identity]);
		uint32_t old = atomic_fetch_or(&desc->state, IRQ_RUN);

		if (old & (IRQ_RUN | IRQ_SHUT))
			desc = irq_claim_slow(desc, old, sent[i].identity);
		if (!desc)
			continue;
		desc->handler(desc->arg);
		atomic_fetch_and(&desc->state, ~IRQ_RUN);
	}
	nr_sent = 0;
}

/* --- the function --- */

static bool sends(unsigned i)
{
	uint16_t control = (uint16_t)fake_get(fake, MSIX_CAP + PCI_MSIX_CONTROL, 2);

	return (control & 0xc000) == PCI_MSIX_CONTROL_ENABLE && !(table[i][3] & 1);
}

static void send_pending(void)
{
	for (unsigned i = 0; i < COUNT; i++)
		if ((pba & BIT(i)) && sends(i)) {
			pba &= ~BIT(i);
			note_sent(table[i][0] >> 12 & 0xff, table[i][2]);
		}
}

static void raise_event(unsigned i)
{
	pba |= BIT(i);
	send_pending();
}

static void lose_everything(void)
{
	for (unsigned i = 0; i < 6; i++)
		memset(&fake->config[PCI_BASE_ADDRESS_0 + 4 * i], 0, 4);
	fake->config[PCI_BASE_ADDRESS_0] = 0;
	memset(&fake->config[PCI_COMMAND], 0, 2);
	memset(&fake->config[PCIE_CAP + PCI_PCIE_DEVCTL], 0, 2);
	fake->config[PCI_INTERRUPT_LINE] = 0;
	fake->config[MSIX_CAP + PCI_MSIX_CONTROL + 1] &= 0x07;
	if (fn->cap_msi) {
		fake->config[MSI_CAP + PCI_MSI_CONTROL] &= 0x8e;
		memset(&fake->config[MSI_CAP + PCI_MSI_ADDRESS], 0, 10);
	}
	for (unsigned i = 0; i < COUNT; i++)
		memcpy(table[i], (uint32_t[]){ 0, 0, 0, 1 }, sizeof(table[i]));
	pba = 0;
}

static bool config_write(struct fake_function *f, unsigned offset, uint64_t value)
{
	if (offset != PCIE_CAP + PCI_PCIE_DEVCTL || !(value & PCI_PCIE_DEVCTL_FLR))
		return false;
	/* Bus master is off, and nothing is under way. */
	assert_int_equal(fake_get(f, PCI_COMMAND, 2) & PCI_COMMAND_MASTER, 0);
	lose_everything();
	slept = 0;
	return true;
}

static void config_read(struct fake_function *f, unsigned offset)
{
	uint32_t id = 0x56781234;

	if (offset == PCI_VENDOR_ID && retries) {
		retries--;
		id = 0xffff0001;
	}
	if (slept < 100)
		early++;
	fake_set(f, PCI_VENDOR_ID, 4, id, 0);
}

static uint64_t table_read(void *ctx, uintptr_t offset, unsigned size)
{
	(void)ctx, (void)size;
	if (asleep) {
		touched++;
		return ~0u;
	}
	return offset == PBA            ? pba
	       : offset < sizeof(table) ? table[offset / 16][offset / 4 % 4]
					: 0;
}

static void table_write(void *ctx, uintptr_t offset, unsigned size, uint64_t value)
{
	(void)ctx, (void)size;
	if (asleep) {
		touched++;
		return;
	}
	if (offset < sizeof(table))
		table[offset / 16][offset / 4 % 4] = (uint32_t)value;
	send_pending();
}

static void count_run(void *arg)
{
	++*(unsigned *)arg;
}

static void bring_up(bool msix)
{
	static const struct fake_device device = { table_read, table_write, NULL };

	fake_host();
	fake_the_host()->msi_domain = domain_of;
	fake = fake_add(NULL, 1, 0);
	fake_bar(fake, 0, FAKE_BAR_32, 0x1000);
	fake_set(fake, PCI_INTERRUPT_LINE, 1, 0, 0xff);
	if (msix)
		fake_msix(fake, MSIX_CAP, COUNT, 0, PBA);
	else
		fake_msi(fake, MSI_CAP, PCI_MSI_CONTROL_64BIT);
	fake_pcie(fake, PCIE_CAP, 0);
	fake_set(fake, PCIE_CAP + PCI_PCIE_DEVCAP, 4, PCI_PCIE_DEVCAP_FLR, 0);
	fake_set(fake, PCIE_CAP + PCI_PCIE_DEVCTL, 2, 0x2810, 0x7fff);
	fake_scan();
	fn = fake_found(fake);
	fake_mmio_map(fn->bars[0].cpu_addr, 0x1000, &device);
	fake->write = config_write;
	fake->read = config_read;
	asleep = false;
	touched = early = retries = nr_sent = 0;
	slept = NEVER;
	memset(runs, 0, sizeof(runs));
	assert_true(msi_alloc(&fn->msi, 1, COUNT, 0, NULL) > 0);
	for (unsigned i = 0; i < fn->msi.count; i++)
		assert_int_equal(msi_request(&fn->msi, i, count_run, &runs[i], "test"), 0);
	assert_int_equal(msi_enable(&fn->msi), 0);
	pci_write8(fn, PCI_INTERRUPT_LINE, 7);
}

static int setup(void **state)
{
	(void)state;
	bring_up(true);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (fn->msi.count)
		msi_free(&fn->msi);
	assert_int_equal(msi_check_refused(), 0);
	return 0;
}

static void every_vector_comes_once(void)
{
	for (unsigned i = 0; i < COUNT; i++) {
		unsigned before = runs[i];

		raise_event(i);
		claim_all();
		assert_int_equal(runs[i], before + 1);
	}
}

static void reset_restores_configuration_and_messages(void **state)
{
	uint8_t before[256];
	uint32_t messages[COUNT][4];

	(void)state;
	memcpy(before, fake->config, sizeof(before));
	memcpy(messages, table, sizeof(messages));
	retries = 3;
	assert_int_equal(pci_reset(fn), 0);
	assert_int_equal(early, 0);
	assert_int_equal(retries, 0);
	assert_memory_equal(fake->config, before, sizeof(before));
	assert_memory_equal(table, messages, sizeof(messages));
	every_vector_comes_once();
}

/* The reset clears the pending bit: what it stood for comes from the latch, when it may. */
static void reset_keeps_a_pending_event(void **state)
{
	(void)state;
	msi_mask(&fn->msi, 1);
	raise_event(1);
	assert_int_equal(pci_reset(fn), 0);
	assert_int_equal(pba, 0);
	claim_all();
	assert_int_equal(runs[1], 0);
	assert_int_equal(msi_unmask(&fn->msi, 1), 0);
	claim_all();
	assert_int_equal(runs[1], 1);
	every_vector_comes_once();
}

static void fall_asleep(void)
{
	assert_int_equal(msi_suspend(&fn->msi), 0);
	asleep = true;
}

/* Its configuration space is set anew by who woke it. */
static void wake_up(void)
{
	asleep = false;
	lose_everything();
	pci_write_bars(fn);
	pci_enable(fn);
	assert_int_equal(msi_resume(&fn->msi), 0);
}

static void sleep_that_loses_the_table(void **state)
{
	(void)state;
	msi_mask(&fn->msi, 1);
	raise_event(1);
	fall_asleep();
	/* Whatever is wished meanwhile, the table can't take it. */
	msi_mask(&fn->msi, 2);
	assert_int_equal(msi_unmask(&fn->msi, 2), 0);
	assert_int_equal(msi_set_affinity(&fn->msi, 3, 1), 0);
	assert_int_equal(touched, 0);
	wake_up();
	assert_int_equal(table[3][0], 0x28001000);
	claim_all();
	assert_int_equal(runs[1], 0);
	assert_int_equal(msi_unmask(&fn->msi, 1), 0);
	claim_all();
	assert_int_equal(runs[1], 1);
	every_vector_comes_once();
}

/* Sent before, claimed while it sleeps: latched, and handled when it is back. */
static void message_under_way_is_latched(void **state)
{
	(void)state;
	raise_event(2);
	fall_asleep();
	claim_all();
	assert_int_equal(runs[2], 0);
	wake_up();
	claim_all();
	assert_int_equal(runs[2], 1);
	every_vector_comes_once();
}

static void disable_and_free_touch_nothing(void **state)
{
	(void)state;
	fall_asleep();
	msi_disable(&fn->msi);
	assert_int_equal(touched, 0);
	wake_up();
	assert_int_equal(msi_enable(&fn->msi), 0);
	every_vector_comes_once();
	fall_asleep();
	msi_free(&fn->msi);
	assert_int_equal(touched, 0);
}

static void one_that_does_not_come_back(void **state)
{
	(void)state;
	retries = NEVER;
	assert_int_equal(pci_reset(fn), -ETIMEDOUT);
	assert_false(fn->msi.enabled);
	retries = 0;
}

static void without_a_reset_nothing_is_touched(void **state)
{
	(void)state;
	fake_set(fake, PCIE_CAP + PCI_PCIE_DEVCAP, 4, 0, 0);
	assert_int_equal(pci_reset(fn), -EOPNOTSUPP);
	assert_true(fn->msi.enabled);
	every_vector_comes_once();
}

/* Plain MSI without mask bits: its message is whole again after. */
static void unmaskable_message_is_written_again(void **state)
{
	(void)state;
	msi_free(&fn->msi);
	bring_up(false);
	assert_false(fn->msi.maskable);
	assert_int_equal(pci_reset(fn), 0);
	assert_int_equal(fake_get(fake, MSI_CAP + PCI_MSI_ADDRESS, 4), 0x28000000);
	assert_int_equal(fake_get(fake, MSI_CAP + PCI_MSI_DATA + 4, 2), fn->msi.descs[0]->identity);
	assert_true(fake_get(fake, MSI_CAP + PCI_MSI_CONTROL, 2) & PCI_MSI_CONTROL_ENABLE);
}

#define TEST_OF(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_OF(reset_restores_configuration_and_messages),
		TEST_OF(reset_keeps_a_pending_event),
		TEST_OF(sleep_that_loses_the_table),
		TEST_OF(message_under_way_is_latched),
		TEST_OF(disable_and_free_touch_nothing),
		TEST_OF(one_that_does_not_come_back),
		TEST_OF(without_a_reset_nothing_is_touched),
		TEST_OF(unmaskable_message_is_written_again),
	};

	for (unsigned i = 0; i < HARTS; i++) {
		harts[i].index = i;
		harts[i].state = HART_ONLINE;
	}
	arch_set_this_hart(&harts[0]);
	if (irq_init(HARTS * MAX_ID) || irq_hart_init(0, MAX_ID) || irq_hart_init(1, MAX_ID))
		return 1;
	vector_space_init(&space, files, HARTS);
	retire_init(&space);
	for (unsigned i = 0; i < HARTS; i++)
		vector_file_open(&space, i, 3, MAX_ID);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

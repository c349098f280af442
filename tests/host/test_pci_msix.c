// SPDX-License-Identifier: Apache-2.0
// SOURCES: tests/host/fake_ecam.c drivers/pci/bar_math.c drivers/pci/bars.c drivers/pci/caps.c
// SOURCES: drivers/pci/config_ecam.c drivers/pci/function.c drivers/pci/host.c drivers/pci/layout.c
// SOURCES: drivers/pci/msi_regs.c drivers/pci/msix.c drivers/pci/scan.c kernel/lib/format.c
// SOURCES: drivers/pci/sriov.c
/* The write rules of MSI-X (docs/msi.md M3), read from the log of accesses. */
#include <errno.h>
#include <string.h>

#include "drivers/pci/internal.h"
#include "drivers/pci/pci_regs.h"
#include "tests/host/cmocka_test.h"
#include "tests/host/fake_ecam.h"
#include "tests/host/fake_mmio.h"

#define COUNT 70
#define CAP   0x40

static struct fake_function *fake;
static struct pci_function *fn;
static uint32_t memory[0x1000 / 4];
static int refuse;
static const void *checked_by;

int msi_function_init(struct msi_function *msi)
{
	(void)msi;
	return 0;
}

const bool msi_checked = true;

int msi_check_change(struct msi_function *msi, enum msi_part part, const struct msi_msg *msg,
		     const void *caller)
{
	(void)msi, (void)part, (void)msg, (void)caller;
	return 0;
}

int msi_check_write(struct msi_function *msi, unsigned i, const struct msi_msg *msg,
		    const void *caller)
{
	(void)msi, (void)i, (void)msg;
	checked_by = caller;
	return refuse;
}

static uint32_t *entry(unsigned i)
{
	return &memory[i * 4];
}

static uintptr_t entry_address(unsigned i)
{
	return fn->msix_table + 16 * i;
}

/* A function as a careless firmware left it: entries unmasked, reserved bits set, MSI enabled. */
static int setup(void **state)
{
	(void)state;
	fake_host();
	fake = fake_add(NULL, 1, 0);
	fake_bar(fake, 0, FAKE_BAR_32, sizeof(memory));
	fake_msix(fake, CAP, COUNT, 0, 0x800);
	fake_msi(fake, 0x60, PCI_MSI_CONTROL_64BIT | PCI_MSI_CONTROL_ENABLE);
	fake_scan();
	fn = fake_found(fake);
	fake_mmio_map_memory(fn->bars[0].cpu_addr, sizeof(memory), memory);
	memset(memory, 0, sizeof(memory));
	for (unsigned i = 0; i < COUNT; i++) {
		entry(i)[0] = 0xdead0000;
		entry(i)[3] = 0xabcd0000 | i << 1;
	}
	refuse = 0;
	fake_record(true);
	return 0;
}

static uint16_t control(void)
{
	return (uint16_t)fake_get(fake, CAP + PCI_MSIX_CONTROL, 2);
}

/* The first entry from n on of the kind at the address; none: the length of the log. */
static size_t find(size_t n, enum fake_kind kind, uintptr_t addr)
{
	for (; n < fake_mmio_log_length(); n++)
		if (fake_mmio_log(n)->kind == kind && fake_mmio_log(n)->addr == addr)
			break;
	return n;
}

static size_t find_barrier(size_t n, enum fake_kind kind)
{
	return find(n, kind, 0);
}

static void prepare_masks_every_entry(void **state)
{
	(void)state;
	assert_int_equal(pci_msix_ops.prepare(&fn->msi, 3), 0);
	for (unsigned i = 0; i < COUNT; i++) {
		assert_int_equal(entry(i)[3], 0xabcd0000 | i << 1 | 1);
		assert_int_equal(entry(i)[0], 0xdead0000);
	}
	assert_int_equal(control() & 0xc000, 0xc000);
	assert_int_equal(fake_get(fake, 0x62, 2) & PCI_MSI_CONTROL_ENABLE, 0);
	assert_int_equal(fake_get(fake, PCI_COMMAND, 2),
			 PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE);
}

static void prepare_keeps_the_order(void **state)
{
	uintptr_t config = fake_config_address(fake, CAP + PCI_MSIX_CONTROL);
	size_t command, enable, msi_off, first;

	(void)state;
	pci_msix_ops.prepare(&fn->msi, 3);
	msi_off = find(0, FAKE_WRITE, fake_config_address(fake, 0x62));
	command = find(0, FAKE_WRITE, fake_config_address(fake, PCI_COMMAND));
	enable = find(0, FAKE_WRITE, config);
	while (!(fake_mmio_log(enable)->value & PCI_MSIX_CONTROL_ENABLE)) {
		enable = find(enable + 1, FAKE_WRITE, config);
		assert_true(enable < fake_mmio_log_length());
	}
	first = find(0, FAKE_WRITE, entry_address(0) + 12);
	assert_true(msi_off < enable && command < enable && enable < first);
	/* In one write, and nothing ever enables without Function Mask. */
	assert_int_equal(fake_mmio_log(enable)->value & 0xc000, 0xc000);
	assert_int_equal(find(enable + 1, FAKE_WRITE, config), fake_mmio_log_length());
	assert_true(find(0, FAKE_READ, entry_address(0) + 12) > enable);
	/* Flushed by a read from the table after the last write to it. */
	assert_true(find(find(0, FAKE_WRITE, entry_address(COUNT - 1) + 12), FAKE_READ,
			 entry_address(0) + 12) < fake_mmio_log_length());
}

static void prepare_costs_a_read_and_a_write_an_entry(void **state)
{
	size_t accesses = 0;

	(void)state;
	pci_msix_ops.prepare(&fn->msi, COUNT);
	for (size_t i = 0; i < fake_mmio_log_length(); i++)
		accesses += fake_mmio_log(i)->addr >= fn->msix_table &&
			    fake_mmio_log(i)->addr < fn->msix_table + sizeof(memory);
	assert_int_equal(accesses, 2 * COUNT + 1);
}

static void write_is_dwords_in_order_then_a_read(void **state)
{
	const struct msi_msg msg = { 0x1228000000ull, 0x1234 };
	static const struct {
		enum fake_kind kind;
		unsigned offset;
		uint32_t value;
	} want[] = {
		{ FAKE_WRITE, 0, 0x28000000 },
		{ FAKE_WRITE, 4, 0x12 },
		{ FAKE_WRITE, 8, 0x1234 },
		{ FAKE_READ, 8, 0x1234 },
	};
	struct msi_msg got;

	(void)state;
	pci_msix_ops.prepare(&fn->msi, 3);
	fake_mmio_log_clear();
	assert_int_equal(pci_msix_ops.write_msg(&fn->msi, 69, &msg), 0);
	assert_int_equal(fake_mmio_log(0)->kind, FAKE_PUBLISH_TO_DEVICE);
	for (unsigned i = 0; i < ARRAY_SIZE(want); i++) {
		const struct fake_access *access = fake_mmio_log(i + 1);

		assert_int_equal(access->kind, want[i].kind);
		assert_int_equal(access->addr, entry_address(69) + want[i].offset);
		assert_int_equal(access->size, 4);
		assert_int_equal(access->value, want[i].value);
	}
	assert_int_equal(fake_mmio_log_length(), ARRAY_SIZE(want) + 1);
	assert_non_null(checked_by);
	pci_msix_ops.read_msg(&fn->msi, 69, &got);
	assert_int_equal(got.address, msg.address);
	assert_int_equal(got.data, msg.data);
}

static void refused_message_touches_nothing(void **state)
{
	const struct msi_msg msg = { 0x28000000, 1 };

	(void)state;
	refuse = -EPERM;
	assert_int_equal(pci_msix_ops.write_msg(&fn->msi, 0, &msg), -EPERM);
	assert_int_equal(fake_mmio_log_length(), 0);
}

static void mask_is_a_write_and_a_read(void **state)
{
	(void)state;
	pci_msix_ops.prepare(&fn->msi, 3);
	for (unsigned masked = 0; masked < 2; masked++) {
		fake_mmio_log_clear();
		if (masked)
			pci_msix_ops.mask(&fn->msi, 5);
		else
			pci_msix_ops.unmask(&fn->msi, 5);
		assert_int_equal(fake_mmio_log_length(), 2);
		assert_int_equal(fake_mmio_log(0)->kind, FAKE_WRITE);
		assert_int_equal(fake_mmio_log(0)->addr, entry_address(5) + 12);
		assert_int_equal(fake_mmio_log(0)->value, 0xabcd000a | masked);
		assert_int_equal(fake_mmio_log(1)->kind, FAKE_READ);
		assert_int_equal(fake_mmio_log(1)->addr, entry_address(5) + 12);
		assert_int_equal(pci_msix_ops.masked(&fn->msi, 5), masked);
	}
}

static void start_and_stop(void **state)
{
	size_t barrier, write;

	(void)state;
	pci_msix_ops.prepare(&fn->msi, 3);
	fake_mmio_log_clear();
	pci_msix_ops.start(&fn->msi);
	assert_int_equal(control() & 0xc000, PCI_MSIX_CONTROL_ENABLE);
	/* The table was written on another path to the function than configuration space. */
	barrier = find_barrier(0, FAKE_BARRIER_MMIO);
	write = find(0, FAKE_WRITE, fake_config_address(fake, CAP + PCI_MSIX_CONTROL));
	assert_true(barrier < write);
	pci_msix_ops.stop(&fn->msi);
	assert_int_equal(control() & 0xc000, PCI_MSIX_CONTROL_FUNCTION_MASK);
}

static void pending_is_a_bit_of_the_pba(void **state)
{
	(void)state;
	memory[0x800 / 4 + 2] = BIT(69 - 64);
	pci_write16(fn, PCI_COMMAND, 0);
	assert_false(pci_msix_ops.pending(&fn->msi, 69)); /* no memory decode yet */
	pci_msix_ops.prepare(&fn->msi, 3);
	for (unsigned i = 0; i < COUNT; i++)
		assert_int_equal(pci_msix_ops.pending(&fn->msi, i), i == 69);
}

static void nothing_is_read_without_memory_decode(void **state)
{
	struct msi_msg msg = { 1, 1 };

	(void)state;
	pci_write16(fn, PCI_COMMAND, 0);
	pci_msix_ops.read_msg(&fn->msi, 0, &msg);
	assert_int_equal(msg.address, 0);
	assert_true(pci_msix_ops.masked(&fn->msi, 0));
	for (size_t i = 0; i < fake_mmio_log_length(); i++)
		assert_true(fake_mmio_log(i)->addr < fn->msix_table ||
			    fake_mmio_log(i)->addr >= fn->msix_table + sizeof(memory));
}

static void function_that_does_not_answer(void **state)
{
	(void)state;
	memset(fake->config, 0xff, 256);
	memset(fake->writable, 0, 256);
	assert_int_equal(pci_msix_ops.prepare(&fn->msi, 3), -EIO);
}

static void function_without_function_mask(void **state)
{
	(void)state;
	fake_set(fake, CAP + PCI_MSIX_CONTROL, 2, COUNT - 1, PCI_MSIX_CONTROL_ENABLE);
	assert_int_equal(pci_msix_ops.prepare(&fn->msi, 3), -EIO);
}

/* Neither configuration space nor the table: nothing is left of it (M13). */
static void gone_function_is_not_touched(void **state)
{
	const struct msi_function_ops *ops[] = { &pci_msix_ops, &pci_msi_ops };
	struct msi_msg msg = { .address = 0x1000 };

	(void)state;
	assert_true(pci_declare_gone(fn, true));
	assert_false(pci_declare_gone(fn, true));
	fake_record(true);
	for (unsigned i = 0; i < 2; i++) {
		assert_true(ops[i]->prepare(&fn->msi, 1) < 0);
		assert_true(ops[i]->write_msg(&fn->msi, 0, &msg) < 0);
		ops[i]->mask(&fn->msi, 0);
		ops[i]->unmask(&fn->msi, 0);
		ops[i]->read_msg(&fn->msi, 0, &msg);
		(void)ops[i]->masked(&fn->msi, 0);
		(void)ops[i]->pending(&fn->msi, 0);
		ops[i]->start(&fn->msi);
		ops[i]->flush(&fn->msi);
		ops[i]->stop(&fn->msi);
	}
	for (size_t n = 0; n < fake_mmio_log_length(); n++)
		assert_true(fake_mmio_log(n)->kind != FAKE_READ &&
			    fake_mmio_log(n)->kind != FAKE_WRITE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(prepare_masks_every_entry, setup),
		cmocka_unit_test_setup(prepare_keeps_the_order, setup),
		cmocka_unit_test_setup(prepare_costs_a_read_and_a_write_an_entry, setup),
		cmocka_unit_test_setup(write_is_dwords_in_order_then_a_read, setup),
		cmocka_unit_test_setup(refused_message_touches_nothing, setup),
		cmocka_unit_test_setup(mask_is_a_write_and_a_read, setup),
		cmocka_unit_test_setup(start_and_stop, setup),
		cmocka_unit_test_setup(pending_is_a_bit_of_the_pba, setup),
		cmocka_unit_test_setup(nothing_is_read_without_memory_decode, setup),
		cmocka_unit_test_setup(function_that_does_not_answer, setup),
		cmocka_unit_test_setup(function_without_function_mask, setup),
		cmocka_unit_test_setup(gone_function_is_not_touched, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

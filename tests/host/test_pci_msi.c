// SPDX-License-Identifier: Apache-2.0
// SOURCES: tests/host/fake_ecam.c drivers/pci/bar_math.c drivers/pci/bars.c drivers/pci/caps.c
// SOURCES: drivers/pci/config_ecam.c drivers/pci/function.c drivers/pci/host.c drivers/pci/layout.c
// SOURCES: drivers/pci/msi_regs.c drivers/pci/msix.c drivers/pci/scan.c kernel/lib/format.c
// SOURCES: drivers/pci/sriov.c
/* The write rules of MSI (docs/msi.md M3): every shape of the capability. */
#include <errno.h>
#include <string.h>

#include "drivers/pci/internal.h"
#include "drivers/pci/pci_regs.h"
#include "tests/host/cmocka_test.h"
#include "tests/host/fake_ecam.h"
#include "tests/host/fake_mmio.h"

#define CAP 0x50

static struct fake_function *fake;
static struct pci_function *fn;
static int refuse;

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
	return refuse;
}

int msi_check_write(struct msi_function *msi, unsigned i, const struct msi_msg *msg,
		    const void *caller)
{
	(void)msi, (void)i, (void)msg, (void)caller;
	return refuse;
}

static void shape(uint16_t control)
{
	fake_host();
	fake = fake_add(NULL, 1, 0);
	fake_msi(fake, CAP, control);
	fake_scan();
	fn = fake_found(fake);
	assert_true(fn->usable);
	refuse = 0;
	fake_record(true);
}

static uint32_t reg(unsigned offset, unsigned bytes)
{
	return fake_get(fake, CAP + offset, bytes);
}

static void registers_of_every_shape(void **state)
{
	static const struct {
		uint16_t control;
		unsigned data, mask; /* offsets; mask 0: none */
	} shapes[] = {
		{ 0, 0x8, 0 },
		{ PCI_MSI_CONTROL_64BIT, 0xc, 0 },
		{ PCI_MSI_CONTROL_MASKABLE, 0x8, 0xc },
		{ PCI_MSI_CONTROL_64BIT | PCI_MSI_CONTROL_MASKABLE, 0xc, 0x10 },
	};
	const struct msi_msg msg = { 0x28001000, 0x40 };
	struct msi_msg got;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(shapes); i++) {
		shape(shapes[i].control);
		assert_int_equal(pci_msi_ops.can_mask(&fn->msi), shapes[i].mask != 0);
		assert_int_equal(pci_msi_ops.prepare(&fn->msi, 1), 0);
		assert_int_equal(pci_msi_ops.write_msg(&fn->msi, 0, &msg), 0);
		assert_int_equal(reg(4, 4), 0x28001000);
		assert_int_equal(reg(shapes[i].data, 2), 0x40);
		pci_msi_ops.read_msg(&fn->msi, 0, &got);
		assert_int_equal(got.address, msg.address);
		assert_int_equal(got.data, msg.data);
		if (!shapes[i].mask)
			continue;
		assert_int_equal(reg(shapes[i].mask, 4), 1);
		pci_msi_ops.unmask(&fn->msi, 0);
		assert_int_equal(reg(shapes[i].mask, 4), 0);
		assert_false(pci_msi_ops.masked(&fn->msi, 0));
	}
}

static void address_above_4g(void **state)
{
	const struct msi_msg msg = { 0x1228000000, 1 };
	struct msi_msg got;

	(void)state;
	shape(PCI_MSI_CONTROL_64BIT);
	pci_msi_ops.prepare(&fn->msi, 1);
	assert_int_equal(pci_msi_ops.write_msg(&fn->msi, 0, &msg), 0);
	assert_int_equal(reg(8, 4), 0x12);
	pci_msi_ops.read_msg(&fn->msi, 0, &got);
	assert_int_equal(got.address, msg.address);

	shape(0);
	pci_msi_ops.prepare(&fn->msi, 1);
	assert_int_equal(pci_msi_ops.write_msg(&fn->msi, 0, &msg), -EINVAL);
	assert_int_equal(reg(4, 4), 0);
}

static void data_has_16_bits(void **state)
{
	const struct msi_msg wide = { 0x28000000, 0x10000 }, msg = { 0x28000000, 0xffff };

	(void)state;
	shape(0);
	/* Extended Message Data or something of the device: not ours. */
	fake_set(fake, CAP + 0xa, 2, 0x5a5a, 0xffff);
	pci_msi_ops.prepare(&fn->msi, 1);
	assert_int_equal(pci_msi_ops.write_msg(&fn->msi, 0, &wide), -EINVAL);
	assert_int_equal(pci_msi_ops.write_msg(&fn->msi, 0, &msg), 0);
	assert_int_equal(reg(0xa, 2), 0x5a5a);
}

static void blocks_are_aligned_powers_of_two(void **state)
{
	struct msi_msg got, msg = { 0x28000000, 0x20 };

	(void)state;
	shape(4 << 1);
	assert_int_equal(fn->msi.msi_count, 16);
	assert_int_equal(pci_msi_ops.prepare(&fn->msi, 3), -EINVAL);
	assert_int_equal(pci_msi_ops.prepare(&fn->msi, 0), -EINVAL);
	assert_int_equal(pci_msi_ops.prepare(&fn->msi, 32), -EINVAL);
	for (unsigned log = 0; log <= 4; log++) {
		assert_int_equal(pci_msi_ops.prepare(&fn->msi, 1u << log), 0);
		assert_int_equal(FIELD_GET(PCI_MSI_CONTROL_MME, reg(2, 2)), log);
		for (unsigned low = 0; low < 32; low++) {
			msg.data = 0x20 + low;
			assert_int_equal(pci_msi_ops.write_msg(&fn->msi, 0, &msg),
					 low % (1u << log) ? -EINVAL : 0);
		}
	}
	msg.data = 0x30;
	assert_int_equal(pci_msi_ops.write_msg(&fn->msi, 0, &msg), 0);
	pci_msi_ops.read_msg(&fn->msi, 5, &got);
	assert_int_equal(got.data, 0x35);
}

static void prepare_start_stop(void **state)
{
	const uint16_t bits = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE;

	(void)state;
	shape(PCI_MSI_CONTROL_MASKABLE | 5 << 1);
	/* As firmware left it. */
	fake_set(fake, CAP + 2, 2, reg(2, 2) | PCI_MSI_CONTROL_ENABLE | 3 << 4,
		 PCI_MSI_CONTROL_ENABLE | PCI_MSI_CONTROL_MME);
	assert_int_equal(pci_msi_ops.prepare(&fn->msi, 32), 0);
	assert_int_equal(reg(2, 2) & PCI_MSI_CONTROL_ENABLE, 0);
	assert_int_equal(reg(0xc, 4), 0xffffffff);
	assert_int_equal(fake_get(fake, PCI_COMMAND, 2), bits);
	pci_msi_ops.start(&fn->msi);
	assert_int_equal(reg(2, 2) & PCI_MSI_CONTROL_ENABLE, 1);
	assert_int_equal(FIELD_GET(PCI_MSI_CONTROL_MME, reg(2, 2)), 5);
	pci_msi_ops.stop(&fn->msi);
	assert_int_equal(reg(2, 2) & PCI_MSI_CONTROL_ENABLE, 0);
}

static void mask_bits_share_a_register(void **state)
{
	(void)state;
	shape(PCI_MSI_CONTROL_MASKABLE | 3 << 1);
	pci_msi_ops.prepare(&fn->msi, 8);
	/* Bits that no message has are not written, implemented or not. */
	for (size_t i = 0; i < fake_mmio_log_length(); i++)
		if (fake_mmio_log(i)->kind == FAKE_WRITE &&
		    fake_mmio_log(i)->addr == fake_config_address(fake, CAP + 0xc))
			assert_int_equal(fake_mmio_log(i)->value, 0xff);
	assert_int_equal(reg(0xc, 4), 0xff);
	pci_msi_ops.unmask(&fn->msi, 3);
	pci_msi_ops.unmask(&fn->msi, 7);
	assert_int_equal(reg(0xc, 4), 0x77);
	fake_mmio_log_clear();
	pci_msi_ops.mask(&fn->msi, 3);
	assert_int_equal(reg(0xc, 4), 0x7f);
	/* Written and read back. */
	assert_int_equal(fake_mmio_log_length(), 2);
	assert_int_equal(fake_mmio_log(0)->kind, FAKE_WRITE);
	assert_int_equal(fake_mmio_log(1)->kind, FAKE_READ);
	fake_set(fake, CAP + 0x10, 4, BIT(6), 0);
	assert_true(pci_msi_ops.pending(&fn->msi, 6));
	assert_false(pci_msi_ops.pending(&fn->msi, 5));
}

static void refused_message_touches_nothing(void **state)
{
	const struct msi_msg msg = { 0x28000000, 1 };

	(void)state;
	shape(0);
	refuse = -EPERM;
	assert_int_equal(pci_msi_ops.write_msg(&fn->msi, 0, &msg), -EPERM);
	assert_int_equal(fake_mmio_log_length(), 0);
}

static void message_is_published_written_and_read_back(void **state)
{
	const struct msi_msg msg = { 0x28000000, 1 };
	size_t last = 0;

	(void)state;
	shape(PCI_MSI_CONTROL_64BIT);
	pci_msi_ops.prepare(&fn->msi, 1);
	fake_mmio_log_clear();
	pci_msi_ops.write_msg(&fn->msi, 0, &msg);
	for (size_t i = 0; i < fake_mmio_log_length(); i++) {
		if (fake_mmio_log(i)->kind == FAKE_PUBLISH_TO_DEVICE)
			assert_int_equal(last, 0);
		if (fake_mmio_log(i)->kind == FAKE_WRITE)
			last = i;
	}
	assert_int_equal(fake_mmio_log(last - 2)->addr, fake_config_address(fake, CAP + 4));
	assert_int_equal(fake_mmio_log(last - 1)->addr, fake_config_address(fake, CAP + 8));
	assert_int_equal(fake_mmio_log(last)->addr, fake_config_address(fake, CAP + 0xc));
	assert_int_equal(fake_mmio_log(last + 1)->kind, FAKE_READ);
}

static void change_is_one_register(void **state)
{
	static const struct {
		enum msi_part part;
		unsigned offset, size;
	} parts[] = { { MSI_PART_DATA, 0xc, 2 }, { MSI_PART_ADDRESS, 4, 4 } };
	const struct msi_msg msg = { 0x1228001000, 0x40 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(parts); i++) {
		shape(PCI_MSI_CONTROL_64BIT);
		fake_set(fake, CAP + 0xe, 2, 0x5a5a, 0xffff);
		fake_mmio_log_clear();
		assert_int_equal(pci_msi_ops.change_msg(&fn->msi, parts[i].part, &msg), 0);
		assert_int_equal(fake_mmio_log_length(), 4);
		assert_int_equal(fake_mmio_log(0)->kind, FAKE_PUBLISH_TO_DEVICE);
		for (unsigned k = 1; k < 3; k++) {
			const struct fake_access *at = fake_mmio_log(k);

			assert_int_equal(at->kind, k == 1 ? FAKE_WRITE : FAKE_READ);
			assert_int_equal(at->addr,
					 fake_config_address(fake, CAP + parts[i].offset));
			assert_int_equal(at->size, parts[i].size);
			assert_int_equal(at->value, i ? 0x28001000 : 0x40);
		}
		assert_int_equal(fake_mmio_log(3)->kind, FAKE_READ_BEFORE_WRITE);
		assert_int_equal(reg(0xe, 2), 0x5a5a);
		refuse = -EPERM;
		fake_mmio_log_clear();
		assert_int_equal(pci_msi_ops.change_msg(&fn->msi, parts[i].part, &msg), -EPERM);
		assert_int_equal(fake_mmio_log_length(), 0);
	}
	/* It takes no write. */
	refuse = 0;
	fake_set(fake, CAP + 4, 4, 0, 0);
	assert_int_equal(pci_msi_ops.change_msg(&fn->msi, MSI_PART_ADDRESS, &msg), -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registers_of_every_shape),
		cmocka_unit_test(address_above_4g),
		cmocka_unit_test(data_has_16_bits),
		cmocka_unit_test(blocks_are_aligned_powers_of_two),
		cmocka_unit_test(prepare_start_stop),
		cmocka_unit_test(mask_bits_share_a_register),
		cmocka_unit_test(refused_message_touches_nothing),
		cmocka_unit_test(message_is_published_written_and_read_back),
		cmocka_unit_test(change_is_one_register),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
// SOURCES: tests/host/fake_ecam.c drivers/pci/bar_math.c drivers/pci/bars.c drivers/pci/caps.c
// SOURCES: drivers/pci/config_ecam.c drivers/pci/function.c drivers/pci/host.c drivers/pci/layout.c
// SOURCES: drivers/pci/msi_regs.c drivers/pci/msix.c drivers/pci/scan.c kernel/lib/format.c
// SOURCES: drivers/pci/sriov.c hypervisor/msi.c hypervisor/msi_write.c kernel/msi_release.c
/*
 * The service side of the SBI MSI extension (docs/sbi-msi.md): what it checks, and in which order
 * it writes to a function's registers, read from the log of accesses.
 */
#include <string.h>

#include "drivers/pci/internal.h"
#include "drivers/pci/pci_regs.h"
#include "hypervisor/guest.h"
#include "hypervisor/msi.h"
#include "tests/host/cmocka_test.h"
#include "tests/host/fake_ecam.h"
#include "tests/host/fake_mmio.h"

#define COUNT  40
#define MSIX   0x40
#define MSI    0x60
#define MAX_ID 255
#define HARTS  3
#define BDF    0x0008

/* The guest: its RAM is an array, and harts 5, 6, 7 have files above 4 GiB. */
struct guest {
	uint64_t ram[1024];
};

#define RAM 0x80200000ull

static struct guest guest;
static struct fake_function *fake;
static struct pci_function *fn;
static struct hv_msi hv;
static struct hv_msi_entry room[2 * COUNT];
static uint32_t memory[0x1000 / 4];
static void (*on_load)(unsigned i);
static unsigned loads;

int msi_function_init(struct msi_function *msi)
{
	(void)msi;
	return 0;
}

struct hv_msi *guest_msi(struct guest *g, uint32_t bdf)
{
	assert_ptr_equal(g, &guest);
	return bdf == BDF ? &hv : NULL;
}

static uint64_t file_of(unsigned hart_id)
{
	return 0x128000000ull + 0x4000 * hart_id + 0x1000;
}

bool guest_msi_target(const struct guest *g, uint64_t hart_id, uint64_t *address)
{
	assert_ptr_equal(g, &guest);
	if (on_load)
		on_load(loads++);
	if (hart_id < 5 || hart_id >= 5 + HARTS)
		return false;
	*address = file_of((unsigned)hart_id);
	return true;
}

unsigned guest_max_identity(const struct guest *g)
{
	(void)g;
	return MAX_ID;
}

const uint64_t *guest_array(const struct guest *g, uint64_t address, uint64_t bytes)
{
	if (address % 8 || address < RAM || address - RAM > sizeof(g->ram) ||
	    bytes > sizeof(g->ram) - (address - RAM))
		return NULL;
	return &g->ram[(address - RAM) / 8];
}

static uint64_t entry(unsigned index, unsigned hart_id, unsigned eiid)
{
	return (uint64_t)hart_id << 32 | eiid << 16 | index;
}

/* As a careless firmware left it. */
static void start(uint16_t msi)
{
	fake_host();
	fake = fake_add(NULL, 1, 0);
	fake_bar(fake, 0, FAKE_BAR_32, sizeof(memory));
	fake_msix(fake, MSIX, COUNT, 0, 0x800);
	fake_msi(fake, MSI, msi | (uint16_t)FIELD_PREP(PCI_MSI_CONTROL_MMC, 5));
	fake_scan();
	fn = fake_found(fake);
	assert_int_equal(fn->msi.rid, BDF);
	fn->msi.segment = 0;
	fake_mmio_map_memory(fn->bars[0].cpu_addr, sizeof(memory), memory);
	memset(memory, 0, sizeof(memory));
	for (unsigned i = 0; i < COUNT; i++)
		memory[i * 4 + 3] = 0xabcd0000 | i << 1;
	memset(&guest, 0, sizeof(guest));
	on_load = NULL;
	assert_int_equal(hv_msi_room(fn), ARRAY_SIZE(room));
	assert_int_equal(hv_msi_init(&hv, fn, room), 0);
	fake_record(true);
	fake_mmio_log_clear();
}

static struct sbiret call(unsigned long fid, unsigned long a1, unsigned long a2, unsigned long a3,
			  unsigned long a4)
{
	const unsigned long args[5] = { BDF, a1, a2, a3, a4 };

	return hv_msi_call(&guest, fid, args);
}

static void expect(struct sbiret ret, long error, long value)
{
	assert_int_equal(ret.error, error);
	assert_int_equal(ret.value, value);
	assert_int_equal(hv.lock, 0);
}

/* n entries from index 0 on, dealt to the harts. */
static struct sbiret change(unsigned type, unsigned min, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		guest.ram[i] = entry(i, 5 + i % HARTS, 10 + i);
	return call(SBI_MSI_CHANGE, type, min, n, RAM);
}

static struct sbiret change_msi(unsigned min, unsigned n, unsigned hart_id, unsigned eiid)
{
	for (unsigned i = 0; i < n; i++)
		guest.ram[i] = entry(i, hart_id, eiid + i);
	return call(SBI_MSI_CHANGE, SBI_MSI_TYPE_MSI, min, n, RAM);
}

static uint16_t msix_control(void)
{
	return (uint16_t)fake_get(fake, MSIX + PCI_MSIX_CONTROL, 2) & 0xc000;
}

static bool msi_enabled(void)
{
	return fake_get(fake, MSI + PCI_MSI_CONTROL, 2) & PCI_MSI_CONTROL_ENABLE;
}

static void check_entry(unsigned i, unsigned hart_id, unsigned eiid, bool masked)
{
	assert_int_equal(memory[i * 4], (uint32_t)file_of(hart_id));
	assert_int_equal(memory[i * 4 + 1], file_of(hart_id) >> 32);
	assert_int_equal(memory[i * 4 + 2], eiid);
	assert_int_equal(memory[i * 4 + 3], 0xabcd0000 | i << 1 | masked);
}

/* --- the log --- */

static size_t at;

static const struct fake_access *next(void)
{
	const struct fake_access *a;

	do
		a = fake_mmio_log(at++);
	while (a && a->kind != FAKE_READ && a->kind != FAKE_WRITE);
	return a;
}

static void step(enum fake_kind kind, uintptr_t addr, uint64_t value)
{
	const struct fake_access *a = next();

	assert_non_null(a);
	assert_int_equal(a->kind, kind);
	assert_int_equal(a->addr, addr);
	assert_int_equal(a->value, value);
}

static uintptr_t table(unsigned i, unsigned reg)
{
	return fn->msix_table + 16 * i + reg;
}

/* The first access to the table, or the end. */
static size_t first_in_table(void)
{
	size_t n = 0;

	while (fake_mmio_log(n) && (fake_mmio_log(n)->addr < fn->msix_table ||
				    fake_mmio_log(n)->addr >= fn->msix_table + 16 * COUNT))
		n++;
	return n;
}

static void all_entries_start_masked(void **state)
{
	(void)state;
	start(PCI_MSI_CONTROL_ENABLE);
	for (unsigned i = 0; i < COUNT; i++)
		assert_int_equal(memory[i * 4 + 3] & 1, 1);
	assert_int_equal(msix_control(), PCI_MSIX_CONTROL_FUNCTION_MASK);
	assert_false(msi_enabled());
	expect(call(SBI_MSI_INFO, 0, 0, 0, 0), 0, 0x0100 | 2048 << 16 | (255l << 32));
	expect(call(SBI_MSI_QUERY, SBI_MSI_TYPE_MSIX, 0, 0, 0), 0, COUNT | COUNT << 16);
	expect(call(SBI_MSI_QUERY, SBI_MSI_TYPE_MSI, 0, 0, 0), 0, 32 | 32 << 16);
	expect(call(SBI_MSI_QUERY, SBI_MSI_TYPE_NONE, 0, 0, 0), SBI_ERR_INVALID_PARAM, 0);
	expect(call(SBI_MSI_QUERY, 3, 0, 0, 0), SBI_ERR_INVALID_PARAM, 0);
}

static void set_is_written_in_order(void **state)
{
	unsigned control;

	(void)state;
	start(0);
	expect(change(SBI_MSI_TYPE_MSIX, 1, 2), 0, 2);
	/* Both types off, decode on, enabled and masked as a whole: before the table is touched. */
	for (size_t i = 0; i < first_in_table(); i++) {
		const struct fake_access *a = fake_mmio_log(i);

		if (a->kind == FAKE_WRITE &&
		    a->addr == fake_config_address(fake, MSIX + PCI_MSIX_CONTROL))
			assert_true(a->value & PCI_MSIX_CONTROL_FUNCTION_MASK);
	}
	control = PCI_MSIX_CONTROL_ENABLE | PCI_MSIX_CONTROL_FUNCTION_MASK;
	at = first_in_table();
	/* Nothing was granted: one read shows that the table is there. */
	step(FAKE_READ, table(0, 12), 0xabcd0001);
	for (unsigned i = 0; i < 2; i++) {
		step(FAKE_WRITE, table(i, 0), (uint32_t)file_of(5 + i));
		step(FAKE_WRITE, table(i, 4), 1);
		step(FAKE_WRITE, table(i, 8), 10 + i);
		step(FAKE_WRITE, table(i, 12), 0xabcd0000 | i << 1);
	}
	step(FAKE_READ, table(0, 12), 0xabcd0000);
	step(FAKE_READ, fake_config_address(fake, MSIX + PCI_MSIX_CONTROL), control | (COUNT - 1));
	assert_int_equal(msix_control(), PCI_MSIX_CONTROL_ENABLE);
	assert_int_equal(fake_get(fake, PCI_COMMAND, 2),
			 PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE);
	for (unsigned i = 2; i < COUNT; i++)
		assert_int_equal(memory[i * 4 + 3] & 1, 1);
	expect(call(SBI_MSI_QUERY, SBI_MSI_TYPE_MSIX, 0, 0, 0), 0,
	       (long)(COUNT | COUNT << 16 | 2ull << 32 | 2ull << 48));
	expect(call(SBI_MSI_GET, 1, 0, 0, 0), 0, 11 | 6l << 16);
	expect(call(SBI_MSI_GET, 2, 0, 0, 0), SBI_ERR_INVALID_PARAM, 0);
}

/* What was granted before is closed when something else is; gaps stay closed. */
static void replaced_by_a_set_with_gaps(void **state)
{
	static const unsigned with[] = { 1, 7, 8, 39 };

	(void)state;
	start(0);
	expect(change(SBI_MSI_TYPE_MSIX, 5, 5), 0, 5);
	for (unsigned i = 0; i < 4; i++)
		guest.ram[i] = entry(with[i], 7, 100 - i);
	expect(call(SBI_MSI_CHANGE, SBI_MSI_TYPE_MSIX, 4, 4, RAM), 0, 4);
	for (unsigned i = 0, k = 0; i < COUNT; i++) {
		bool granted = k < 4 && with[k] == i;

		assert_int_equal(memory[i * 4 + 3] & 1, !granted);
		if (granted)
			check_entry(i, 7, 100 - k++, false);
	}
	for (unsigned i = 0; i < 4; i++)
		expect(call(SBI_MSI_GET, with[i], 0, 0, 0), 0, (100 - i) | 7l << 16);
	expect(call(SBI_MSI_SET_AFFINITY, 39, 5, 3, 0), 0, 0);
	check_entry(39, 5, 3, false);
	expect(call(SBI_MSI_SET_AFFINITY, 2, 5, 3, 0), SBI_ERR_INVALID_PARAM, 0);
	/* A range with a gap. */
	expect(call(SBI_MSI_MASK, 7, 3, 1, 0), SBI_ERR_INVALID_PARAM, 0);
	expect(call(SBI_MSI_MASK, 7, 2, 1, 0), 0, 0);
	check_entry(7, 7, 99, true);
	/* Released and granted again: the stale ones are closed first. */
	expect(call(SBI_MSI_CHANGE, SBI_MSI_TYPE_NONE, 0, 0, 0), 0, 0);
	assert_int_equal(msix_control(), PCI_MSIX_CONTROL_FUNCTION_MASK);
	expect(call(SBI_MSI_GET, 39, 0, 0, 0), SBI_ERR_INVALID_PARAM, 0);
	expect(call(SBI_MSI_CHANGE, SBI_MSI_TYPE_NONE, 0, 0, 0), 0, 0);
	expect(change(SBI_MSI_TYPE_MSIX, 1, 1), 0, 1);
	for (unsigned i = 1; i < COUNT; i++)
		assert_int_equal(memory[i * 4 + 3] & 1, 1);
}

static void move_masks_flushes_writes_flushes_unmasks(void **state)
{
	(void)state;
	start(0);
	change(SBI_MSI_TYPE_MSIX, 1, 3);
	for (unsigned masked = 0; masked < 2; masked++) {
		if (masked)
			expect(call(SBI_MSI_MASK, 2, 1, 1, 0), 0, 0);
		fake_mmio_log_clear();
		at = 0;
		expect(call(SBI_MSI_SET_AFFINITY, 2, 6, 200, 0), 0, 0);
		step(FAKE_WRITE, table(2, 12), 0xabcd0005);
		step(FAKE_READ, table(2, 12), 0xabcd0005);
		step(FAKE_WRITE, table(2, 0), (uint32_t)file_of(6));
		step(FAKE_WRITE, table(2, 4), 1);
		step(FAKE_WRITE, table(2, 8), 200);
		step(FAKE_READ, table(2, 8), 200);
		if (!masked)
			step(FAKE_WRITE, table(2, 12), 0xabcd0004);
		assert_null(next());
	}
	expect(call(SBI_MSI_GET, 2, 0, 0, 0), 0, (long)(200 | 6 << 16 | SBI_MSI_GET_MASKED));
	expect(call(SBI_MSI_MASK, 0, 3, 0, 0), 0, 0);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(memory[i * 4 + 3] & 1, 0);
	/* Bits 31:0 of the PBA. */
	memory[0x800 / 4] = BIT(2);
	expect(call(SBI_MSI_GET, 2, 0, 0, 0), 0, (long)(200 | 6 << 16 | SBI_MSI_GET_PENDING));
}

/* Nothing is touched. */
static void refuse(struct sbiret ret, long error, long value)
{
	expect(ret, error, value);
	assert_int_equal(fake_mmio_log_length() - (size_t)2, 0);
}

static void refuse_change(unsigned type, unsigned long min, unsigned long n, uint64_t array,
			  long error, long value)
{
	fake_mmio_log_clear();
	/* take and drop leave a barrier each */
	refuse(call(SBI_MSI_CHANGE, type, min, n, array), error, value);
}

static void refuse_entry(unsigned type, unsigned n, unsigned i, uint64_t bad)
{
	uint64_t good = guest.ram[i];

	guest.ram[i] = bad;
	refuse_change(type, 1, n, RAM, SBI_ERR_INVALID_PARAM, i);
	guest.ram[i] = good;
}

static void what_a_guest_says_is_checked(void **state)
{
	const unsigned msix = SBI_MSI_TYPE_MSIX, msi = SBI_MSI_TYPE_MSI;
	unsigned long foreign[5] = { BDF + 1, msix, 1, 1, RAM };
	const long param = SBI_ERR_INVALID_PARAM, address = SBI_ERR_INVALID_ADDRESS;

	(void)state;
	start(PCI_MSI_CONTROL_64BIT);
	expect(change(msix, 1, 8), 0, 8);
	/* Functions: another's, and numbers that would be cut to its own. */
	for (unsigned i = 0; i < 3; i++) {
		struct sbiret ret;

		foreign[0] = i == 0 ? BDF + 1 : i == 1 ? BDF | 1ul << 16 : BDF | 1ul << 32;
		for (unsigned long fid = SBI_MSI_QUERY; fid <= SBI_MSI_GET; fid++) {
			ret = hv_msi_call(&guest, fid, foreign);
			assert_int_equal(ret.error, SBI_ERR_DENIED);
		}
		ret = hv_msi_call(&guest, SBI_MSI_GET + 1, foreign);
		assert_int_equal(ret.error, SBI_ERR_NOT_SUPPORTED);
	}
	expect(call(6, 0, 0, 0, 0), SBI_ERR_NOT_SUPPORTED, 0);
	expect(call(~0ul, 0, 0, 0, 0), SBI_ERR_NOT_SUPPORTED, 0);
	/* Counts and types. */
	refuse_change(3, 1, 1, RAM, param, 0);
	refuse_change(~0u, 1, 1, RAM, param, 0);
	refuse_change(msix, 0, 1, RAM, param, 0);
	refuse_change(msix, 2, 1, RAM, param, 0);
	refuse_change(msix, 0, 0, RAM, param, 0);
	refuse_change(msix, 1, COUNT + 1, RAM, param, 0);
	refuse_change(msix, 1, 1ul << 61, RAM, param, 0);
	refuse_change(msix, 1, (1ul << 32) + 1, RAM, param, 0);
	refuse_change(msi, 1, 3, RAM, param, 0);
	refuse_change(msi, 1, 64, RAM, param, 0);
	/* Arrays. */
	refuse_change(msix, 1, 8, RAM + 4, address, 0);
	refuse_change(msix, 1, 8, RAM - 8, address, 0);
	refuse_change(msix, 1, 8, RAM + sizeof(guest.ram) - 56, address, 0);
	refuse_change(msix, 1, 8, UINT64_MAX - 7, address, 0);
	refuse_change(msix, 1, 8, 0, address, 0);
	/* Entries: hart, identity, index, order. */
	refuse_entry(msix, 8, 3, entry(3, 4, 13));
	refuse_entry(msix, 8, 7, entry(7, 8, 13));
	refuse_entry(msix, 8, 0, entry(0, 5, 0));
	refuse_entry(msix, 8, 5, entry(5, 5, MAX_ID + 1));
	refuse_entry(msix, 8, 5, entry(5, 5, 0xffff));
	refuse_entry(msix, 8, 7, entry(COUNT, 5, 9));
	refuse_entry(msix, 8, 7, entry(7 | 1 << 15, 5, 9));
	refuse_entry(msix, 8, 7, entry(7 | 1 << 12, 5, 9));
	refuse_entry(msix, 8, 4, entry(3, 5, 9));
	refuse_entry(msix, 8, 1, entry(0, 5, 9));
	/* The old grant is as it was. */
	for (unsigned i = 0; i < 8; i++) {
		check_entry(i, 5 + i % HARTS, 10 + i, false);
		expect(call(SBI_MSI_GET, i, 0, 0, 0), 0, (10 + i) | (5l + i % HARTS) << 16);
	}
	/* Blocks: one hart, aligned, neighbours, in order. */
	for (unsigned i = 0; i < 8; i++)
		guest.ram[i] = entry(i, 6, 64 + i);
	refuse_entry(msi, 8, 3, entry(3, 5, 67));
	refuse_entry(msi, 8, 3, entry(3, 6, 68));
	refuse_entry(msi, 8, 3, entry(4, 6, 67));
	for (unsigned i = 0; i < 8; i++)
		guest.ram[i] = entry(i, 6, 68 + i);
	refuse_change(msi, 1, 8, RAM, param, 0);
	for (unsigned i = 0; i < 8; i++)
		guest.ram[i] = entry(i + 1, 6, 64 + i);
	refuse_change(msi, 1, 8, RAM, param, 0);
	/* An address that a function of 32 bits does not reach. */
	fn->msi.address_limit = UINT32_MAX;
	fake_mmio_log_clear();
	refuse(change_msi(1, 8, 6, 64), param, 0);
	/* Moves and masks. */
	fake_mmio_log_clear();
	refuse(call(SBI_MSI_SET_AFFINITY, 0, 4, 10, 0), param, 0);
	fake_mmio_log_clear();
	refuse(call(SBI_MSI_SET_AFFINITY, 0, 5 | 1ul << 32, 10, 0), param, 0);
	fake_mmio_log_clear();
	refuse(call(SBI_MSI_SET_AFFINITY, 0, 5, 0, 0), param, 0);
	fake_mmio_log_clear();
	refuse(call(SBI_MSI_SET_AFFINITY, 0, 5, MAX_ID + 1, 0), param, 0);
	fake_mmio_log_clear();
	refuse(call(SBI_MSI_SET_AFFINITY, 0, 5, 10 | 1ul << 16, 0), param, 0);
	fake_mmio_log_clear();
	refuse(call(SBI_MSI_SET_AFFINITY, 8, 5, 10, 0), param, 0);
	fake_mmio_log_clear();
	refuse(call(SBI_MSI_SET_AFFINITY, 1ul << 32, 5, 10, 0), param, 0);
	fake_mmio_log_clear();
	refuse(call(SBI_MSI_MASK, 0, 9, 1, 0), param, 0);
	fake_mmio_log_clear();
	refuse(call(SBI_MSI_MASK, 0, 0, 1, 0), param, 0);
	fake_mmio_log_clear();
	refuse(call(SBI_MSI_MASK, 7, 2, 1, 0), param, 0);
	fake_mmio_log_clear();
	refuse(call(SBI_MSI_MASK, ~0ul, 2, 1, 0), param, 0);
	fake_mmio_log_clear();
	refuse(call(SBI_MSI_MASK, 0, 1, 2, 0), param, 0);
}

/* The array changes under the call: what was checked is what is written. */
static void scribble(unsigned i)
{
	for (unsigned k = 0; k < 8; k++)
		guest.ram[k] = entry(k, 4 + i % 2, 0xffff);
}

static void array_that_changes_under_the_call(void **state)
{
	(void)state;
	start(0);
	for (unsigned i = 0; i < 8; i++)
		guest.ram[i] = entry(i, 5, 10 + i);
	loads = 0;
	on_load = scribble;
	/* The first entry was read before the guest wrote. */
	expect(call(SBI_MSI_CHANGE, SBI_MSI_TYPE_MSIX, 1, 1, RAM), 0, 1);
	check_entry(0, 5, 10, false);
	guest.ram[0] = entry(0, 5, 10);
	expect(call(SBI_MSI_CHANGE, SBI_MSI_TYPE_MSIX, 1, 2, RAM), SBI_ERR_INVALID_PARAM, 1);
	check_entry(0, 5, 10, false);
}

static void partial_grants(void **state)
{
	(void)state;
	start(PCI_MSI_CONTROL_64BIT);
	hv.quota = 5;
	expect(call(SBI_MSI_QUERY, SBI_MSI_TYPE_MSIX, 0, 0, 0), 0, COUNT | 5 << 16);
	expect(change(SBI_MSI_TYPE_MSIX, 5, 8), 0, 5);
	for (unsigned i = 0; i < COUNT; i++)
		assert_int_equal(memory[i * 4 + 3] & 1, i >= 5);
	/* Less than the least: the number that there is, and the old grant stays. */
	expect(change(SBI_MSI_TYPE_MSIX, 6, 8), SBI_ERR_FAILED, 5);
	check_entry(4, 5 + 4 % HARTS, 14, false);
	expect(change_msi(8, 8, 6, 64), SBI_ERR_FAILED, 4);
	assert_int_equal(msix_control(), PCI_MSIX_CONTROL_ENABLE);
	/* Of a block an aligned part, and the other type ends. */
	expect(change_msi(3, 8, 6, 64), 0, 4);
	assert_int_equal(msix_control(), PCI_MSIX_CONTROL_FUNCTION_MASK);
	assert_true(msi_enabled());
	assert_int_equal(fake_get(fake, MSI + 0xc, 2), 64);
	assert_int_equal(FIELD_GET(PCI_MSI_CONTROL_MME, fake_get(fake, MSI + 2, 2)), 2);
	/* Its entries of the MSI-X table are closed all the same. */
	for (unsigned i = 0; i < COUNT; i++)
		assert_int_equal(memory[i * 4 + 3] & 1, 1);
	hv.quota = 0;
	expect(change(SBI_MSI_TYPE_MSIX, 1, 1), SBI_ERR_FAILED, 0);
}

static void function_that_takes_nothing(void **state)
{
	(void)state;
	start(0);
	change(SBI_MSI_TYPE_MSIX, 1, 2);
	fake->absent = true;
	expect(call(SBI_MSI_CHANGE, SBI_MSI_TYPE_NONE, 0, 0, 0), 0, 0);
	fake->absent = false;
	change(SBI_MSI_TYPE_MSIX, 1, 2);
	/* Its table answers nobody. */
	memset(fake->writable + MSIX + 2, 0, 2);
	fake_set(fake, MSIX + PCI_MSIX_CONTROL, 2, COUNT - 1, 0);
	expect(change(SBI_MSI_TYPE_MSIX, 1, 2), SBI_ERR_FAILED, -1);
	expect(call(SBI_MSI_GET, 0, 0, 0, 0), SBI_ERR_INVALID_PARAM, 0);
}

/* --- plain MSI --- */

static void block_moves_under_mask(void **state)
{
	uintptr_t mask_at, control;

	(void)state;
	start(PCI_MSI_CONTROL_64BIT | PCI_MSI_CONTROL_MASKABLE);
	expect(change_msi(4, 4, 5, 64), 0, 4);
	assert_int_equal(fake_get(fake, MSI + 0x10, 4), 0);
	expect(call(SBI_MSI_MASK, 1, 2, 1, 0), 0, 0);
	assert_int_equal(fake_get(fake, MSI + 0x10, 4), 6);
	expect(call(SBI_MSI_SET_AFFINITY, 1, 6, 64, 0), SBI_ERR_INVALID_PARAM, 0);
	expect(call(SBI_MSI_SET_AFFINITY, 0, 6, 66, 0), SBI_ERR_INVALID_PARAM, 0);
	expect(call(SBI_MSI_SET_AFFINITY, 0, 6, 256, 0), SBI_ERR_INVALID_PARAM, 0);
	fake_mmio_log_clear();
	at = 0;
	expect(call(SBI_MSI_SET_AFFINITY, 0, 6, 128, 0), 0, 0);
	mask_at = fake_config_address(fake, MSI + 0x10);
	control = fake_config_address(fake, MSI + PCI_MSI_CONTROL);
	step(FAKE_WRITE, mask_at, UINT32_MAX);
	step(FAKE_READ, mask_at, UINT32_MAX);
	/* The writer's look at the number of messages. */
	assert_int_equal(next()->addr, control);
	step(FAKE_WRITE, fake_config_address(fake, MSI + 4), (uint32_t)file_of(6));
	step(FAKE_WRITE, fake_config_address(fake, MSI + 8), 1);
	step(FAKE_WRITE, fake_config_address(fake, MSI + 0xc), 128);
	assert_int_equal(next()->addr, control);
	step(FAKE_WRITE, mask_at, 6);
	step(FAKE_READ, mask_at, 6);
	assert_null(next());
	expect(call(SBI_MSI_GET, 2, 0, 0, 0), 0, (long)(130 | 6 << 16 | SBI_MSI_GET_MASKED));
	expect(call(SBI_MSI_GET, 3, 0, 0, 0), 0, 131 | 6 << 16);
	expect(call(SBI_MSI_CHANGE, SBI_MSI_TYPE_NONE, 0, 0, 0), 0, 0);
	assert_false(msi_enabled());
}

/* One register at a time: the guest owns the place between. */
static void unmaskable_moves_by_one_register(void **state)
{
	(void)state;
	start(PCI_MSI_CONTROL_64BIT);
	expect(change_msi(2, 2, 5, 64), 0, 2);
	expect(call(SBI_MSI_MASK, 0, 1, 1, 0), SBI_ERR_NOT_SUPPORTED, 0);
	fake_mmio_log_clear();
	refuse(call(SBI_MSI_SET_AFFINITY, 0, 6, 66, 0), SBI_ERR_NOT_SUPPORTED, 0);
	fake_mmio_log_clear();
	at = 0;
	expect(call(SBI_MSI_SET_AFFINITY, 0, 5, 66, 0), 0, 0);
	step(FAKE_WRITE, fake_config_address(fake, MSI + 0xc), 66);
	step(FAKE_READ, fake_config_address(fake, MSI + 0xc), 66);
	assert_null(next());
	fake_mmio_log_clear();
	at = 0;
	expect(call(SBI_MSI_SET_AFFINITY, 0, 6, 66, 0), 0, 0);
	step(FAKE_WRITE, fake_config_address(fake, MSI + 4), (uint32_t)file_of(6));
	step(FAKE_READ, fake_config_address(fake, MSI + 4), (uint32_t)file_of(6));
	assert_null(next());
	expect(call(SBI_MSI_GET, 1, 0, 0, 0), 0, 67 | 6 << 16);
}

static void reset_forgets_the_grant(void **state)
{
	(void)state;
	start(0);
	change(SBI_MSI_TYPE_MSIX, 1, 4);
	for (unsigned i = 0; i < COUNT; i++)
		memory[i * 4 + 3] = 0xabcd0001 | i << 1;
	hv_msi_reset(&hv);
	expect(call(SBI_MSI_SET_AFFINITY, 0, 5, 10, 0), SBI_ERR_INVALID_PARAM, 0);
	fake_mmio_log_clear();
	expect(change(SBI_MSI_TYPE_MSIX, 1, 4), 0, 4);
	for (unsigned i = 0; i < COUNT; i++)
		assert_int_equal(memory[i * 4 + 3] & 1, i >= 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_entries_start_masked),
		cmocka_unit_test(set_is_written_in_order),
		cmocka_unit_test(replaced_by_a_set_with_gaps),
		cmocka_unit_test(move_masks_flushes_writes_flushes_unmasks),
		cmocka_unit_test(what_a_guest_says_is_checked),
		cmocka_unit_test(array_that_changes_under_the_call),
		cmocka_unit_test(partial_grants),
		cmocka_unit_test(function_that_takes_nothing),
		cmocka_unit_test(block_moves_under_mask),
		cmocka_unit_test(unmaskable_moves_by_one_register),
		cmocka_unit_test(reset_forgets_the_grant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
/*
 * A guest that tries what it may not: the second one of machine guests-hostile (docs/testing.md). Each
 * attack is a line with its outcome; then all of them go on until the machine ends. It has two harts and
 * two functions, an edu at 00:05.0 and an NVMe controller at 00:06.0, and no other memory than what it
 * was loaded to. No library: what it asks for is built by hand.
 */
#include <stdbool.h>
#include <stdint.h>

#include "arch/sbi.h"

#define OUR_RAM    0x88000000ul
#define ECAM       0x30000000ul
#define EDU        0x28ul /* requester IDs */
#define NVME       0x30ul
#define OTHERS_EDU 0x08ul
#define EDU_BAR    0x50000000ul
#define NVME_BAR   0x50100000ul
#define FILES      0x28000000ul
#define HYPERVISOR 0x90000000ul
#define ONES       0xffffffffu

#define COMMAND        0x04
#define MEMORY_MASTER  6
#define BAR0           0x10
#define CAPABILITIES   0x34
#define CAP_MSI        0x05
#define CAP_MSIX       0x11
#define EDU_RAISE      0x60
#define EDU_DMA        0x80 /* source, destination, count, command: 8 bytes each */
#define EDU_DMA_MEMORY 0x40000ul

#define SBI_EXT_RFENCE 0x52464e43
#define SBI_NOBODY     0x0812345

void attack(unsigned long hart, unsigned long dtb);
void flip(volatile uint64_t *entry);
extern char second_hart[];

static unsigned long own, other; /* harts of ours */
static volatile uint64_t array[64] __attribute__((aligned(4096)));
static unsigned number, failed;
static bool quiet;

static struct sbiret call(unsigned long ext, unsigned long fid, unsigned long arg0,
			  unsigned long arg1, unsigned long arg2, unsigned long arg3,
			  unsigned long arg4)
{
	register unsigned long a0 __asm__("a0") = arg0;
	register unsigned long a1 __asm__("a1") = arg1;
	register unsigned long a2 __asm__("a2") = arg2;
	register unsigned long a3 __asm__("a3") = arg3;
	register unsigned long a4 __asm__("a4") = arg4;
	register unsigned long a6 __asm__("a6") = fid;
	register unsigned long a7 __asm__("a7") = ext;

	__asm__ volatile("ecall"
			 : "+r"(a0), "+r"(a1)
			 : "r"(a2), "r"(a3), "r"(a4), "r"(a6), "r"(a7)
			 : "memory");
	return (struct sbiret){ (long)a0, (long)a1 };
}

/* --- accesses that may fault: the cause, or 0 --- */

static unsigned long load(unsigned long address, uint32_t *value)
{
	unsigned long cause;

	__asm__ volatile("la t0, 1f\n"
			 "csrw stvec, t0\n"
			 "li %0, 0\n"
			 "lw %1, 0(%2)\n"
			 "j 2f\n"
			 ".balign 4\n"
			 "1: csrr %0, scause\n"
			 "2:"
			 : "=&r"(cause), "=&r"(*value)
			 : "r"(address)
			 : "t0", "memory");
	return cause;
}

static unsigned long store(unsigned long address, uint32_t value)
{
	unsigned long cause;

	__asm__ volatile("la t0, 1f\n"
			 "csrw stvec, t0\n"
			 "li %0, 0\n"
			 "sw %1, 0(%2)\n"
			 "j 2f\n"
			 ".balign 4\n"
			 "1: csrr %0, scause\n"
			 "2:"
			 : "=&r"(cause)
			 : "r"(value), "r"(address)
			 : "t0", "memory");
	return cause;
}

/* --- lines --- */

static void put(const char *text)
{
	for (; *text; text++)
		call(SBI_EXT_DBCN, SBI_DBCN_WRITE_BYTE, (unsigned long)*text, 0, 0, 0, 0);
}

static void put_number(unsigned n)
{
	char text[11], *at = text + sizeof(text) - 1;

	*at = '\0';
	do
		*--at = (char)('0' + n % 10);
	while (n /= 10);
	put(at);
}

/* outcome: of an attack that failed, as it has to. */
static void result(const char *name, bool held, const char *outcome)
{
	failed += !held;
	if (quiet)
		return;
	put(held ? "ok " : "not ok ");
	put_number(++number);
	put(" - ");
	put(name);
	put(held ? " # " : "\n");
	if (held) {
		put(outcome);
		put("\n");
	}
}

/* --- configuration space --- */

static unsigned long config(unsigned long rid, unsigned at)
{
	return ECAM + (rid << 12) + at;
}

static uint32_t config_read(unsigned long rid, unsigned at)
{
	uint32_t value = 0;

	return load(config(rid, at), &value) ? 0 : value;
}

static unsigned find_capability(unsigned long rid, unsigned id)
{
	unsigned at = config_read(rid, CAPABILITIES) & 0xfc;

	for (unsigned n = 0; at && n < 48; n++) {
		uint32_t word = config_read(rid, at);

		if ((word & 0xff) == id)
			return at;
		at = word >> 8 & 0xfc;
	}
	return 0;
}

/* The register reads as before, however it is written. */
static bool keeps(unsigned long address)
{
	uint32_t before = 0, after = 0;

	load(address, &before);
	store(address, ~before);
	load(address, &after);
	return before == after;
}

static void message_registers(void)
{
	unsigned msi = find_capability(EDU, CAP_MSI), msix = find_capability(NVME, CAP_MSIX);
	bool kept = msi && msix;

	for (unsigned at = 0; at <= 0xc; at += 4)
		kept &= keeps(config(EDU, msi + at));
	for (unsigned at = 0; at <= 8; at += 4)
		kept &= keeps(config(NVME, msix + at));
	result("MSI and MSI-X capability written", kept, "refused");
}

static void place(unsigned long rid, unsigned long address)
{
	store(config(rid, COMMAND), 0);
	store(config(rid, BAR0), (uint32_t)address);
	store(config(rid, BAR0 + 4), 0);
	store(config(rid, COMMAND), MEMORY_MASTER);
}

static void table(void)
{
	uint32_t where = config_read(NVME, find_capability(NVME, CAP_MSIX) + 4);
	bool kept = true;

	for (unsigned at = 0; at < 16; at += 4)
		kept &= keeps(NVME_BAR + (where & ~7u) + at);
	result("MSI-X table written", kept, "refused");
}

/* A BAR at what is not ours to reach; back where it was. */
static void bars(void)
{
	static const unsigned long targets[] = { HYPERVISOR, 0x80200000, 0x80000000, 0x10000000,
						 0x24000000 };
	uint32_t value;
	bool held = true;

	for (unsigned i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		place(EDU, targets[i]);
		held &= load(targets[i], &value) != 0 && store(targets[i] + 64, 0) != 0;
	}
	place(EDU, EDU_BAR);
	held &= !load(EDU_BAR, &value) && value == 0x010000edu;
	result("BARs moved over memory and devices", held, "faulted");
}

static void other_functions(void)
{
	bool held = true;

	for (unsigned long rid = 0; rid < 256; rid++) {
		if (rid == EDU || rid == NVME)
			continue;
		held &= config_read(rid, 0) == ONES;
		store(config(rid, COMMAND), 0);
		store(config(rid, BAR0), 0);
	}
	result("other functions' configuration", held, "reads all ones, stores refused");
}

/* --- memory --- */

static void interrupt_files(void)
{
	bool held = true;

	/* Ours are the first two. */
	for (unsigned long page = 2; page < 64; page++)
		held &= store(FILES + page * 4096, 1 + (uint32_t)page) != 0;
	for (unsigned long page = 0; page < 16; page++)
		held &= store(0x24000000 + page * 4096, 1) != 0;
	result("interrupt files of other harts, the host and the firmware", held, "faulted");
}

static void memory(void)
{
	static const unsigned long targets[] = {
		0x80000000, 0x80200000, 0x87fffffc, HYPERVISOR, 0x9ffffffc,    /* RAM */
		0x100000,   0x2000000,  0x3010000,  0xd000000,  0x10000000, 0, /* devices */
	};
	uint32_t value;
	bool held = true;

	for (unsigned i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		held &= load(targets[i], &value) != 0 && store(targets[i], 0) != 0;
	result("memory and devices of others", held, "faulted");
}

#define CSR_FAULTS(csr)                                  \
	({                                               \
		unsigned long cause_;                    \
		__asm__ volatile("la t0, 1f\n"           \
				 "csrw stvec, t0\n"      \
				 "li %0, 0\n"            \
				 "csrw " #csr ", zero\n" \
				 "j 2f\n"                \
				 ".balign 4\n"           \
				 "1: csrr %0, scause\n"  \
				 "2:"                    \
				 : "=&r"(cause_)         \
				 :                       \
				 : "t0", "memory");      \
		cause_ != 0;                             \
	})

static void hypervisor_registers(void)
{
	/* hstatus, hedeleg, hgeie, hgatp, vsatp, htimedelta, vsiselect */
	bool held = CSR_FAULTS(0x600) && CSR_FAULTS(0x602) && CSR_FAULTS(0x607) &&
		    CSR_FAULTS(0x680) && CSR_FAULTS(0x280) && CSR_FAULTS(0x605) &&
		    CSR_FAULTS(0x250);

	result("registers of the hypervisor extension", held, "illegal instruction");
}

/* --- calls --- */

static bool answers(struct sbiret ret, long error)
{
	return ret.error == error;
}

static void foreign_harts(void)
{
	bool held = true;

	for (unsigned long hart = 0; hart < 64; hart++) {
		if (hart == own || hart == other)
			continue;
		held &= call(SBI_EXT_HSM, SBI_HSM_START, hart, OUR_RAM, 0, 0, 0).error < 0;
		held &= answers(call(SBI_EXT_HSM, SBI_HSM_STATUS, hart, 0, 0, 0, 0),
				SBI_ERR_INVALID_PARAM);
		held &= answers(call(SBI_EXT_IPI, SBI_IPI_SEND, 1, hart, 0, 0, 0),
				SBI_ERR_INVALID_PARAM);
		for (unsigned long fid = 0; fid < 3; fid++)
			held &= answers(call(SBI_EXT_RFENCE, fid, 1, hart, 0, 4096, 0),
					SBI_ERR_INVALID_PARAM);
	}
	held &= call(SBI_EXT_IPI, SBI_IPI_SEND, ~0ul, 0, 0, 0, 0).error < 0;
	/* The fences of a hypervisor are no guest's. */
	for (unsigned long fid = 3; fid < 7; fid++)
		held &= call(SBI_EXT_RFENCE, fid, 1, own, 0, 4096, 0).error < 0;
	result("foreign harts in HSM, IPI and RFENCE", held, "refused");
}

static const unsigned long foreign_memory[] = { 0,           0x80200000,     0x80000000, HYPERVISOR,
						OUR_RAM - 8, 0x8f000000 - 8, 0x8ffffff8, ~0ul - 7 };

static bool foreign(unsigned i)
{
	/* The last doubleword of our own RAM: an array of two ends outside. */
	return i < sizeof(foreign_memory) / sizeof(foreign_memory[0]);
}

static uint64_t entry(unsigned index, unsigned identity, unsigned long hart)
{
	return index | (uint64_t)identity << 16 | (uint64_t)hart << 32;
}

static struct sbiret change(unsigned long rid, unsigned long type, unsigned long n,
			    unsigned long at)
{
	return call(SBI_EXT_MSI, SBI_MSI_CHANGE, rid, type, 1, n, at);
}

static void foreign_arrays(void)
{
	char *text = (char *)array;
	bool held = true;

	for (unsigned i = 0; foreign(i); i++) {
		held &= answers(change(NVME, SBI_MSI_TYPE_MSIX, 2, foreign_memory[i]),
				SBI_ERR_INVALID_ADDRESS);
		held &= call(SBI_EXT_DBCN, SBI_DBCN_WRITE, 16, foreign_memory[i], 0, 0, 0).error <
			0;
		held &= call(SBI_EXT_DBCN, SBI_DBCN_READ, 16, foreign_memory[i], 0, 0, 0).error < 0;
		held &= call(SBI_EXT_HSM, SBI_HSM_START, other, foreign_memory[i], 0, 0, 0).error <
			0;
	}
	held &= call(SBI_EXT_DBCN, SBI_DBCN_WRITE, ~0ul, (unsigned long)text, 0, 0, 0).error < 0;
	held &= change(NVME, SBI_MSI_TYPE_MSIX, 2, (unsigned long)array + 4).error < 0;
	held &= change(NVME, SBI_MSI_TYPE_MSIX, ~0ul, (unsigned long)array).error < 0;
	result("arrays outside its memory", held, "refused");
}

static void messages(void)
{
	bool held = true;

	for (unsigned long rid = 0; rid < 256; rid++) {
		array[0] = entry(0, 5, own);
		if (rid == EDU || rid == NVME)
			continue;
		held &= answers(change(rid, SBI_MSI_TYPE_MSI, 1, (unsigned long)array),
				SBI_ERR_DENIED);
		held &= call(SBI_EXT_MSI, SBI_MSI_SET_AFFINITY, rid, 0, own, 5, 0).error < 0;
		held &= call(SBI_EXT_MSI, SBI_MSI_MASK, rid, 0, 1, 1, 0).error < 0;
		held &= call(SBI_EXT_MSI, SBI_MSI_GET, rid, 0, 0, 0, 0).error < 0;
	}
	for (unsigned long hart = 0; hart < 64; hart++) {
		array[0] = entry(0, 5, hart);
		if (hart != own && hart != other)
			held &= change(EDU, SBI_MSI_TYPE_MSI, 1, (unsigned long)array).error < 0;
	}
	for (unsigned identity = 256; identity < 65536; identity *= 2) {
		array[0] = entry(0, identity, own);
		held &= change(EDU, SBI_MSI_TYPE_MSI, 1, (unsigned long)array).error < 0;
	}
	result("messages of others' functions, to others' harts, of identities that are not", held,
	       "refused");
}

void flip(volatile uint64_t *at)
{
	for (;;) {
		*at = entry(1, 6, 0);
		*at = entry(1, 6, other);
		*at = entry(1, 0xffff, own);
		*at = entry(1, 6, other);
		*at = entry(0xffff, 6, other);
	}
}

/* Whatever was read first was judged and used: a message that is granted goes to a hart of ours. */
static void changing_array(void)
{
	static unsigned granted; /* ever: a round may find the array at its worst each time */
	bool held = true;

	array[0] = entry(0, 5, own);
	for (unsigned n = 0; n < 300 || (!granted && n < 100000); n++) {
		struct sbiret ret = change(NVME, SBI_MSI_TYPE_MSIX, 2, (unsigned long)array), got;

		if (ret.error)
			continue;
		granted++;
		got = call(SBI_EXT_MSI, SBI_MSI_GET, NVME, 1, 0, 0, 0);
		held &= !got.error && ((uint64_t)got.value & SBI_MSI_GET_HART) == other << 16 &&
			((uint64_t)got.value & SBI_MSI_GET_EIID) == 6;
	}
	result("array that changes under the call", held && granted, "what was read first counts");
}

static void unknown_calls(void)
{
	bool held = true;

	for (unsigned long fid = 100; fid < 110; fid++)
		held &= call(SBI_EXT_MSI, fid, EDU, 0, 0, 0, 0).error < 0 &&
			call(SBI_NOBODY, fid, 0, 0, 0, 0, 0).error < 0 &&
			call(SBI_EXT_HSM, fid, own, 0, 0, 0, 0).error < 0 &&
			call(SBI_EXT_SRST, fid, 0, 0, 0, 0, 0).error < 0;
	result("calls that there are not", held, "not supported");
}

/* --- devices --- */

static void edu_dma(unsigned long from, unsigned long to, bool write)
{
	uint32_t busy = 1;

	store(EDU_BAR + EDU_DMA, (uint32_t)from);
	store(EDU_BAR + EDU_DMA + 8, (uint32_t)to);
	store(EDU_BAR + EDU_DMA + 16, 4);
	store(EDU_BAR + EDU_DMA + 24, write ? 3 : 1);
	for (unsigned n = 0; busy & 1 && n < 1000000; n++)
		load(EDU_BAR + EDU_DMA + 24, &busy);
}

/* Only the IOMMU, whose faults the hypervisor logs, and the other guest's ledger can tell what came of it. */
static void dma(void)
{
	static const unsigned long targets[] = { HYPERVISOR, 0x80200000, 0x80000000, 0x24000000,
						 0x24001000, 0x28008000, 0x2800c000, 0x10000000 };
	volatile uint32_t *word = (volatile uint32_t *)&array[32];
	bool works;

	*word = 7;
	edu_dma((unsigned long)word, EDU_DMA_MEMORY, false);
	*word = 0;
	edu_dma(EDU_DMA_MEMORY, (unsigned long)word, true);
	works = *word == 7;
	for (unsigned i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		edu_dma(EDU_DMA_MEMORY, targets[i], true);
	result("DMA to memory and doorbells of others", works, "sent; the IOMMU has the faults");
}

/* Nobody takes them: interrupts are off, and the other hart has better to do. */
static void storm(void)
{
	bool held;

	array[0] = entry(0, 5, own);
	held = change(EDU, SBI_MSI_TYPE_MSI, 1, (unsigned long)array).error == 0;
	for (unsigned n = 0; n < 2000; n++) {
		store(EDU_BAR + EDU_RAISE, 1);
		call(SBI_EXT_IPI, SBI_IPI_SEND, 1, own, 0, 0, 0);
		store(FILES, 5 + n % 200);
	}
	result("storms of messages and IPIs", held, "its own harts' alone");
}

static void all(void)
{
	place(EDU, EDU_BAR);
	place(NVME, NVME_BAR);
	message_registers();
	table();
	bars();
	other_functions();
	interrupt_files();
	memory();
	hypervisor_registers();
	foreign_harts();
	foreign_arrays();
	messages();
	changing_array();
	unknown_calls();
	dma();
	storm();
}

void attack(unsigned long hart, unsigned long dtb)
{
	(void)dtb;
	own = hart;
	other = hart + 1;
	put("KTAP version 1\n1..14\n");
	if (call(SBI_EXT_HSM, SBI_HSM_START, other, (unsigned long)second_hart,
		 (unsigned long)&array[1], 0, 0)
		    .error)
		put("# no second hart\n");
	all();
	quiet = true;
	for (unsigned n = 0;; n++) {
		unsigned before = failed;

		all();
		if (failed != before || n % 16 == 0) {
			put(failed ? "not ok - " : "# ");
			put_number(n + 1);
			put(" rounds more\n");
		}
	}
}

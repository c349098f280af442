// SPDX-License-Identifier: Apache-2.0
#include "kernel/smp.h"

#include <errno.h>
#include <string.h>

#include "arch/irqflags.h"
#include "arch/mmu.h"
#include "arch/start.h"
#include "arch/trap.h"
#include "kernel/hart_off.h"
#include "kernel/lib/log.h"
#include "kernel/lib/panic.h"
#include "kernel/mem.h"
#include "kernel/time.h"
#include "platform/dt.h"
#include "platform/platform.h"

#define STACK_SIZE       (8 * PAGE_SIZE)
#define EMERGENCY_SIZE   (2 * PAGE_SIZE)
#define START_TIMEOUT_MS 2000
#define WORK_TIMEOUT_MS  600000

struct hart **smp_harts;
uint32_t smp_nr_harts;

static struct hart early_hart;
static _Alignas(16) char early_emergency[EMERGENCY_SIZE];
static smp_ipi_t send_ipi;
const struct hart_ops *smp_hart_ops;

int smp_index_of(uint64_t hart_id)
{
	for (unsigned i = 0; i < smp_nr_harts; i++)
		if (smp_harts[i]->hart_id == hart_id)
			return (int)i;
	return -ENOENT;
}

smp_ipi_t smp_set_ipi(smp_ipi_t send)
{
	smp_ipi_t before = send_ipi;

	send_ipi = send;
	return before;
}

bool smp_has_ipi(void)
{
	return send_ipi;
}

void smp_set_hart_ops(const struct hart_ops *ops)
{
	smp_hart_ops = ops;
}

void smp_kick(unsigned index)
{
	if (send_ipi)
		send_ipi(index);
}

void smp_early_init(uint64_t hart_id)
{
	early_hart.hart_id = hart_id;
	arch_set_this_hart(&early_hart);
	arch_trap_init((uintptr_t)early_emergency + EMERGENCY_SIZE);
}

/* Device-tree nodes of harts that may run: device_type "cpu", enabled. */
static dt_node_t next_cpu(dt_node_t node)
{
	node = node == DT_NONE ? dt_first_child(dt_path("/cpus")) : dt_next_sibling(node);
	while (node != DT_NONE) {
		const char *type = dt_string(node, "device_type");

		if (type && !strcmp(type, "cpu") && dt_enabled(node))
			break;
		node = dt_next_sibling(node);
	}
	return node;
}

static bool isa_has(dt_node_t cpu, const char *extension)
{
	const char *isa = dt_string(cpu, "riscv,isa");
	size_t len = strlen(extension);

	if (dt_list_has(cpu, "riscv,isa-extensions", extension))
		return true;
	/* Multi-letter extensions stand between underscores (the ISA manual, "ISA string"). */
	for (const char *at = isa ? strchr(isa, '_') : NULL; at; at = strchr(at + 1, '_'))
		if (!strncmp(at + 1, extension, len) && (at[1 + len] == '_' || !at[1 + len]))
			return true;
	return false;
}

bool smp_all_have(const char *extension)
{
	for (dt_node_t cpu = next_cpu(DT_NONE); cpu != DT_NONE; cpu = next_cpu(cpu))
		if (!isa_has(cpu, extension))
			return false;
	return true;
}

/* A POWER core names its threads (Power Architecture Platform Reference, "CPU Node Properties"). */
#define THREADS "ibm,ppc-interrupt-server#s"

static unsigned cpu_harts(dt_node_t cpu)
{
	unsigned threads = dt_cells(cpu, THREADS);

	return threads ? threads : 1;
}

static uint64_t cpu_hart_id(dt_node_t cpu, unsigned n)
{
	if (dt_has(cpu, THREADS))
		return dt_u32(cpu, THREADS, n, 0);
	return dt_number(cpu, "reg", 0, dt_address_cells(dt_path("/cpus")));
}

/* Stack of the hart with a guard page below; its emergency stack above it. */
static void make_stacks(struct hart *hart)
{
	size_t size = PAGE_SIZE + STACK_SIZE + PAGE_SIZE + EMERGENCY_SIZE;
	char *base = page_alloc(size, PAGE_SIZE);

	if (!base)
		panic("no memory for the stacks of hart %u", hart->index);
	hart->stack_bottom = (uintptr_t)base + PAGE_SIZE;
	hart->stack_top = hart->stack_bottom + STACK_SIZE;
	hart->start_sp = hart->stack_top;
	hart->emergency_top = (uintptr_t)base + size;
	mmu_protect((uintptr_t)base, PAGE_SIZE, MMU_NONE);
	mmu_protect(hart->stack_top, PAGE_SIZE, MMU_NONE);
}

static void add_hart(unsigned index, uint64_t hart_id)
{
	struct hart *hart = page_alloc(ALIGN_UP(sizeof(*hart), PAGE_SIZE), PAGE_SIZE);

	if (!hart)
		panic("no memory for hart %u", index);
	hart->hart_id = hart_id;
	hart->index = index;
	hart->index_bytes = index * sizeof(uint64_t);
	hart->page_table = mmu_root();
	make_stacks(hart);
	smp_harts[index] = hart;
}

/* The boot hart always counts, wherever it stands in the device tree. */
static unsigned hart_limit(unsigned found)
{
	unsigned long limit = platform_setting_number("maxharts", found);

	return limit && limit < found ? (unsigned)limit : found;
}

void smp_init(void)
{
	uint64_t boot_id = early_hart.hart_id;
	unsigned found = 0, limit, others = 0, index = 0;

	for (dt_node_t cpu = next_cpu(DT_NONE); cpu != DT_NONE; cpu = next_cpu(cpu))
		found += cpu_harts(cpu);
	limit = hart_limit(found);
	smp_harts = page_alloc(ALIGN_UP(found * sizeof(*smp_harts), PAGE_SIZE), PAGE_SIZE);
	if (!found || !smp_harts)
		panic("the device tree names no hart");
	for (dt_node_t cpu = next_cpu(DT_NONE); cpu != DT_NONE; cpu = next_cpu(cpu)) {
		for (unsigned n = 0; n < cpu_harts(cpu); n++) {
			uint64_t id = cpu_hart_id(cpu, n);

			if (id == boot_id || ++others < limit)
				add_hart(index++, id);
		}
	}
	smp_nr_harts = index;
	if (smp_index_of(boot_id) < 0)
		panic("the device tree does not name the boot hart %lu", (unsigned long)boot_id);

	struct hart *boot = smp_harts[smp_index_of(boot_id)];

	boot->mmu_generation = mmu_generation();
	atomic_store_explicit(&boot->state, HART_ONLINE, memory_order_release);
	arch_set_this_hart(boot);
	arch_trap_init(boot->emergency_top);
}

void smp_use_own_stack(void (*next)(void))
{
	arch_call_on_stack(this_hart()->stack_top, next);
}

unsigned smp_online_count(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < smp_nr_harts; i++)
		n += smp_online(i);
	return n;
}

static bool more_online(void *arg)
{
	return smp_online_count() > *(unsigned *)arg;
}

static void start(struct hart *hart)
{
	int rc;

	atomic_store_explicit(&hart->state, HART_STARTING, memory_order_release);
	rc = arch_start_hart(hart->hart_id, hart);
	if (!rc)
		return;
	atomic_store_explicit(&hart->state, HART_FAILED, memory_order_relaxed);
	log_warn("hart %u (ID %lu) can't be started: %d", hart->index, (unsigned long)hart->hart_id,
		 rc);
}

/* A hart that comes after all finds FAILED and stays out. */
static void give_up(struct hart *hart)
{
	uint32_t starting = HART_STARTING;

	if (atomic_compare_exchange_strong(&hart->state, &starting, HART_FAILED))
		log_warn("hart %u (ID %lu) did not start: left out", hart->index,
			 (unsigned long)hart->hart_id);
}

/* One time limit for all, from the last that came: many that never come delay boot no more than one. */
void smp_start_all(void)
{
	unsigned online;

	for (unsigned i = 0; i < smp_nr_harts; i++)
		if (!smp_online(i))
			start(smp_harts[i]);
	do {
		online = smp_online_count();
	} while (online < smp_nr_harts && time_wait(more_online, &online, START_TIMEOUT_MS));
	for (unsigned i = 0; i < smp_nr_harts; i++)
		give_up(smp_harts[i]);
}

static bool came(void *arg)
{
	const struct hart *hart = arg;

	return smp_online(hart->index) ||
	       atomic_load_explicit(&hart->state, memory_order_relaxed) == HART_FAILED;
}

int smp_start(unsigned index)
{
	struct hart *hart = smp_hart(index);

	start(hart);
	time_wait(came, hart, START_TIMEOUT_MS);
	give_up(hart);
	if (smp_online(index))
		return 0;
	return atomic_load_explicit(&hart->state, memory_order_relaxed) == HART_COMING ? -EBUSY
										       : -EIO;
}

unsigned smp_next_online(unsigned index)
{
	do {
		index = (index + 1) % smp_nr_harts;
	} while (!smp_online(index));
	return index;
}

/* Something for serve(). */
static bool has_work(const struct hart *hart)
{
	return atomic_load_explicit(&hart->work, memory_order_acquire) ||
	       atomic_load_explicit(&hart->state, memory_order_relaxed) == HART_STOPPING;
}

/* Runs what was posted to this hart; false if there was nothing. Thread context. */
static bool serve(void)
{
	/* acq_rel pairs with the release in smp_post() */
	struct work *work =
		atomic_exchange_explicit(&this_hart()->work, NULL, memory_order_acq_rel);
	unsigned from;

	if (!work) {
		hart_stop_if_asked();
		return false;
	}
	from = work->from;
	work->result = work->fn(work->arg);
	/* pairs with the acquire in work_done(); *work may be gone after it */
	atomic_store_explicit(&work->done, 1, memory_order_release);
	smp_kick(from);
	return true;
}

static _Noreturn void idle(void)
{
	for (;;) {
		irq_disable();
		if (!has_work(this_hart()))
			cpu_wait();
		irq_enable();
		serve();
	}
}

void smp_secondary_main(void)
{
	struct hart *hart = this_hart();
	uint32_t starting = HART_STARTING;

	hart->mmu_generation = mmu_generation();
	mmu_sync();
	arch_trap_init(hart->emergency_top);
	/* Before its identities are offered to anyone: a hart that was given up stays out. */
	if (!atomic_compare_exchange_strong_explicit(&hart->state, &starting, HART_COMING,
						     memory_order_relaxed, memory_order_relaxed)) {
		/* Until it is asked for again. */
		while (hart_stop())
			cpu_wait();
		idle();
	}
	if (smp_hart_ops)
		smp_hart_ops->up(hart->index);
	time_hart_init();
	/* release pairs with the acquire in smp_online(): its interrupt file is up */
	atomic_store_explicit(&hart->state, HART_ONLINE, memory_order_release);
	if (hart->start_sp != hart->stack_top)
		arch_resume_hart(hart);
	idle();
}

static bool is_online(unsigned index)
{
	return atomic_load_explicit(&smp_harts[index]->state, memory_order_seq_cst) == HART_ONLINE;
}

/* false: the hart has taken it. */
static bool retract(unsigned index, struct work *work)
{
	return atomic_compare_exchange_strong_explicit(&smp_harts[index]->work, &work, NULL,
						       memory_order_relaxed, memory_order_relaxed);
}

int smp_post(unsigned index, struct work *work)
{
	if (!smp_online(index))
		return -ENODEV;
	work->from = smp_index();
	atomic_store_explicit(&work->done, 0, memory_order_relaxed);
	for (struct work *none = NULL;; none = NULL) {
		/* release pairs with serve(); seq_cst with hart_stop_if_asked(): it sees the work, or we that it leaves */
		if (atomic_compare_exchange_strong_explicit(&smp_harts[index]->work, &none, work,
							    memory_order_seq_cst,
							    memory_order_relaxed))
			break;
		if (!smp_online(index))
			return -ENODEV;
		if (!serve())
			cpu_relax();
	}
	if (!is_online(index) && retract(index, work))
		return -ENODEV;
	smp_kick(index);
	return 0;
}

/* Serves this hart's own work too: two harts may wait for each other. */
static bool work_done(void *arg)
{
	const struct work *work = arg;

	return atomic_load_explicit(&work->done, memory_order_acquire) || has_work(this_hart());
}

int smp_wait(struct work *work)
{
	while (!atomic_load_explicit(&work->done, memory_order_acquire)) {
		if (!time_wait(work_done, work, WORK_TIMEOUT_MS))
			panic("work for another hart is not done after %u s",
			      WORK_TIMEOUT_MS / 1000);
		serve();
	}
	return work->result;
}

int smp_run(unsigned index, int (*fn)(void *arg), void *arg)
{
	struct work work = { .fn = fn, .arg = arg };
	int rc;

	if (index == smp_index())
		return fn(arg);
	rc = smp_post(index, &work);
	return rc ? rc : smp_wait(&work);
}

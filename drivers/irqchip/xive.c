// SPDX-License-Identifier: Apache-2.0
/*
 * The external interrupt virtualization engine of a partition (Power Architecture Platform Reference,
 * "H_INT_*"), "exploitation": the root of all harts. An event of a source stands in a queue in memory
 * of the hart that the source is routed to; the hart's page of thread interrupt management (TIMA)
 * says that there is something.
 */
#include "drivers/irqchip/xive.h"

#include <errno.h>

#include "arch/barrier.h"
#include "arch/hcall.h"
#include "arch/io.h"
#include "arch/irqflags.h"
#include "drivers/irqchip/papr_map.h"
#include "drivers/irqchip/papr_quiet.h"
#include "kernel/irq.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"
#include "kernel/smp.h"
#include "platform/dt.h"
#include "platform/pseries/hcalls.h"

/* As many vectors as there can be at a time. A source has one entry in a queue at most. */
#define DESCRIPTORS 4096

/* The page of the operating system in the TIMA; it is of the hart that accesses it. */
#define TIMA_OS   1 /* the entry of reg */
#define TM_CPPR   0x11
#define TM_ACK    0x810
#define ACK_EVENT BIT(15) /* NSR.EO */
#define CPPR_ALL  0xff    /* everything is let through */
#define CPPR_NONE 0

#define QUEUE_NOTIFY  BIT(0) /* each event */
#define ENTRY_ROUND   BIT(31)
#define ENTRY_SOURCE  (~ENTRY_ROUND)
#define NR_PRIORITIES 8

struct xive_hart {
	/* Big-endian as the CPU is. Its own from here on. */
	uint32_t *queue;
	uint32_t at;    /* the next entry */
	uint32_t round; /* what ENTRY_ROUND is in entries of this round; at first, none has it */
	struct xive_esb ipi;
};

uint8_t xive_priority;
static uintptr_t tima;
static struct xive_hart *harts;
static uint32_t queue_entries; /* a power of two */
static uint32_t first_ipi;     /* by hart index from there on */
static struct irq_desc *ipi;

/* --- IPI --- */

static void send_ipi(unsigned index)
{
	xive_esb_trigger(&harts[index].ipi);
}

static void take_ipi(unsigned index)
{
	/* First: what is sent after this comes again. */
	xive_esb_load(&harts[index].ipi, XIVE_SET_00);
	barrier_after_device_read();
	atomic_fetch_add_explicit(&this_hart()->kicked, 1, memory_order_relaxed);
	ipi->handled[index]++;
}

/* --- the queue --- */

static bool is_empty(const struct xive_hart *mine)
{
	uint32_t entry = __atomic_load_n(&mine->queue[mine->at], __ATOMIC_RELAXED);

	return (entry & ENTRY_ROUND) != mine->round;
}

static uint32_t take_entry(struct xive_hart *mine)
{
	uint32_t source = mine->queue[mine->at] & ENTRY_SOURCE;

	mine->at = (mine->at + 1) & (queue_entries - 1);
	if (!mine->at)
		mine->round ^= ENTRY_ROUND;
	/* The claim before the descriptor, and before what the device wrote (M16). */
	barrier_dma_read();
	return source;
}

static void interrupt(void)
{
	unsigned index = smp_index();
	struct xive_hart *mine = &harts[index];
	uint32_t quiet;

	/* What comes into the queue after this tells so again, once CPPR lets it. */
	if (!(mmio_read16_be(tima + TM_ACK) & ACK_EVENT))
		return;
	/* The queue is read after that. */
	barrier_after_device_read();
	for (quiet = papr_quiet_look(); !is_empty(mine); quiet = papr_quiet_look()) {
		uint32_t number = take_entry(mine);

		if (number == mine->ipi.number) {
			take_ipi(index);
		} else {
			struct xive_source *source = papr_find(number);

			irq_dispatch(source ? source->desc : NULL);
		}
	}
	papr_quiet_found_nothing(quiet);
	mmio_write8(tima + TM_CPPR, CPPR_ALL);
}

/* --- harts come and go --- */

static void hart_up(unsigned index)
{
	(void)index;
	mmio_write8(tima + TM_CPPR, CPPR_ALL);
}

/* All vectors have left, so only IPIs can come. With priority 0 nothing is presented any more. */
static bool quiet(unsigned index)
{
	mmio_write8(tima + TM_CPPR, CPPR_NONE);
	barrier_mmio();
	if (is_empty(&harts[index]))
		return true;
	mmio_write8(tima + TM_CPPR, CPPR_ALL);
	return false;
}

static const struct hart_ops hart_ops = { .up = hart_up, .quiet = quiet };

static int init_ipi(unsigned index)
{
	struct xive_esb *esb = &harts[index].ipi;
	int rc = xive_esb_find(esb, first_ipi + index);

	if (!rc && esb->level)
		rc = -EIO;
	if (!rc)
		rc = xive_route(esb->number, index);
	if (!rc)
		xive_esb_load(esb, XIVE_SET_00);
	return rc;
}

static int init_hart(unsigned index)
{
	size_t bytes = queue_entries * sizeof(uint32_t);
	struct xive_hart *hart = &harts[index];

	hart->queue = page_alloc(bytes, bytes);
	if (!hart->queue)
		return -ENOMEM;
	hart->round = ENTRY_ROUND;
	if (xive_hcall(H_INT_SET_QUEUE_CONFIG, QUEUE_NOTIFY, smp_hart(index)->hart_id,
		       xive_priority, (uintptr_t)hart->queue, log2_floor(bytes)))
		return -EIO;
	return init_ipi(index);
}

/* --- what the device tree says --- */

/* The smallest that has room for all; of sizes as powers of two. */
static uint32_t choose_entries(dt_node_t node)
{
	unsigned best = 0;

	for (unsigned n = 0; n < dt_cells(node, "ibm,xive-eq-sizes"); n++) {
		uint32_t bits = dt_u32(node, "ibm,xive-eq-sizes", n, 0);

		if (bits < 32 && BIT(bits) / sizeof(uint32_t) > DESCRIPTORS &&
		    (!best || bits < best))
			best = bits;
	}
	return best ? BIT(best) / sizeof(uint32_t) : 0;
}

static bool is_reserved(unsigned priority)
{
	const char *ranges = "ibm,plat-res-int-priorities";
	dt_node_t root = dt_path("/");

	for (unsigned n = 0; n + 1 < dt_cells(root, ranges); n += 2) {
		uint32_t first = dt_u32(root, ranges, n, 0), count = dt_u32(root, ranges, n + 1, 0);

		if (priority >= first && priority - first < count)
			return true;
	}
	return false;
}

static int choose_priority(void)
{
	for (int priority = NR_PRIORITIES - 1; priority >= 0; priority--)
		if (!is_reserved((unsigned)priority))
			return priority;
	return -ENODEV;
}

/* Sources that are free for us: one a hart. */
static bool has_ipis(dt_node_t node)
{
	first_ipi = dt_u32(node, "ibm,xive-lisn-ranges", 0, 0);
	return dt_u32(node, "ibm,xive-lisn-ranges", 1, 0) >= smp_count() &&
	       first_ipi < PAPR_NR_SOURCES - smp_count();
}

static int read_tree(dt_node_t node)
{
	int priority = choose_priority();
	struct dt_range os;

	queue_entries = choose_entries(node);
	if (priority < 0 || !queue_entries || !has_ipis(node) || dt_reg(node, TIMA_OS, &os))
		return -ENODEV;
	xive_priority = (uint8_t)priority;
	tima = mmio_map(os.base, os.size);
	return tima ? 0 : -ENODEV;
}

static int init_descs(void)
{
	int rc = irq_init(DESCRIPTORS);

	if (!rc)
		rc = irq_desc_claim(1, &ipi) < 0 ? -ENOSPC : 0;
	if (rc)
		return rc;
	irq_desc_init(ipi, IRQ_KIND_FIXED, NULL, 0, 0);
	ipi->name = "IPI";
	return 0;
}

static int init(dt_node_t node)
{
	int rc = read_tree(node);

	if (!rc)
		rc = papr_quiet_init();
	if (!rc)
		rc = init_descs();
	harts = rc ? NULL : page_alloc(smp_count() * sizeof(*harts), PAGE_SIZE);
	if (!harts)
		return rc ? rc : -ENOMEM;
	/* What an earlier owner left: sources off, no queues. */
	if (xive_hcall(H_INT_RESET, 0, 0, 0, 0, 0))
		return -EIO;
	for (unsigned i = 0; i < smp_count() && !rc; i++)
		rc = init_hart(i);
	return rc;
}

static int probe(dt_node_t node)
{
	irqflags_t flags;
	int rc = smp_has_ipi() ? -EBUSY : init(node);

	if (rc)
		return rc;
	xive_sources_init(first_ipi, smp_count());
	smp_set_ipi(send_ipi);
	irq_set_root(interrupt);
	smp_set_hart_ops(&hart_ops);
	flags = irq_save();
	hart_up(smp_index());
	irq_restore(flags);
	log_info("xive: %u harts, priority %u, queues of %u", smp_count(), xive_priority,
		 queue_entries);
	return 0;
}

TABLE_ENTRY(struct dt_driver, dt_driver, 1, xive) = {
	.name = "xive",
	.compatible = "ibm,power-ivpe",
	.class_ = DT_CLASS_IRQCHIP,
	.probe = probe,
};

// SPDX-License-Identifier: Apache-2.0
/* The hypervisor's calls for one source, and its event state buffer. */
#include <errno.h>

#include "arch/barrier.h"
#include "arch/hcall.h"
#include "arch/io.h"
#include "drivers/irqchip/xive.h"
#include "kernel/lib/bits.h"
#include "kernel/mem.h"
#include "kernel/smp.h"
#include "kernel/time.h"
#include "platform/pseries/hcalls.h"

/* Statuses that ask for the call to be made again. */
#define H_LONG_BUSY_FIRST 9900
#define H_LONG_BUSY_LAST  9905
#define BUSY_TURNS        100
#define BUSY_US           100

/* H_INT_GET_SOURCE_INFO */
#define INFO_TRIGGER  BIT(1) /* the management page triggers, too */
#define INFO_LEVEL    BIT(2)
#define INFO_HCALL    BIT(3)
#define NO_PAGE       UINT64_MAX
#define PAGE_BITS_MAX 24

#define CONFIG_SET_NUMBER BIT(1) /* what stands in the queue */
#define PRIORITY_OFF      0xff
#define ESB_STORE         BIT(0)
#define PQ                (XIVE_P | XIVE_Q)

static bool is_busy(long status)
{
	return status == H_BUSY || (status >= H_LONG_BUSY_FIRST && status <= H_LONG_BUSY_LAST);
}

long xive_hcall(uint64_t function, uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4)
{
	long status = hcall(function, a0, a1, a2, a3, a4, NULL);

	for (unsigned turn = 0; is_busy(status) && turn < BUSY_TURNS; turn++) {
		time_delay_us(BUSY_US);
		status = hcall(function, a0, a1, a2, a3, a4, NULL);
	}
	return status;
}

static int result(long status)
{
	if (is_busy(status))
		return -EAGAIN;
	return status ? -EIO : 0;
}

int xive_route(uint32_t number, unsigned hart)
{
	return result(xive_hcall(H_INT_SET_SOURCE_CONFIG, CONFIG_SET_NUMBER, number,
				 smp_hart(hart)->hart_id, xive_priority, number));
}

void xive_unroute(uint32_t number)
{
	xive_hcall(H_INT_SET_SOURCE_CONFIG, 0, number, 0, PRIORITY_OFF, 0);
}

void xive_sync(uint32_t number)
{
	xive_hcall(H_INT_SYNC, 0, number, 0, 0, 0);
}

static uintptr_t map_page(uint64_t page, uint64_t bits)
{
	return page == NO_PAGE || bits < PAGE_SHIFT || bits > PAGE_BITS_MAX
		       ? 0
		       : mmio_map(page, BIT64(bits));
}

int xive_esb_find(struct xive_esb *esb, uint32_t number)
{
	struct hcall_results info = { 0 };
	long status;

	for (unsigned turn = 0; turn < BUSY_TURNS; turn++) {
		status = hcall(H_INT_GET_SOURCE_INFO, 0, number, 0, 0, 0, &info);
		if (!is_busy(status))
			break;
		time_delay_us(BUSY_US);
	}
	if (status)
		return is_busy(status) ? -EAGAIN : -EINVAL;
	*esb = (struct xive_esb){
		.number = number,
		.level = info.r[0] & INFO_LEVEL,
		.by_hcall = info.r[0] & INFO_HCALL,
	};
	if (esb->by_hcall)
		return 0;
	esb->manage = map_page(info.r[1], info.r[3]);
	esb->trigger = info.r[0] & INFO_TRIGGER ? esb->manage : map_page(info.r[2], info.r[3]);
	return esb->manage && (esb->level || esb->trigger) ? 0 : -EIO;
}

/* QEMU 10.0 on a little-endian computer has the bytes of this answer in the wrong order. */
static unsigned load_by_hcall(const struct xive_esb *esb, unsigned offset)
{
	struct hcall_results got = { 0 };

	hcall(H_INT_ESB, 0, esb->number, offset, 0, 0, &got);
	return (unsigned)(got.r[0] | got.r[0] >> 56) & PQ;
}

unsigned xive_esb_load(const struct xive_esb *esb, unsigned offset)
{
	if (esb->by_hcall)
		return load_by_hcall(esb, offset);
	return (unsigned)mmio_read64_be(esb->manage + offset) & PQ;
}

void xive_esb_trigger(const struct xive_esb *esb)
{
	/* What the event tells of, and the load that has changed the bits, come first. */
	barrier_publish_to_device();
	if (esb->by_hcall)
		hcall(H_INT_ESB, ESB_STORE, esb->number, 0, 0, 0, NULL);
	else
		mmio_write64_be(esb->trigger, 0);
}

// SPDX-License-Identifier: Apache-2.0
/* A virtual terminal of the POWER hypervisor (binding hvterm1) or of OPAL: the console. */
#include <errno.h>
#include <stdatomic.h>

#include "drivers/irqchip/wired.h"
#include "kernel/console.h"
#include "kernel/lib/log.h"
#include "platform/dt.h"
#include "platform/vty.h"

static struct {
	uint64_t unit;
	bool taken;
	struct irq_desc *desc;
	_Atomic uint32_t wanted; /* rounds of drain(); not 0: somebody is in it */
	/* Read from the hypervisor, not yet given to the console: of who is in drain(). */
	char typed[VTY_READ_MAX];
	unsigned at, count;
} hvc;

static void write(const char *bytes, size_t len)
{
	vty_write(hvc.unit, bytes, len);
}

static int poll(void)
{
	if (hvc.at == hvc.count) {
		hvc.at = 0;
		hvc.count = vty_read(hvc.unit, hvc.typed);
	}
	return hvc.at < hvc.count ? (unsigned char)hvc.typed[hvc.at++] : -1;
}

static void drain_once(void)
{
	int c;

	while (console_room() || !console_hold()) {
		c = poll();
		if (c < 0)
			break;
		console_input((char)c);
	}
}

/*
 * The interrupt says once that there is something where there was nothing, so all has to be
 * read. It and the reader's resume() may meet: the one that comes later has the other go round.
 */
static void drain(void)
{
	/* acquire, and release below: what was read and is left over */
	uint32_t seen = 1 + atomic_fetch_add_explicit(&hvc.wanted, 1, memory_order_acquire);

	if (seen != 1)
		return;
	do {
		seen = atomic_load_explicit(&hvc.wanted, memory_order_acquire);
		drain_once();
	} while (!atomic_compare_exchange_strong_explicit(
		&hvc.wanted, &seen, 0, memory_order_release, memory_order_relaxed));
}

static void handle(void *arg)
{
	(void)arg;
	drain();
}

static const struct console_ops ops = { .name = "hvc", .write = write, .resume = drain };
static const struct console_ops polled_ops = { .name = "hvc", .write = write, .poll = poll };

static bool is_stdout(dt_node_t node)
{
	const char *path = dt_string(dt_path("/chosen"), "stdout-path");
	dt_node_t named = path ? dt_path_options(path) : DT_NONE;

	return named == DT_NONE || named == node;
}

static int probe(dt_node_t node)
{
	int rc;

	if (hvc.taken || !is_stdout(node))
		return -EBUSY;
	hvc.taken = true;
	hvc.unit = dt_u32(node, "reg", 0, 0);
	rc = wired_request(node, 0, handle, NULL, "hvc", &hvc.desc);
	if (!rc)
		rc = irq_activate(hvc.desc);
	console_register(rc ? &polled_ops : &ops);
	if (rc && dt_has(node, "interrupts"))
		log_warn("hvc: no receive interrupt (%d): input is polled", rc);
	if (!rc)
		/* What was typed before. */
		drain();
	return 0;
}

TABLE_ENTRY(struct dt_driver, dt_driver, 3, hvc) = {
	.name = "hvc",
	.compatible = "hvterm1",
	.class_ = DT_CLASS_SERIAL,
	.probe = probe,
};

TABLE_ENTRY(struct dt_driver, dt_driver, 3, hvc_opal) = {
	.name = "hvc-opal",
	.compatible = "ibm,opal-console-raw",
	.class_ = DT_CLASS_SERIAL,
	.probe = probe,
};

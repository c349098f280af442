// SPDX-License-Identifier: Apache-2.0
/* ns16550a UART: output by polling, input by interrupt; reg-shift and reg-io-width from the device tree. */
#include "drivers/serial/ns16550.h"

#include <errno.h>

#include "arch/cpu.h"
#include "arch/io.h"
#include "drivers/irqchip/wired.h"
#include "kernel/console.h"
#include "kernel/lib/log.h"
#include "kernel/mem.h"
#include "kernel/time.h"
#include "platform/dt.h"

#define RBR 0
#define THR 0
#define IER 1
#define IIR 2
#define FCR 2
#define LCR 3
#define MCR 4
#define LSR 5

#define IER_RX         BIT(0)
#define IER_THRE       BIT(1)
#define FCR_ENABLE     BIT(0)
#define LSR_DATA_READY BIT(0)
#define LSR_THR_EMPTY  BIT(5)
#define MCR_OUT2       BIT(3) /* gates the interrupt on PC-style wiring */

/* At 1200 baud a byte takes 9 ms; but who reads may be held up for longer, and lose nothing. */
#define TX_TIMEOUT_US 1000000
#define RX_BURST      256

static struct {
	uintptr_t base;
	unsigned shift;
	unsigned width;
	struct irq_desc *desc;
	_Atomic uint32_t interrupts;
} uart;

static uint8_t reg_read(unsigned reg)
{
	uintptr_t addr = uart.base + (reg << uart.shift);

	return uart.width == 4 ? (uint8_t)mmio_read32(addr) : mmio_read8(addr);
}

static void reg_write(unsigned reg, uint8_t value)
{
	uintptr_t addr = uart.base + (reg << uart.shift);

	if (uart.width == 4)
		mmio_write32(addr, value);
	else
		mmio_write8(addr, value);
}

static bool tx_ready(void)
{
	uint64_t start;

	if (reg_read(LSR) & LSR_THR_EMPTY)
		return true;
	start = time_ns();
	while (!(reg_read(LSR) & LSR_THR_EMPTY)) {
		if (time_ns() - start > TX_TIMEOUT_US * 1000ull)
			return false;
		cpu_relax();
	}
	return true;
}

static void write(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		/* A line that never gets ready loses its bytes, not the kernel its time. */
		if (!tx_ready())
			return;
		reg_write(THR, (uint8_t)bytes[i]);
	}
}

static int poll(void)
{
	return reg_read(LSR) & LSR_DATA_READY ? reg_read(RBR) : -1;
}

static void handle(void *arg)
{
	(void)arg;
	atomic_fetch_add_explicit(&uart.interrupts, 1, memory_order_relaxed);
	/* Reading IIR ends a "transmitter empty" interrupt; bytes end the receive interrupt. */
	(void)reg_read(IIR);
	for (unsigned i = 0; i < RX_BURST; i++) {
		int c;

		if (!console_room()) {
			/* What stays in the FIFO holds the sender back, where there is flow control. */
			reg_write(IER, 0);
			if (console_hold())
				return;
			reg_write(IER, IER_RX);
		}
		c = poll();
		if (c < 0)
			break;
		console_input((char)c);
	}
}

static void resume(void)
{
	reg_write(IER, IER_RX);
}

static const struct console_ops ops = { .name = "ns16550", .write = write, .resume = resume };
static const struct console_ops polled_ops = { .name = "ns16550", .write = write, .poll = poll };

uint32_t ns16550_interrupts(void)
{
	return atomic_load_explicit(&uart.interrupts, memory_order_relaxed);
}

struct irq_desc *ns16550_irq(void)
{
	return uart.desc;
}

void ns16550_raise(void)
{
	/* The empty transmitter asks as soon as it is allowed to. */
	reg_write(IER, IER_RX);
	reg_write(IER, IER_RX | IER_THRE);
}

void ns16550_quiet(void)
{
	reg_write(IER, IER_RX);
}

/* The console that the firmware names, or the only one. */
static bool is_stdout(dt_node_t node)
{
	dt_node_t chosen = dt_path("/chosen");
	const char *path = dt_string(chosen, "stdout-path");
	dt_node_t named = path ? dt_path_options(path) : DT_NONE;

	return named == DT_NONE || named == node;
}

static int probe(dt_node_t node)
{
	struct dt_range range;
	int rc = dt_reg(node, 0, &range);

	if (rc)
		return rc;
	if (uart.base || !is_stdout(node))
		return -EBUSY;
	uart.shift = dt_u32(node, "reg-shift", 0, 0);
	uart.width = dt_u32(node, "reg-io-width", 0, 1);
	if (uart.shift > 3 || (uart.width != 1 && uart.width != 4) ||
	    range.size < (LSR << uart.shift) + uart.width)
		return -EINVAL;
	uart.base = mmio_map(range.base, range.size);
	if (!uart.base)
		return -ENOMEM;
	/* Speed and format stay as the firmware set them: it has printed with them. */
	reg_write(IER, 0);
	reg_write(FCR, FCR_ENABLE);
	reg_write(MCR, MCR_OUT2);
	console_register(&ops);
	rc = wired_request(node, 0, handle, NULL, "ns16550", &uart.desc);
	if (!rc)
		rc = irq_activate(uart.desc);
	if (rc) {
		console_register(&polled_ops);
		log_warn("ns16550: no receive interrupt (%d): input is polled", rc);
		return 0;
	}
	reg_write(IER, IER_RX);
	return 0;
}

TABLE_ENTRY(struct dt_driver, dt_driver, 3, ns16550) = {
	.name = "ns16550",
	.compatible = "ns16550a",
	.class_ = DT_CLASS_SERIAL,
	.probe = probe,
};

// SPDX-License-Identifier: Apache-2.0
#include "kernel/console.h"

#include <stdatomic.h>

#include "arch/cpu.h"
#include "arch/early_console.h"
#include "arch/irqflags.h"
#include "kernel/lib/log.h"
#include "kernel/lib/panic.h"
#include "kernel/lineedit.h"
#include "kernel/smp.h"
#include "kernel/time.h"

#define INPUT_BYTES 256
/* Turns of waiting for another hart's piece: far longer than 8 KiB take on QEMU, and it ends. */
#define WAIT_TURNS 10000000
#define NO_READER  UINT32_MAX
#define POLL_MS    1000

static const struct console_ops early_ops = { .name = "firmware",
					      .write = arch_early_write,
					      .poll = arch_early_poll };

static _Atomic(const struct console_ops *) console;
static _Atomic(struct hart *) writer; /* whose piece is on its way */
static _Atomic uint32_t panicking;    /* nobody else writes any more */
static _Atomic bool in_line;          /* the last byte was not a newline */

/* From the handler (head) to the reader (tail); both count on for ever. */
static struct {
	char bytes[INPUT_BYTES];
	_Atomic uint32_t head, tail;
	_Atomic uint32_t reader; /* index of the hart that sleeps for a byte */
	_Atomic uint32_t held;   /* the driver waits for room */
} input = { .reader = NO_READER };

/* '\n' goes out as "\r\n". Stops where a panic has begun elsewhere. */
static void write_piece(const char *bytes, size_t len, bool is_panic)
{
	/* acquire pairs with the release in console_register() */
	const struct console_ops *ops = atomic_load_explicit(&console, memory_order_acquire);
	size_t start = 0;

	if (!ops || !len)
		return;
	for (size_t i = 0; i < len; i++) {
		if (!is_panic && atomic_load_explicit(&panicking, memory_order_relaxed))
			return;
		if (bytes[i] != '\n')
			continue;
		ops->write(bytes + start, i - start);
		ops->write("\r\n", 2);
		start = i + 1;
	}
	ops->write(bytes + start, len - start);
	atomic_store_explicit(&in_line, bytes[len - 1] != '\n', memory_order_relaxed);
}

/* false: this hart holds it already, or another did not let go in time. */
static bool take_line(void)
{
	struct hart *none = NULL;

	for (uint32_t turn = 0; turn < WAIT_TURNS; turn++, none = NULL) {
		/* acquire pairs with the release in drop_line() */
		if (atomic_compare_exchange_strong_explicit(&writer, &none, this_hart(),
							    memory_order_acquire,
							    memory_order_relaxed))
			return true;
		if (none == this_hart())
			return false;
		cpu_relax();
	}
	return false;
}

static void drop_line(void)
{
	atomic_store_explicit(&writer, NULL, memory_order_release);
}

void console_write(const char *bytes, size_t len)
{
	irqflags_t flags = irq_save();
	bool taken = take_line();

	write_piece(bytes, len, false);
	if (taken)
		drop_line();
	irq_restore(flags);
}

/* A line of the log does not go on where somebody's prompt stands. */
static void write_log(const char *bytes, size_t len)
{
	irqflags_t flags = irq_save();
	bool taken = take_line();

	if (atomic_load_explicit(&in_line, memory_order_relaxed))
		write_piece("\n", 1, false);
	write_piece(bytes, len, false);
	if (taken)
		drop_line();
	irq_restore(flags);
}

void console_write_panic(const char *bytes, size_t len)
{
	if (!atomic_exchange_explicit(&panicking, true, memory_order_relaxed)) {
		/* The other writer stops at its next line. */
		take_line();
		if (atomic_load_explicit(&in_line, memory_order_relaxed))
			write_piece("\n", 1, true);
	}
	write_piece(bytes, len, true);
}

void console_early_init(void)
{
	arch_early_console_init();
	console_register(&early_ops);
	log_set_sink(write_log);
	panic_set_sink(console_write_panic);
}

void console_register(const struct console_ops *ops)
{
	/* release pairs with the acquire in write_piece(): the driver is set up */
	atomic_store_explicit(&console, ops, memory_order_release);
}

unsigned console_room(void)
{
	/* acquire pairs with the release in take_byte(): the place is read */
	return INPUT_BYTES - (atomic_load_explicit(&input.head, memory_order_relaxed) -
			      atomic_load_explicit(&input.tail, memory_order_seq_cst));
}

bool console_hold(void)
{
	/* seq_cst, with take_byte(): either the reader sees held, or this sees the room. */
	atomic_store_explicit(&input.held, 1, memory_order_seq_cst);
	if (!console_room())
		return true;
	/* The reader may have taken it, and resumed. */
	atomic_store_explicit(&input.held, 0, memory_order_relaxed);
	return false;
}

static void resume_if_held(void)
{
	const struct console_ops *ops = atomic_load_explicit(&console, memory_order_acquire);

	if (atomic_load_explicit(&input.held, memory_order_seq_cst) &&
	    atomic_exchange_explicit(&input.held, 0, memory_order_relaxed) && ops->resume)
		ops->resume();
}

void console_input(char c)
{
	uint32_t head = atomic_load_explicit(&input.head, memory_order_relaxed);
	uint32_t reader;

	/* acquire pairs with the release in take_byte(): the place is read */
	if (head - atomic_load_explicit(&input.tail, memory_order_acquire) == INPUT_BYTES)
		return;
	input.bytes[head % INPUT_BYTES] = c;
	/*
	 * seq_cst, with those in sleep_for_byte(): either this sees the reader, or the reader
	 * sees the byte.
	 */
	atomic_store_explicit(&input.head, head + 1, memory_order_seq_cst);
	reader = atomic_load_explicit(&input.reader, memory_order_seq_cst);
	if (reader != NO_READER && reader != smp_index())
		smp_kick(reader);
}

static bool (*idle)(void);
static struct lineedit *editing; /* the line that is being read */
static _Atomic uint32_t woken;

void console_set_idle(bool (*fn)(void))
{
	idle = fn;
}

void console_wake(void)
{
	uint32_t reader;

	/* seq_cst, with those in sleep_for_byte(), as in console_input() */
	atomic_store_explicit(&woken, 1, memory_order_seq_cst);
	reader = atomic_load_explicit(&input.reader, memory_order_seq_cst);
	if (reader != NO_READER && reader != smp_index())
		smp_kick(reader);
}

static int take_byte(void)
{
	uint32_t tail = atomic_load_explicit(&input.tail, memory_order_relaxed);
	char c;

	/* seq_cst: see console_input() */
	if (tail == atomic_load_explicit(&input.head, memory_order_seq_cst))
		return -1;
	c = input.bytes[tail % INPUT_BYTES];
	atomic_store_explicit(&input.tail, tail + 1, memory_order_seq_cst);
	resume_if_held();
	return (unsigned char)c;
}

/* Interrupts off from the look to the sleep: what comes between wakes the hart (cpu_wait()). */
static int sleep_for_byte(void)
{
	int c;

	irq_disable();
	atomic_store_explicit(&input.reader, smp_index(), memory_order_seq_cst);
	c = take_byte();
	if (c < 0 && !atomic_load_explicit(&woken, memory_order_seq_cst))
		cpu_wait();
	atomic_store_explicit(&input.reader, NO_READER, memory_order_relaxed);
	irq_enable();
	return c;
}

static bool polled(void *arg)
{
	const struct console_ops *ops = atomic_load_explicit(&console, memory_order_acquire);
	int *c = arg;

	*c = take_byte();
	if (*c < 0 && ops->poll)
		*c = ops->poll();
	return *c >= 0;
}

int console_read(void)
{
	int c = -1;

	while (c < 0) {
		const struct console_ops *ops =
			atomic_load_explicit(&console, memory_order_acquire);

		/* acquire: what it was woken for is there */
		if (atomic_exchange_explicit(&woken, 0, memory_order_acquire) && idle && idle() &&
		    editing)
			lineedit_redraw(editing);
		if (ops->poll)
			time_wait(polled, &c, POLL_MS);
		else
			c = sleep_for_byte();
	}
	return c;
}

static void echo(const char *bytes, size_t len)
{
	console_write(bytes, len);
}

int console_read_line(const char *prompt, char *buf, size_t size)
{
	/* Without initialiser: its history would fill the image. */
	static struct lineedit edit;

	edit.emit = echo;
	edit.width = 80;
	lineedit_start(&edit, prompt, buf, size);
	editing = &edit;
	while (!lineedit_feed(&edit, (char)console_read()))
		;
	editing = NULL;
	return (int)edit.len;
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* One serial line: bytes out by polling, in any context; bytes in by interrupt through console_input(). */
struct console_ops {
	const char *name;
	/* Any context, caller serialises; waits for the line a bounded time a byte. */
	void (*write)(const char *bytes, size_t len);
	/* The next byte, or -1. NULL: bytes come by interrupt, through console_input(). */
	int (*poll)(void);
	/* After console_hold() said true: there is room again. Thread context, the reader's hart. */
	void (*resume)(void);
};

/* Before any device is known: output through firmware; takes the sinks of log and panic. */
void console_early_init(void);
/* The driver's line takes over. Once, at boot. */
void console_register(const struct console_ops *ops);

/*
 * Whole call is one piece on the line, '\n' becomes "\r\n"; any context. Interrupts are
 * off meanwhile. Waits a bounded time for another hart's piece, then goes ahead.
 */
void console_write(const char *bytes, size_t len);
/* From the driver's receive handler: a byte that does not fit is dropped, see console_room(). */
void console_input(char c);
/*
 * Bytes that fit now. A driver that finds none leaves the rest in the device, shuts its
 * receive interrupt off and then asks console_hold(): true, console_ops.resume will be
 * called; false, there is room by now: go on. Receive handler.
 */
unsigned console_room(void);
bool console_hold(void);
/* The next byte; sleeps until there is one. Thread context, interrupts on, one reader at a time. */
int console_read(void);
/*
 * What the reader of the line does while it waits, before it sleeps and when it was woken. Once,
 * at boot; thread context. true: it wrote to the line.
 */
void console_set_idle(bool (*idle)(void));
/* Wakes the reader for idle, if it sleeps. Any context. */
void console_wake(void);
/*
 * For panic: from the first call on this is the only way to the line, and it begins a
 * line of its own. Takes no lock.
 */
void console_write_panic(const char *bytes, size_t len);

/*
 * One line with editing (cursor, Home/End/Delete, Ctrl-A/E/B/F/K/U/W/D/L, history by
 * arrows or Ctrl-P/N) into buf, without the newline; its length, 0 after Ctrl-C. Bytes
 * beyond size - 1 are refused with a bell. As console_read().
 */
int console_read_line(const char *prompt, char *buf, size_t size);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Editing of one line on a terminal of which only this is taken for granted: '\r', '\b',
 * BEL, and the ECMA-48 sequences EL (erase to the end) and ED. Bytes in by
 * lineedit_feed(), bytes out by emit(). A line that is wider than the terminal is shown
 * through a window that jumps, so that a typed byte costs few bytes of output. Pure:
 * no memory but the struct's and the caller's.
 *
 *	struct lineedit edit = { .emit = write_bytes, .width = 80 };
 *	lineedit_start(&edit, "tocsin> ", buf, sizeof(buf));
 *	while (!lineedit_feed(&edit, read_byte()))
 *		;
 */
#define LINEEDIT_HISTORY_BYTES 16384

struct lineedit {
	void (*emit)(const char *bytes, size_t len);
	unsigned width; /* columns of the terminal; more than the prompt's and a few */

	const char *prompt;
	char *buf; /* the line; NUL-terminated once it is done */
	size_t size, len, cursor;
	size_t shown;     /* first byte of the window */
	unsigned columns; /* of the window */
	unsigned escape;  /* where in an escape sequence */
	unsigned parameter;
	bool after_return; /* a '\n' now belongs to the '\r' before it */
	/* Lines, each ended by NUL, oldest first; a line that does not fit is not kept. */
	char history[LINEEDIT_HISTORY_BYTES];
	size_t history_len;
	size_t recalled; /* where the line shown starts; history_len: it is a new one */
	bool stashed;    /* the last line of the history is the unfinished new one */
};

/* Begins a line in buf, at most size - 1 bytes and a NUL (size >= 1), and shows the prompt. */
void lineedit_start(struct lineedit *edit, const char *prompt, char *buf, size_t size);

/* The line again from column 0 on, with its prompt: something else was written there. */
void lineedit_redraw(struct lineedit *edit);

/* One byte from the keyboard. true: the line is done, buf and len hold it (empty after Ctrl-C). */
bool lineedit_feed(struct lineedit *edit, char c);

// SPDX-License-Identifier: Apache-2.0
#include "kernel/lineedit.h"

#include <string.h>

#include "kernel/lib/bits.h"

#define CTRL(c)     ((c)&0x1f)
#define BELL        "\a"
#define ESC         0x1b
#define DELETE      0x7f
#define COLUMNS_MIN 8

/* Escape sequences (ECMA-48): ESC [ parameters final, and ESC O final from keypads. */
enum escape { ESCAPE_NONE, ESCAPE_BEGUN, ESCAPE_CSI, ESCAPE_SS3 };

static void emit(struct lineedit *edit, const char *bytes, size_t len)
{
	if (len)
		edit->emit(bytes, len);
}

static void emit_string(struct lineedit *edit, const char *s)
{
	emit(edit, s, strlen(s));
}

static void bell(struct lineedit *edit)
{
	emit_string(edit, BELL);
}

static void go_back(struct lineedit *edit, size_t n)
{
	while (n--)
		emit(edit, "\b", 1);
}

static size_t window_end(const struct lineedit *edit)
{
	return MIN(edit->len, edit->shown + edit->columns);
}

void lineedit_redraw(struct lineedit *edit)
{
	size_t end = window_end(edit);

	emit_string(edit, "\r");
	emit_string(edit, edit->prompt);
	emit(edit, edit->buf + edit->shown, end - edit->shown);
	emit_string(edit, "\033[K");
	go_back(edit, end - edit->cursor);
}

/* Moves the window by half, so that typing on does not move it again at once. true: moved. */
static bool scroll(struct lineedit *edit)
{
	size_t cursor = edit->cursor;

	if (cursor >= edit->shown && cursor <= edit->shown + edit->columns)
		return false;
	edit->shown = cursor > edit->columns / 2 ? cursor - edit->columns / 2 : 0;
	return true;
}

/* The cursor goes to `to`. */
static void move(struct lineedit *edit, size_t to)
{
	size_t from = edit->cursor;

	edit->cursor = to;
	if (scroll(edit))
		lineedit_redraw(edit);
	else if (to < from)
		go_back(edit, from - to);
	else
		emit(edit, edit->buf + from, to - from);
}

/* What stands at and behind the cursor has changed; the terminal's cursor is there. */
static void redraw_rest(struct lineedit *edit)
{
	size_t end = window_end(edit);

	emit(edit, edit->buf + edit->cursor, end - edit->cursor);
	emit_string(edit, "\033[K");
	go_back(edit, end - edit->cursor);
}

static void insert(struct lineedit *edit, char c)
{
	if (edit->len + 1 >= edit->size) {
		bell(edit);
		return;
	}
	memmove(edit->buf + edit->cursor + 1, edit->buf + edit->cursor, edit->len - edit->cursor);
	edit->buf[edit->cursor++] = c;
	edit->len++;
	if (scroll(edit)) {
		lineedit_redraw(edit);
		return;
	}
	emit(edit, &c, 1);
	if (edit->cursor < edit->len)
		redraw_rest(edit);
}

/* Takes out [from, to), which touches the cursor. */
static void cut(struct lineedit *edit, size_t from, size_t to)
{
	if (from == to) {
		bell(edit);
		return;
	}
	if (from < edit->cursor)
		move(edit, from);
	memmove(edit->buf + from, edit->buf + to, edit->len - to);
	edit->len -= to - from;
	redraw_rest(edit);
}

static size_t word_start(const struct lineedit *edit)
{
	size_t at = edit->cursor;

	while (at && edit->buf[at - 1] == ' ')
		at--;
	while (at && edit->buf[at - 1] != ' ')
		at--;
	return at;
}

static void replace(struct lineedit *edit, const char *line)
{
	edit->len = MIN(strlen(line), edit->size - 1);
	memcpy(edit->buf, line, edit->len);
	edit->cursor = edit->len;
	edit->shown = 0;
	scroll(edit);
	lineedit_redraw(edit);
}

/* --- history --- */

static void history_drop_oldest(struct lineedit *edit)
{
	size_t len = strlen(edit->history) + 1;

	edit->history_len -= len;
	memmove(edit->history, edit->history + len, edit->history_len);
	edit->recalled = edit->recalled > len ? edit->recalled - len : 0;
}

/* Where the line before the one at `at` starts; at > 0. */
static size_t history_before(const struct lineedit *edit, size_t at)
{
	at--;
	while (at && edit->history[at - 1])
		at--;
	return at;
}

/* false: the line is longer than all of the history. */
static bool history_add(struct lineedit *edit)
{
	if (edit->len + 1 > sizeof(edit->history))
		return false;
	while (edit->history_len + edit->len + 1 > sizeof(edit->history))
		history_drop_oldest(edit);
	memcpy(edit->history + edit->history_len, edit->buf, edit->len);
	edit->history[edit->history_len + edit->len] = '\0';
	edit->history_len += edit->len + 1;
	return true;
}

static void history_drop_newest(struct lineedit *edit)
{
	edit->history_len = history_before(edit, edit->history_len);
}

static void older(struct lineedit *edit)
{
	/* The unfinished line is kept as the newest while others are looked at. */
	if (!edit->stashed && edit->recalled) {
		edit->stashed = history_add(edit);
		if (edit->stashed)
			edit->recalled = history_before(edit, edit->history_len);
	}
	if (!edit->stashed || !edit->recalled) {
		bell(edit);
		return;
	}
	edit->recalled = history_before(edit, edit->recalled);
	replace(edit, edit->history + edit->recalled);
}

static void newer(struct lineedit *edit)
{
	size_t next = edit->recalled +
		      strnlen(edit->history + edit->recalled, edit->history_len - edit->recalled) +
		      1;

	if (!edit->stashed || next >= edit->history_len) {
		bell(edit);
		return;
	}
	edit->recalled = next;
	replace(edit, edit->history + next);
	if (next + strlen(edit->history + next) + 1 == edit->history_len) {
		history_drop_newest(edit);
		edit->stashed = false;
		edit->recalled = edit->history_len;
	}
}

/* A finished line: kept unless it is empty or the same as the one before. */
static void remember(struct lineedit *edit)
{
	size_t last;

	if (edit->stashed)
		history_drop_newest(edit);
	edit->stashed = false;
	last = edit->history_len ? history_before(edit, edit->history_len) : 0;
	if (edit->len && (!edit->history_len || strcmp(edit->history + last, edit->buf)))
		history_add(edit);
}

/* --- keys --- */

static bool finish(struct lineedit *edit)
{
	edit->buf[edit->len] = '\0';
	remember(edit);
	emit_string(edit, "\n");
	return true;
}

static bool cancel(struct lineedit *edit)
{
	edit->len = edit->cursor = 0;
	emit_string(edit, "^C");
	return finish(edit);
}

static void clear_screen(struct lineedit *edit)
{
	emit_string(edit, "\033[H\033[2J");
	lineedit_redraw(edit);
}

static void step(struct lineedit *edit, bool forward)
{
	if (forward ? edit->cursor == edit->len : !edit->cursor)
		bell(edit);
	else
		move(edit, forward ? edit->cursor + 1 : edit->cursor - 1);
}

static void erase_here(struct lineedit *edit)
{
	cut(edit, edit->cursor, MIN(edit->cursor + 1, edit->len));
}

/* true: the line is done. */
static bool key(struct lineedit *edit, char c)
{
	switch (c) {
	case '\r':
	case '\n':
		return finish(edit);
	case CTRL('C'):
		return cancel(edit);
	case CTRL('A'):
		move(edit, 0);
		break;
	case CTRL('E'):
		move(edit, edit->len);
		break;
	case CTRL('B'):
		step(edit, false);
		break;
	case CTRL('F'):
		step(edit, true);
		break;
	case CTRL('H'):
	case DELETE:
		cut(edit, edit->cursor ? edit->cursor - 1 : 0, edit->cursor);
		break;
	case CTRL('D'):
		erase_here(edit);
		break;
	case CTRL('K'):
		cut(edit, edit->cursor, edit->len);
		break;
	case CTRL('U'):
		cut(edit, 0, edit->cursor);
		break;
	case CTRL('W'):
		cut(edit, word_start(edit), edit->cursor);
		break;
	case CTRL('L'):
		clear_screen(edit);
		break;
	case CTRL('P'):
		older(edit);
		break;
	case CTRL('N'):
		newer(edit);
		break;
	default:
		if ((unsigned char)c < ' ')
			bell(edit);
		else
			insert(edit, c);
	}
	return false;
}

/* The keys that send sequences, as the control keys that do the same. */
static char key_of_sequence(char final, unsigned parameter)
{
	switch (final) {
	case 'A':
		return CTRL('P');
	case 'B':
		return CTRL('N');
	case 'C':
		return CTRL('F');
	case 'D':
		return CTRL('B');
	case 'H':
		return CTRL('A');
	case 'F':
		return CTRL('E');
	case '~':
		if (parameter == 1 || parameter == 7)
			return CTRL('A');
		if (parameter == 4 || parameter == 8)
			return CTRL('E');
		if (parameter == 3)
			return CTRL('D');
		return 0;
	default:
		return 0;
	}
}

/* A byte of a sequence; the key when it is complete, else 0. Unknown sequences are no key. */
static char sequence(struct lineedit *edit, char c)
{
	switch (edit->escape) {
	case ESCAPE_BEGUN:
		edit->parameter = 0;
		edit->escape = c == '[' ? ESCAPE_CSI : c == 'O' ? ESCAPE_SS3 : ESCAPE_NONE;
		return 0;
	case ESCAPE_CSI:
		if (c >= '0' && c <= '9' && edit->parameter < 1000)
			edit->parameter = edit->parameter * 10 + (unsigned)(c - '0');
		/* Parameters and intermediates lie below the finals. */
		if (c < '@')
			return 0;
		break;
	}
	edit->escape = ESCAPE_NONE;
	return key_of_sequence(c, edit->parameter);
}

bool lineedit_feed(struct lineedit *edit, char c)
{
	bool after_return = edit->after_return;

	edit->after_return = c == '\r';
	if (c == '\n' && after_return)
		return false;
	if (c == ESC) {
		edit->escape = ESCAPE_BEGUN;
		return false;
	}
	/* A control character ends a sequence that got lost. */
	if (edit->escape && (unsigned char)c >= ' ') {
		c = sequence(edit, c);
		return c ? key(edit, c) : false;
	}
	edit->escape = ESCAPE_NONE;
	return c ? key(edit, c) : false;
}

void lineedit_start(struct lineedit *edit, const char *prompt, char *buf, size_t size)
{
	size_t taken = strlen(prompt) + 1; /* and a column for the cursor */

	edit->prompt = prompt;
	edit->buf = buf;
	edit->size = size;
	edit->len = edit->cursor = edit->shown = 0;
	edit->columns = edit->width > taken + COLUMNS_MIN ? edit->width - (unsigned)taken
							  : COLUMNS_MIN;
	edit->escape = ESCAPE_NONE;
	edit->recalled = edit->history_len;
	edit->stashed = false;
	emit_string(edit, prompt);
}

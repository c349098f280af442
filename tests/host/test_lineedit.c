// SPDX-License-Identifier: Apache-2.0
// SOURCES: kernel/lineedit.c
/* The editor against a small terminal: what stands on the screen must be the line. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/lineedit.h"
#include "tests/host/cmocka_test.h"

#define WIDTH  30
#define PROMPT "tocsin> "
#define UP     "\033[A"
#define DOWN   "\033[B"
#define RIGHT  "\033[C"
#define LEFT   "\033[D"

/* A row of a terminal that would wrap at WIDTH: the editor must never get there. */
static struct {
	char row[WIDTH + 1];
	unsigned cursor;
	unsigned bells, newlines;
	unsigned long bytes;
	char sequence[8];
	unsigned sequence_len;
} screen;

static void blank_from(unsigned column)
{
	memset(screen.row + column, ' ', WIDTH - column);
}

static void end_sequence(void)
{
	if (!strcmp(screen.sequence, "\033[K"))
		blank_from(screen.cursor);
	else if (!strcmp(screen.sequence, "\033[H"))
		screen.cursor = 0;
	else if (!strcmp(screen.sequence, "\033[2J"))
		blank_from(0);
	else
		fail_msg("unknown sequence");
	memset(screen.sequence, 0, sizeof(screen.sequence));
	screen.sequence_len = 0;
}

static void show(char c)
{
	if (c == '\033' || screen.sequence_len) {
		assert_in_range(screen.sequence_len, 0, sizeof(screen.sequence) - 2);
		screen.sequence[screen.sequence_len++] = c;
		if (screen.sequence_len > 2 && c >= '@')
			end_sequence();
	} else if (c == '\r') {
		screen.cursor = 0;
	} else if (c == '\n') {
		screen.newlines++;
	} else if (c == '\a') {
		screen.bells++;
	} else if (c == '\b') {
		assert_true(screen.cursor > 0);
		screen.cursor--;
	} else {
		assert_true((unsigned char)c >= ' ');
		assert_true(screen.cursor < WIDTH - 1);
		screen.row[screen.cursor++] = c;
	}
}

static void emit(const char *bytes, size_t len)
{
	assert_true(len > 0);
	screen.bytes += len;
	while (len--)
		show(*bytes++);
}

static struct lineedit edit = { .emit = emit, .width = WIDTH };
static char *buf;
static size_t buf_size;

static void start(size_t size)
{
	/* Exactly that much: what writes on is caught. */
	free(buf);
	buf = malloc(size);
	buf_size = size;
	memset(&screen, 0, sizeof(screen));
	blank_from(0);
	lineedit_start(&edit, PROMPT, buf, size);
}

static int fresh(void **state)
{
	(void)state;
	edit = (struct lineedit){ .emit = emit, .width = WIDTH };
	start(100);
	return 0;
}

static bool type_bytes(const char *keys, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (lineedit_feed(&edit, keys[i])) {
			assert_int_equal(i, len - 1);
			return true;
		}
	return false;
}

/* true: done. */
static bool type(const char *keys)
{
	return type_bytes(keys, strlen(keys));
}

static void check_screen(void)
{
	char row[WIDTH + 1] = { 0 };
	size_t columns = WIDTH - strlen(PROMPT) - 1;
	size_t end = edit.shown + columns < edit.len ? edit.shown + columns : edit.len;

	memset(row, ' ', WIDTH);
	memcpy(row, PROMPT, strlen(PROMPT));
	memcpy(row + strlen(PROMPT), buf + edit.shown, end - edit.shown);
	assert_string_equal(screen.row, row);
	assert_in_range(edit.cursor, edit.shown, end);
	assert_int_equal(screen.cursor, strlen(PROMPT) + edit.cursor - edit.shown);
}

/* Types keys and Enter; the line must be this. */
static void expect(const char *keys, const char *line)
{
	start(100);
	assert_false(type(keys));
	check_screen();
	assert_true(type("\r"));
	assert_int_equal(edit.len, strlen(line));
	assert_string_equal(buf, line);
	assert_int_equal(screen.newlines, 1);
}

static void typing(void **state)
{
	(void)state;
	expect("", "");
	expect("lspci; irq", "lspci; irq");
	expect("12345678901234567890123456789012345", "12345678901234567890123456789012345");
}

static void erasing(void **state)
{
	(void)state;
	expect("abc\bd", "abd");
	expect("abc\x7f\x7f\x7f\x7f"
	       "d",
	       "d");
	expect("abc" LEFT LEFT "\b", "bc");
	expect("abc\001\004", "bc");
	expect("abc" LEFT "\033[3~", "ab");
	expect("abc\004", "abc");
	expect("one two  three\027", "one two  ");
	expect("one two  three  \027", "one two  ");
	expect("one two" LEFT LEFT "\027", "one wo");
	expect("  \027", "");
	expect("one two\025", "");
	expect("one two" LEFT LEFT "\025", "wo");
	expect("one two" LEFT LEFT "\013", "one t");
}

static void moving(void **state)
{
	(void)state;
	expect("bc\001a", "abc");
	expect("bc\001a\005d", "abcd");
	expect("ac\002b", "abc");
	expect("abd\001\006\006c", "abcd");
	expect("ac" LEFT "b" RIGHT "d", "abcd");
	expect("bc\033[Ha\033[Fd", "abcd");
	expect("bc\033OHa\033OFd", "abcd");
	expect("bc\033[1~a\033[4~d\033[7~0\033[8~e", "0abcde");
	expect(LEFT LEFT RIGHT RIGHT "a", "a");
}

static void sequences_that_mean_nothing(void **state)
{
	(void)state;
	expect("a\033[5~b\033[15~c\033[1;5Ad\033[200~e\033Z\033OPf", "abcdef");
	expect("a\033[99999999999999999999~b", "ab");
	/* A lost one does not swallow Enter, nor another one. */
	start(100);
	assert_false(type("ab\033[1"));
	assert_true(type("\r"));
	assert_string_equal(buf, "ab");
	expect("ab\033\033[Dc", "acb");
	/* Other control characters ring, and are no part of the line. */
	start(100);
	type_bytes("a\0\tb\007\035", 6);
	assert_int_equal(screen.bells, 3);
	assert_true(type("\r"));
	assert_string_equal(buf, "ab");
}

static void ends_of_a_line(void **state)
{
	(void)state;
	start(100);
	assert_true(type("a\n"));
	start(100);
	assert_true(type("a\r"));
	/* "\r\n" is one Enter, also when a new line has begun between. */
	start(100);
	assert_false(type("\nb"));
	assert_true(type("\r"));
	assert_string_equal(buf, "b");
	start(100);
	assert_true(type("\r"));
	start(100);
	assert_true(type("\r"));
}

static void ctrl_c_gives_an_empty_line(void **state)
{
	(void)state;
	start(100);
	assert_true(type("poweroff\003"));
	assert_int_equal(edit.len, 0);
	assert_string_equal(buf, "");
	start(100);
	type(UP);
	check_screen();
	assert_int_equal(edit.len, 0);
}

static void ctrl_l_clears_the_screen(void **state)
{
	(void)state;
	expect("abc" LEFT "\014d", "abdc");
}

static void history(void **state)
{
	(void)state;
	expect("one", "one");
	expect("two", "two");
	expect("two", "two");
	expect("", "");
	expect("three", "three");
	expect(UP, "three");
	expect(UP UP UP, "one");
	expect(UP UP UP, "two");
	expect("x" UP UP UP UP UP UP UP UP UP UP UP UP DOWN "!", "two!");
	expect(UP UP, "two");
	expect("\020\016"
	       "new",
	       "new");
	expect("unfinished" UP UP DOWN DOWN " business", "unfinished business");
	expect("unfinished" UP UP DOWN DOWN UP "?", "unfinished business?");
	expect(DOWN "a", "a");
}

static void the_unfinished_line_is_not_history(void **state)
{
	(void)state;
	expect("one", "one");
	expect("stashed" UP "!", "one!");
	expect(UP UP, "one");
	start(100);
	assert_true(type("stashed" UP UP "\003"));
	expect(UP, "one");
	expect(UP UP, "one!");
}

static void history_is_bounded(void **state)
{
	char keys[3010], line[3001];

	(void)state;
	/* Far more than fits: the newest stay. */
	for (int i = 0; i < 20; i++) {
		memset(keys, 'a' + i, 3000);
		strcpy(keys + 3000, "\r");
		start(4000);
		assert_true(type(keys));
	}
	memset(line, 'a' + 15, 3000);
	line[3000] = '\0';
	start(4000);
	type(UP UP UP UP UP);
	assert_true(type("\r"));
	assert_string_equal(buf, line);
	/* A recalled line that is longer than this buffer is cut. */
	start(10);
	type(UP);
	assert_true(type("\r"));
	assert_int_equal(edit.len, 9);
}

static void a_line_longer_than_history(void **state)
{
	size_t len = LINEEDIT_HISTORY_BYTES + 100;
	char *keys = malloc(len + 1);

	(void)state;
	expect("one", "one");
	memset(keys, 'x', len);
	keys[len] = '\0';
	start(len + 1);
	assert_false(type(keys));
	check_screen();
	/* What is typed cannot be kept aside: it is not lost. */
	type(UP);
	assert_int_equal(screen.bells, 1);
	assert_int_equal(edit.len, len);
	assert_true(type("\r"));
	assert_string_equal(buf, keys);
	free(keys);
	expect(UP, "one");
}

static void a_full_line_rings(void **state)
{
	(void)state;
	start(5);
	assert_false(type("12345678"));
	assert_int_equal(screen.bells, 4);
	check_screen();
	type("\001x\004y");
	assert_true(type("\r"));
	assert_string_equal(buf, "y234");
	start(1);
	type("a\b\025\013\027\004" UP DOWN);
	assert_true(type("\r"));
	assert_string_equal(buf, "");
}

/* Half a window is redrawn for half a window of bytes: a constant, not the length of the line. */
static void long_lines_cost_little(void **state)
{
	enum { LEN = 10000 };
	char *keys = malloc(LEN + 1);

	(void)state;
	for (int i = 0; i < LEN; i++)
		keys[i] = (char)('a' + i % 26);
	keys[LEN] = '\0';
	start(LEN + 1);
	assert_false(type(keys));
	check_screen();
	assert_in_range(screen.bytes, LEN, 8 * LEN);
	assert_true(type("\r"));
	assert_string_equal(buf, keys);
	free(keys);
}

/* Random keys against the plainest editor. */
static char model[101];
static size_t model_len, model_cursor;

static void model_cut(size_t from, size_t to)
{
	memmove(model + from, model + to, model_len - to);
	model_len -= to - from;
	model_cursor = from;
}

static void model_key(char c)
{
	size_t word = model_cursor;

	switch (c) {
	case 1:
		model_cursor = 0;
		break;
	case 5:
		model_cursor = model_len;
		break;
	case 2:
		model_cursor -= model_cursor > 0;
		break;
	case 6:
		model_cursor += model_cursor < model_len;
		break;
	case 8:
		model_cut(model_cursor - (model_cursor > 0), model_cursor);
		break;
	case 4:
		model_cut(model_cursor, model_cursor + (model_cursor < model_len));
		break;
	case 11:
		model_cut(model_cursor, model_len);
		break;
	case 21:
		model_cut(0, model_cursor);
		break;
	case 23:
		while (word && model[word - 1] == ' ')
			word--;
		while (word && model[word - 1] != ' ')
			word--;
		model_cut(word, model_cursor);
		break;
	default:
		if (model_len == 60)
			return;
		memmove(model + model_cursor + 1, model + model_cursor, model_len - model_cursor);
		model[model_cursor++] = c;
		model_len++;
	}
}

static void random_keys(void **state)
{
	static const char keys[] = "\001\005\002\002\002\006\006\010\004\013\025\027  ";

	(void)state;
	srand(1);
	for (int round = 0; round < 200; round++) {
		start(61);
		model_len = model_cursor = 0;
		for (int i = 0; i < 500; i++) {
			int choice = rand() % 40;
			char c = choice < (int)sizeof(keys) - 1 ? keys[choice]
								: (char)('a' + rand() % 26);

			model_key(c);
			assert_false(lineedit_feed(&edit, c));
			assert_int_equal(edit.len, model_len);
			assert_int_equal(edit.cursor, model_cursor);
			assert_memory_equal(buf, model, model_len);
			check_screen();
		}
		assert_true(type("\r"));
	}
}

/* Any bytes but Ctrl-C, history keys too: nothing is broken, the screen is right. */
static void random_bytes(void **state)
{
	(void)state;
	srand(2);
	start(61);
	for (int i = 0; i < 200000; i++) {
		char c = (char)(rand() % 4 ? "\033[ABCDH~3O\020\016ab \r"[rand() % 17] : rand());

		if (c == 3)
			continue;
		if (lineedit_feed(&edit, c))
			start(rand() % 60 + 2);
		else if (!screen.sequence_len)
			check_screen();
	}
}

#define test(f) cmocka_unit_test_setup(f, fresh)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(typing),
		test(erasing),
		test(moving),
		test(sequences_that_mean_nothing),
		test(ends_of_a_line),
		test(ctrl_c_gives_an_empty_line),
		test(ctrl_l_clears_the_screen),
		test(history),
		test(the_unfinished_line_is_not_history),
		test(history_is_bounded),
		test(a_line_longer_than_history),
		test(a_full_line_rings),
		test(long_lines_cost_little),
		test(random_keys),
		test(random_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
/*
 * A ring of lines. A writer takes a ticket with one read-modify-write and owns the
 * slot of its ticket from an odd sequence number to the even one that follows; a
 * slot whose older writer is still at work is left to it and the new line is
 * dropped. So nobody waits, in any context, and a reader sees whole lines only.
 */
#include "kernel/lib/log.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "kernel/lib/bits.h"

#define LOG_LINES 256
#define LOG_WORDS 18 /* of text: lines up to 143 bytes */
#define LOG_TEXT  (LOG_WORDS * sizeof(uint64_t))

struct log_slot {
	/* 0: never used; 2t + 1: line t is being written; 2t + 2: it is there */
	_Atomic uint64_t sequence;
	_Atomic uint32_t level;
	_Atomic uint64_t text[LOG_WORDS];
};

static struct log_slot ring[LOG_LINES];
static _Atomic uint64_t next_ticket;
static _Atomic uint32_t console_level = LOG_INFO;
static _Atomic(log_sink_t) sink;

const char *log_level_name(enum log_level level)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };

	return level < ARRAY_SIZE(names) ? names[level] : "?";
}

void log_set_console_level(enum log_level level)
{
	atomic_store_explicit(&console_level, level, memory_order_relaxed);
}

void log_set_sink(log_sink_t new_sink)
{
	/* release pairs with the acquire in to_console(): what the sink uses is set up */
	atomic_store_explicit(&sink, new_sink, memory_order_release);
}

static void keep(enum log_level level, const char *line)
{
	/* relaxed: only the number matters; the slot orders the text */
	uint64_t ticket = atomic_fetch_add_explicit(&next_ticket, 1, memory_order_relaxed);
	struct log_slot *slot = &ring[ticket % LOG_LINES];
	uint64_t seen = atomic_load_explicit(&slot->sequence, memory_order_relaxed);
	uint64_t words[LOG_WORDS] = { 0 };

	memcpy(words, line, strnlen(line, LOG_TEXT - 1));
	do {
		if ((seen & 1) || seen > 2 * ticket)
			return;
		/* acquire: after what the slot's former writer stored */
	} while (!atomic_compare_exchange_weak_explicit(&slot->sequence, &seen, 2 * ticket + 1,
							memory_order_acquire,
							memory_order_relaxed));
	/* release each: a reader that sees a word of this line sees the odd number too (log_line()) */
	atomic_store_explicit(&slot->level, level, memory_order_release);
	for (unsigned i = 0; i < LOG_WORDS; i++)
		atomic_store_explicit(&slot->text[i], words[i], memory_order_release);
	/* release pairs with the acquire in log_line() */
	atomic_store_explicit(&slot->sequence, 2 * ticket + 2, memory_order_release);
}

static void to_console(enum log_level level, const char *line)
{
	log_sink_t to = atomic_load_explicit(&sink, memory_order_acquire);
	char text[LOG_TEXT + 16];
	int len;

	if (!to || level > atomic_load_explicit(&console_level, memory_order_relaxed))
		return;
	len = format_string(text, sizeof(text), "[%s] %s\n", log_level_name(level), line);
	to(text, (size_t)len);
}

void log_printf(enum log_level level, const char *fmt, ...)
{
	char line[LOG_TEXT];
	va_list ap;

	va_start(ap, fmt);
	format_vstring(line, sizeof(line), fmt, ap);
	va_end(ap);
	keep(level, line);
	to_console(level, line);
}

/* false: the slot does not hold line `ticket` whole. */
static bool read_slot(struct log_slot *slot, uint64_t ticket, enum log_level *level, char *text)
{
	uint64_t words[LOG_WORDS];

	/* acquire pairs with the release at the end of keep() */
	if (atomic_load_explicit(&slot->sequence, memory_order_acquire) != 2 * ticket + 2)
		return false;
	*level = atomic_load_explicit(&slot->level, memory_order_acquire);
	for (unsigned i = 0; i < LOG_WORDS; i++)
		words[i] = atomic_load_explicit(&slot->text[i], memory_order_acquire);
	memcpy(text, words, LOG_TEXT);
	/* A later line has begun meanwhile: a word of it, read with acquire, brings its odd number. */
	return atomic_load_explicit(&slot->sequence, memory_order_relaxed) == 2 * ticket + 2;
}

int log_line(unsigned n, enum log_level *level, char *buf, size_t size)
{
	uint64_t end = atomic_load_explicit(&next_ticket, memory_order_relaxed);
	uint64_t first = end > LOG_LINES ? end - LOG_LINES : 0;
	char text[LOG_TEXT];

	/* A line that was dropped or is being written is not there: the ones behind it move up. */
	for (uint64_t ticket = first; ticket < end; ticket++)
		if (read_slot(&ring[ticket % LOG_LINES], ticket, level, text) && !n--)
			return format_string(buf, size, "%s", text);
	return -ENOENT;
}

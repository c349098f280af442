/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The kernel log: formatted without libc into a ring of lines and, up to the
 * console level, to the console. Any context, any hart, never waits for a lock
 * that a handler can hold; not on the path from trap to handler.
 */
enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_printf(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_printf(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_printf(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_printf(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_printf(LOG_DEBUG, __VA_ARGS__)

/* "error", "warn", "info", "debug" */
const char *log_level_name(enum log_level level);

/* Lines up to this level go to the console too, as `[level] text`; default LOG_INFO. */
void log_set_console_level(enum log_level level);

/*
 * Where console output goes: bytes, any context. NULL before there is one: the
 * ring keeps what was said. Set once at boot.
 */
typedef void (*log_sink_t)(const char *bytes, size_t len);
void log_set_sink(log_sink_t sink);

/*
 * Copies the n-th kept line (0 the oldest) into buf, NUL-terminated; its length, or
 * -ENOENT. Any context.
 */
int log_line(unsigned n, enum log_level *level, char *buf, size_t size);

/*
 * snprintf without libc: %s %c %d %i %u %x %X %p %% with l, ll, z, h, hh, the flags 0
 * and -, width and precision (as numbers or *). Any other conversion: the rest of fmt
 * comes out as it stands. The length as if size was large enough. Any context.
 */
int format_string(char *buf, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int format_vstring(char *buf, size_t size, const char *fmt, va_list ap);

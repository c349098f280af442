// SPDX-License-Identifier: Apache-2.0
/*
 * printf and assert by other means than newlib's own, which would bring a second and a third copy
 * of its formatter into each image: it has one for strings, one for files, one without floats.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernel/lib/panic.h"

#define LINE_BYTES 160

/* What newlib's assert() calls; its header can't be included beside ours. */
_Noreturn void __assert_func(const char *file, int line, const char *function, const char *what);

static int write_out(const char *text, size_t len)
{
	return fwrite(text, 1, len, stdout) == len ? (int)len : EOF;
}

/* A text longer than a line is formatted once more, into the heap; EOF and ENOMEM: no room there. */
int vprintf(const char *fmt, va_list ap)
{
	char line[LINE_BYTES], *text;
	va_list again;
	int len;

	va_copy(again, ap);
	len = vsnprintf(line, sizeof(line), fmt, ap);
	if (len >= LINE_BYTES) {
		text = malloc((size_t)len + 1);
		len = text ? vsnprintf(text, (size_t)len + 1, fmt, again) : EOF;
		if (text)
			len = write_out(text, (size_t)len);
		free(text);
	} else if (len > 0) {
		len = write_out(line, (size_t)len);
	}
	va_end(again);
	return len;
}

int printf(const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vprintf(fmt, ap);
	va_end(ap);
	return len;
}

void __assert_func(const char *file, int line, const char *function, const char *what)
{
	(void)function;
	panic("%s:%d: assertion failed: %s", file, line, what);
}

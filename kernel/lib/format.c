// SPDX-License-Identifier: Apache-2.0
/* snprintf without libc: no reent, no locale, no floats; any context. */
#include <limits.h>
#include <stdbool.h>

#include "kernel/lib/bits.h"
#include "kernel/lib/log.h"

/* 64-bit octal would be the longest; decimal takes 20. */
#define DIGITS_MAX 24

struct out {
	char *buf;
	size_t size;
	size_t len; /* as if there was room */
};

enum length { LEN_CHAR, LEN_SHORT, LEN_INT, LEN_LONG, LEN_LLONG, LEN_SIZE };

struct spec {
	bool left, zero;
	int width;
	int precision; /* -1: none given */
	enum length length;
};

static void put(struct out *out, char c)
{
	if (out->len + 1 < out->size)
		out->buf[out->len] = c;
	out->len++;
}

static void put_repeated(struct out *out, char c, int n)
{
	while (n-- > 0)
		put(out, c);
}

static void put_bytes(struct out *out, const char *bytes, int n)
{
	for (int i = 0; i < n; i++)
		put(out, bytes[i]);
}

/* prefix (sign, 0x), then digits: padded with zeroes between them, or with blanks outside. */
static void put_field(struct out *out, const struct spec *spec, const char *prefix, int prefix_len,
		      const char *bytes, int len)
{
	int pad = spec->width - prefix_len - len;

	if (!spec->left && !spec->zero)
		put_repeated(out, ' ', pad);
	put_bytes(out, prefix, prefix_len);
	if (!spec->left && spec->zero)
		put_repeated(out, '0', pad);
	put_bytes(out, bytes, len);
	if (spec->left)
		put_repeated(out, ' ', pad);
}

static void put_string(struct out *out, struct spec spec, const char *s)
{
	int len = 0, max = spec.precision < 0 ? INT_MAX : spec.precision;

	if (!s)
		s = "(null)";
	while (len < max && s[len])
		len++;
	spec.zero = false;
	put_field(out, &spec, "", 0, s, len);
}

/* Digits of value from the end of buf[DIGITS_MAX] on; how many. */
static int digits(char *buf, unsigned long long value, unsigned base, bool upper)
{
	const char *symbols = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	int n = 0;

	do {
		buf[DIGITS_MAX - ++n] = symbols[value % base];
		value /= base;
	} while (value);
	return n;
}

static void put_number(struct out *out, struct spec spec, const char *prefix, int prefix_len,
		       unsigned long long value, unsigned base, bool upper)
{
	char buf[DIGITS_MAX];
	int n = digits(buf, value, base, upper);

	/* As in C: a precision is the least number of digits and ends the flag 0. */
	if (spec.precision >= 0)
		spec.zero = false;
	while (n < spec.precision && n < DIGITS_MAX)
		buf[DIGITS_MAX - ++n] = '0';
	put_field(out, &spec, prefix, prefix_len, buf + DIGITS_MAX - n, n);
}

static unsigned long long take_unsigned(va_list *ap, enum length length)
{
	switch (length) {
	case LEN_CHAR:
		return (unsigned char)va_arg(*ap, unsigned);
	case LEN_SHORT:
		return (unsigned short)va_arg(*ap, unsigned);
	case LEN_LONG:
		return va_arg(*ap, unsigned long);
	case LEN_LLONG:
		return va_arg(*ap, unsigned long long);
	case LEN_SIZE:
		return va_arg(*ap, size_t);
	default:
		return va_arg(*ap, unsigned);
	}
}

static long long take_signed(va_list *ap, enum length length)
{
	switch (length) {
	case LEN_CHAR:
		return (signed char)va_arg(*ap, int);
	case LEN_SHORT:
		return (short)va_arg(*ap, int);
	case LEN_LONG:
		return va_arg(*ap, long);
	case LEN_LLONG:
		return va_arg(*ap, long long);
	case LEN_SIZE:
		return va_arg(*ap, ptrdiff_t);
	default:
		return va_arg(*ap, int);
	}
}

static void put_signed(struct out *out, const struct spec *spec, long long value)
{
	/* Negated as unsigned: the lowest value has no positive twin. */
	if (value < 0)
		put_number(out, *spec, "-", 1, 0 - (unsigned long long)value, 10, false);
	else
		put_number(out, *spec, "", 0, (unsigned long long)value, 10, false);
}

static const char *parse_number(const char *fmt, va_list *ap, int *number)
{
	if (*fmt == '*') {
		*number = va_arg(*ap, int);
		return fmt + 1;
	}
	for (*number = 0; *fmt >= '0' && *fmt <= '9'; fmt++)
		if (*number < INT_MAX / 10 - 1)
			*number = *number * 10 + (*fmt - '0');
	return fmt;
}

static const char *parse_length(const char *fmt, enum length *length)
{
	bool twice = fmt[0] && fmt[1] == fmt[0];

	*length = LEN_INT;
	switch (*fmt) {
	case 'h':
		*length = twice ? LEN_CHAR : LEN_SHORT;
		return fmt + 1 + twice;
	case 'l':
		*length = twice ? LEN_LLONG : LEN_LONG;
		return fmt + 1 + twice;
	case 'z':
		*length = LEN_SIZE;
		return fmt + 1;
	default:
		return fmt;
	}
}

static const char *parse_spec(const char *fmt, va_list *ap, struct spec *spec)
{
	*spec = (struct spec){ .precision = -1 };
	for (; *fmt == '-' || *fmt == '0'; fmt++) {
		spec->left |= *fmt == '-';
		spec->zero |= *fmt == '0';
	}
	fmt = parse_number(fmt, ap, &spec->width);
	/* A negative width by '*' is the flag '-'. */
	if (spec->width < 0) {
		spec->left = true;
		spec->width = spec->width == INT_MIN ? INT_MAX : -spec->width;
	}
	if (*fmt == '.')
		fmt = parse_number(fmt + 1, ap, &spec->precision);
	return parse_length(fmt, &spec->length);
}

/* false: no such conversion. */
static bool convert(struct out *out, const struct spec *spec, char conversion, va_list *ap)
{
	char c;

	switch (conversion) {
	case 's':
		put_string(out, *spec, va_arg(*ap, const char *));
		return true;
	case 'c':
		c = (char)va_arg(*ap, int);
		put_field(out, &(struct spec){ .left = spec->left, .width = spec->width }, "", 0,
			  &c, 1);
		return true;
	case 'd':
	case 'i':
		put_signed(out, spec, take_signed(ap, spec->length));
		return true;
	case 'u':
		put_number(out, *spec, "", 0, take_unsigned(ap, spec->length), 10, false);
		return true;
	case 'x':
	case 'X':
		put_number(out, *spec, "", 0, take_unsigned(ap, spec->length), 16,
			   conversion == 'X');
		return true;
	case 'p':
		put_number(out, *spec, "0x", 2, (uintptr_t)va_arg(*ap, void *), 16, false);
		return true;
	case '%':
		put(out, '%');
		return true;
	default:
		return false;
	}
}

int format_vstring(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct out out = { .buf = buf, .size = size };
	va_list args;

	va_copy(args, ap);
	while (*fmt) {
		const char *start = fmt;
		struct spec spec;

		if (*fmt++ != '%') {
			put(&out, *start);
			continue;
		}
		fmt = parse_spec(fmt, &args, &spec);
		if (*fmt && convert(&out, &spec, *fmt, &args)) {
			fmt++;
			continue;
		}
		/* What follows may have arguments of unknown size: the rest as it stands. */
		while (*start)
			put(&out, *start++);
		break;
	}
	va_end(args);
	if (size)
		buf[MIN(out.len, size - 1)] = '\0';
	return (int)out.len;
}

int format_string(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = format_vstring(buf, size, fmt, ap);
	va_end(ap);
	return len;
}

// SPDX-License-Identifier: Apache-2.0
/* The command line, taken apart once: settings as "key=value" strings, then the commands. */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "kernel/lib/log.h"
#include "kernel/lib/number.h"
#include "platform/platform.h"

/* There is no memory to ask for yet. The most that is taken; Linux takes 1 or 2 KiB. */
#define ARGUMENTS_MAX 32768

static struct {
	/* A setting becomes one byte longer, a separator stays where it was: less than twice as long. */
	char text[2 * ARGUMENTS_MAX + 2];
	size_t settings_len; /* "key=value", each ended by NUL */
	size_t len;
} args;

static bool is_key_start(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_key(char c)
{
	return is_key_start(c) || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_setting(const char *word)
{
	if (!is_key_start(*word))
		return false;
	while (is_key(*word))
		word++;
	return *word == '=';
}

/* Where the word ends: at a blank or ';' that is not quoted. */
static const char *word_end(const char *at)
{
	char quote = 0;

	for (; *at && (quote || (!is_blank(*at) && *at != ';')); at++) {
		if (quote)
			quote = *at == quote ? 0 : quote;
		else if (*at == '"' || *at == '\'')
			quote = *at;
	}
	return at;
}

static void add(const char *bytes, size_t len)
{
	memcpy(args.text + args.len, bytes, len);
	args.len += len;
}

static void add_char(char c)
{
	args.text[args.len++] = c;
}

/* A value is the word behind '=', without quotes. */
static void add_setting(const char *word, const char *end)
{
	char quote = 0;

	for (; word < end; word++) {
		if (quote ? *word == quote : *word == '"' || *word == '\'')
			quote = quote ? 0 : *word;
		else
			add_char(*word);
	}
	add_char('\0');
}

/* One pass over the words: settings, or everything else. */
static void take(const char *at, bool settings)
{
	while (*at) {
		const char *end = word_end(at);

		if (end == at)
			end++;
		if (is_setting(at) && settings)
			add_setting(at, end);
		else if (!is_setting(at) && !settings)
			add(at, (size_t)(end - at));
		at = end;
	}
	add_char('\0');
}

int platform_arguments_init(const char *bootargs)
{
	bool fits = strlen(bootargs) <= ARGUMENTS_MAX;

	args.len = 0;
	take(fits ? bootargs : "", true);
	args.settings_len = args.len;
	take(fits ? bootargs : "", false);
	if (fits)
		return 0;
	log_error("boot arguments longer than %u bytes: none is taken", ARGUMENTS_MAX);
	return -E2BIG;
}

const char *platform_commands(void)
{
	return args.text + args.settings_len;
}

const char *platform_setting(const char *key, const char *fallback)
{
	size_t len = strlen(key);

	for (const char *s = args.text; s < args.text + args.settings_len; s += strlen(s) + 1)
		if (!strncmp(s, key, len) && s[len] == '=')
			fallback = s + len + 1;
	return fallback;
}

unsigned long platform_setting_number(const char *key, unsigned long fallback)
{
	const char *text = platform_setting(key, NULL);
	unsigned long long value;

	if (!text)
		return fallback;
	if (parse_number(text, ULONG_MAX, &value)) {
		log_warn("setting %s=%s is not a number: %lu is used", key, text, fallback);
		return fallback;
	}
	return (unsigned long)value;
}

// SPDX-License-Identifier: Apache-2.0
#include "apps/words.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/*
 * One word from *from, without its quotes, to `to`, which never passes *from. What ended
 * it: a blank, ';' or NUL; or a quote that is not closed.
 */
static char take_word(char **from, char *to)
{
	char *at = *from, quote = 0, end;

	for (; *at && (quote || (!is_blank(*at) && *at != ';')); at++) {
		if (quote ? *at == quote : *at == '"' || *at == '\'')
			quote = quote ? 0 : *at;
		else
			*to++ = *at;
	}
	end = *at;
	*from = end ? at + 1 : at;
	*to = '\0';
	return quote ? quote : end;
}

int words_split(char **line, char **argv)
{
	int n = 0;

	for (;;) {
		char end;

		while (is_blank(**line))
			(*line)++;
		if (!**line)
			break;
		if (**line == ';') {
			(*line)++;
			break;
		}
		argv[n] = *line;
		end = take_word(line, argv[n]);
		n++;
		if (end == '"' || end == '\'')
			return -EINVAL;
		if (end == ';')
			break;
	}
	argv[n] = NULL;
	return n;
}

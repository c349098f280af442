// SPDX-License-Identifier: Apache-2.0
#include "kernel/lib/glob.h"

#include <stddef.h>

bool glob_match(const char *pattern, const char *text)
{
	const char *star = NULL, *rest = NULL;

	/* The last '*' takes one byte more each time that what follows it does not match. */
	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			rest = text;
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star;
			text = ++rest;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

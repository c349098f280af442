// SPDX-License-Identifier: Apache-2.0
#include "kernel/lib/number.h"

#include <errno.h>
#include <limits.h>

/* base or more: no digit. */
static unsigned digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return UINT_MAX;
}

int parse_number(const char *word, unsigned long long max, unsigned long long *value)
{
	unsigned base = word[0] == '0' && (word[1] == 'x' || word[1] == 'X') ? 16 : 10;
	unsigned long long number = 0;

	if (base == 16)
		word += 2;
	if (!*word)
		return -EINVAL;
	for (; *word; word++) {
		unsigned d = digit(*word);

		if (d >= base || number > (ULLONG_MAX - d) / base)
			return -EINVAL;
		number = number * base + d;
	}
	if (number > max)
		return -EINVAL;
	*value = number;
	return 0;
}

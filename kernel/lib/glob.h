/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/* Does the pattern match all of text? '*' stands for any bytes, none too. No libc, any context. */
bool glob_match(const char *pattern, const char *text);

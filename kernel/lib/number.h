/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * A whole word as a decimal or 0x number of at most max: 0, or -EINVAL (*value
 * untouched). No libc, any context.
 */
int parse_number(const char *word, unsigned long long max, unsigned long long *value);

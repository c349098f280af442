/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * newlib on several harts: a reent a hart (errno, stdio, the freelist of dtoa) and
 * recursive locks around what they share. Thread context only: a handler that calls what
 * needs either panics. Functions of <string.h> that only move bytes need neither.
 */

/* Boot: after the harts are known, before another one starts and before the first printf. */
void libc_init(void);

/* Of kernel/libc alone. Panics when called from a handler. */
void libc_check_context(void);
/* Boot: room for n locks that are made at run time. */
void libc_locks_init(unsigned n);

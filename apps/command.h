/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

#include "kernel/lib/table.h"

/*
 * A shell command. run prints to stdout with newlib; returns 0, or non-zero after
 * exactly one line from command_error(). argv[0] is the name; argv[argc] NULL.
 * Thread context, on the hart of the shell.
 */
struct command {
	const char *name;
	const char *usage; /* arguments, "" for none */
	const char *help;  /* one line */
	int (*run)(int argc, char **argv);
};
TABLE_DECLARE(struct command, command);

/* Prints "error: ..." and a newline; returns -1 for `return command_error(...)`. */
int command_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Same with the command's usage. */
int command_usage(const struct command *cmd);

/* Whole decimal or 0x number of at most max: 0, or -EINVAL. */
int command_number(const char *word, unsigned long long max, unsigned long long *value);

/* NULL: no such command. */
const struct command *command_find(const char *name);
/* Runs the command that argv[0] names; its result, or -1 after the line that says there is none. */
int command_run(int argc, char **argv);

/*
 * Runs one line: commands separated by ';', words by blanks; in ' or " both are ordinary.
 * All of them run, whatever fails. Non-zero if any failed.
 */
int shell_run(const char *line);
/* Boot arguments, then the prompt for ever. */
_Noreturn void shell_main(void);
/* The hart (index) whose thread is the shell. */
unsigned shell_hart(void);
/* Did any command fail since boot? (status of `poweroff`) */
bool shell_failed(void);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>

/* The machine's name from the device tree (model). */
const char *platform_model(void);
/* The word that PLATFORM= named, as the lines of benchmarks show it. */
const char *platform_name(void);

/*
 * Provided by each platform. Boot, before anything reads the tree: the flattened device tree to use,
 * which is the one that the firmware gave, or another that it gives when it is asked. given may be anything.
 */
const void *platform_device_tree(const void *given);

/*
 * Boot arguments. A word `key=value` whose key is made of a-z, 0-9, '.', '_', '-' and
 * begins with a letter is a setting, wherever it stands; the rest are the commands. So
 * parameters of commands have keys in capitals (`test stress.all SECONDS=600`), or the word
 * is quoted. Quotes (' and ") keep blanks and ';' in a word, and are taken off a setting.
 *
 * The value of the setting `key=` from the command line, or fallback. The string lives
 * for ever. Later settings win. _number: decimal or 0x; what is no number is logged,
 * and fallback used.
 */
const char *platform_setting(const char *key, const char *fallback);
unsigned long platform_setting_number(const char *key, unsigned long fallback);
/* The commands of the boot arguments, without settings, separated by ';'. Never NULL. */
const char *platform_commands(void);
/* Splits the command line; once at boot, before the above. 0, or -E2BIG (over 32 KiB): nothing taken, logged. */
int platform_arguments_init(const char *bootargs);

/* How the machine ends; provided by a driver through platform_set_power(). */
struct power_ops {
	const char *name;
	unsigned rating;
	bool carries_status;
	void (*off)(unsigned status); /* does not return if it works */
	void (*reset)(void);
};
void platform_set_power(const struct power_ops *ops);
/* Any context. status 0: success. */
_Noreturn void platform_power_off(unsigned status);
_Noreturn void platform_reset(void);

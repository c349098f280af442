/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Tables that the linker gathers: one entry a file, no central list. Entries are
 * sorted by class (a digit), then by name, never by link order; the linker script
 * KEEPs .table.* and gives each table its bounds.
 *
 *	TABLE_ENTRY(struct command, command, 5, lspci) = { .name = "lspci", ... };
 *
 *	const struct command *c;
 *	for_each_table_entry(command, c) ...
 *
 * The header that declares the type says TABLE_DECLARE(struct command, command).
 */
#define TABLE_ENTRY(type, table, class_, name)                   \
	static const type table##_entry_##name                   \
		__attribute__((used, aligned(__alignof__(type)), \
			       section(".table." #table "." #class_ "." #name)))

#define TABLE_DECLARE(type, table) extern const type table_##table##_start[], table_##table##_end[]

#define for_each_table_entry(table, it) \
	for ((it) = table_##table##_start; (it) < table_##table##_end; (it)++)

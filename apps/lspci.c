// SPDX-License-Identifier: Apache-2.0
#include "apps/lspci.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/command.h"
#include "apps/pci_class.h"
#include "drivers/pci/pci_regs.h"

struct options {
	unsigned numeric, verbose, dump;
	bool tree;
	struct lspci_slot slot;
};

bool lspci_segments(void)
{
	for (const struct pci_function *fn = pci_first(); fn; fn = fn->next)
		if (fn->msi.segment)
			return true;
	return false;
}

/* One hexadecimal field of a slot; an empty one or '*' is any. */
static bool parse_field(const char *text, size_t len, unsigned long max, int *value)
{
	char *end;
	unsigned long n;

	*value = -1;
	if (!len || (len == 1 && *text == '*'))
		return true;
	n = strtoul(text, &end, 16);
	if (end != text + len || n > max || *text == '-' || *text == '+')
		return false;
	*value = (int)n;
	return true;
}

bool lspci_parse_slot(const char *text, struct lspci_slot *slot)
{
	const char *device = strrchr(text, ':'), *dot, *bus = text;
	const char *colon = strchr(text, ':');

	*slot = (struct lspci_slot){ -1, -1, -1, -1 };
	if (device && colon != device) {
		bus = colon + 1;
		if (!parse_field(text, (size_t)(colon - text), UINT16_MAX, &slot->segment))
			return false;
	}
	if (device && !parse_field(bus, (size_t)(device - bus), UINT8_MAX, &slot->bus))
		return false;
	device = device ? device + 1 : text;
	dot = strchr(device, '.');
	if (!parse_field(device, dot ? (size_t)(dot - device) : strlen(device), 31, &slot->device))
		return false;
	return !dot || parse_field(dot + 1, strlen(dot + 1), 7, &slot->function);
}

static bool matches(const struct lspci_slot *slot, const struct pci_function *fn)
{
	int rid = fn->msi.rid;

	return (slot->segment < 0 || slot->segment == fn->msi.segment) &&
	       (slot->bus < 0 || slot->bus == rid >> 8) &&
	       (slot->device < 0 || slot->device == ((rid >> 3) & 31)) &&
	       (slot->function < 0 || slot->function == (rid & 7));
}

static void print_class(uint16_t class_, unsigned numeric)
{
	const char *name = pci_class_name(class_), *base = pci_base_class_name(class_ >> 8);

	if (numeric == 1)
		printf("%04x", class_);
	else if (name && numeric)
		printf("%s [%04x]", name, class_);
	else if (name)
		printf("%s", name);
	else if (base)
		printf("%s [%04x]", base, class_);
	else
		printf(numeric ? "Class [%04x]" : "Class %04x", class_);
}

/* There is no database of names here: the form that pciutils has for unknown IDs. */
static void print_function(const struct pci_function *fn, const struct options *options)
{
	unsigned revision = fn->class_rev & 0xff, interface = (fn->class_rev >> 8) & 0xff;
	const char *name = pci_interface_name(fn->class_rev >> 8);

	if (lspci_segments())
		printf("%04x:", fn->msi.segment);
	printf("%02x:%02x.%x ", fn->msi.rid >> 8, (fn->msi.rid >> 3) & 31, fn->msi.rid & 7);
	print_class((uint16_t)(fn->class_rev >> 16), options->numeric);
	printf(options->numeric == 1 ? ": " : ": Device ");
	printf(options->numeric == 2 ? "[%04x:%04x]" : "%04x:%04x", fn->vendor, fn->device);
	if (revision)
		printf(" (rev %02x)", revision);
	if (options->verbose && (interface || name)) {
		printf(" (prog-if %02x", interface);
		printf(name ? " [%s])" : ")", name);
	}
	putchar('\n');
}

void lspci_dump(const struct pci_function *fn, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i += 4) {
		uint32_t value = pci_read32(fn, i);

		if (i % 16 == 0)
			printf("%02x:", i);
		printf(" %02x %02x %02x %02x", value & 0xff, (value >> 8) & 0xff,
		       (value >> 16) & 0xff, value >> 24);
		if (i % 16 == 12)
			putchar('\n');
	}
}

static unsigned dump_bytes(const struct pci_function *fn, unsigned dump)
{
	if (dump == 1)
		return 64;
	return dump == 4 && fn->cap_pcie ? fn->host->config_size : PCI_CONFIG_SIZE;
}

static void show(const struct pci_function *fn, const struct options *options)
{
	print_function(fn, options);
	if (options->verbose)
		lspci_details(fn);
	if (options->dump)
		lspci_dump(fn, dump_bytes(fn, options->dump));
	if (options->verbose || options->dump)
		putchar('\n');
}

static bool parse_letters(const char *letters, struct options *options)
{
	for (; *letters; letters++) {
		switch (*letters) {
		case 'n':
			options->numeric++;
			break;
		case 'v':
			options->verbose++;
			break;
		case 'x':
			options->dump++;
			break;
		case 't':
			options->tree = true;
			break;
		default:
			return false;
		}
	}
	return options->numeric <= 2 && options->dump != 2 && options->dump <= 4;
}

static const struct command command_entry_lspci;

/* 0, or what is left to return. */
static int parse(int argc, char **argv, struct options *options)
{
	lspci_parse_slot("", &options->slot);
	for (int i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "-s", 2)) {
			const char *slot = argv[i][2] ? argv[i] + 2 : argv[++i];

			if (!slot)
				return command_usage(&command_entry_lspci);
			if (!lspci_parse_slot(slot, &options->slot))
				return command_error("lspci: %s is no slot", slot);
		} else if (argv[i][0] != '-' || !argv[i][1] ||
			   !parse_letters(argv[i] + 1, options)) {
			return command_usage(&command_entry_lspci);
		}
	}
	return 0;
}

static int run(int argc, char **argv)
{
	struct options options = { 0 };
	unsigned shown = 0;

	if (parse(argc, argv, &options))
		return -1;
	if (options.tree) {
		lspci_tree(options.verbose);
		return 0;
	}
	for (const struct pci_function *fn = pci_first(); fn; fn = fn->next) {
		if (!matches(&options.slot, fn))
			continue;
		show(fn, &options);
		shown++;
	}
	return shown ? 0 : command_error("lspci: no such function");
}

TABLE_ENTRY(struct command, command, 5, lspci) = {
	.name = "lspci",
	.usage = "[-n] [-v] [-t] [-x|-xxx|-xxxx] [-s BDF]",
	.help = "lists PCI functions",
	.run = run,
};

// SPDX-License-Identifier: Apache-2.0
/* lspci -t: the bridges, and what hangs below each. */
#include <stdio.h>
#include <string.h>

#include "apps/lspci.h"

/* Deeper trees than fit in a line are cut, not wrapped. */
struct line {
	char text[256];
	size_t len;
};

static void append(struct line *line, const char *text)
{
	size_t n = strlen(text);

	if (n > sizeof(line->text) - 1 - line->len)
		n = sizeof(line->text) - 1 - line->len;
	memcpy(line->text + line->len, text, n);
	line->len += n;
	line->text[line->len] = '\0';
}

/* Prints the line; what stays of its first len bytes are the stems of what follows below. */
static void finish(struct line *line)
{
	puts(line->text);
	for (size_t i = 0; i < line->len; i++)
		line->text[i] = line->text[i] == '+' || line->text[i] == '|' ? '|' : ' ';
}

static const struct pci_function *next_child(const struct pci_host *host,
					     const struct pci_function *parent,
					     const struct pci_function *after)
{
	const struct pci_function *fn = after ? after->next : pci_first();

	while (fn && (fn->host != host || fn->parent != parent))
		fn = fn->next;
	return fn;
}

static void cut(struct line *line, size_t len)
{
	line->len = len;
	line->text[len] = '\0';
}

static void print_bus(struct line *line, const struct pci_host *host,
		      const struct pci_function *parent, bool details);

static void print_below(struct line *line, const struct pci_function *fn, bool details)
{
	const struct pci_bridge *bridge = fn->bridge;
	char buses[16];

	if (bridge->subordinate == bridge->secondary)
		snprintf(buses, sizeof(buses), "-[%02x]--", bridge->secondary);
	else
		snprintf(buses, sizeof(buses), "-[%02x-%02x]--", bridge->secondary,
			 bridge->subordinate);
	append(line, buses);
	print_bus(line, fn->host, fn, details);
}

static void print_child(struct line *line, const struct pci_function *fn, bool details)
{
	char text[32];

	snprintf(text, sizeof(text), "%02x.%x", (fn->msi.rid >> 3) & 31, fn->msi.rid & 7);
	append(line, text);
	if (fn->bridge && fn->bridge->secondary) {
		print_below(line, fn, details);
		return;
	}
	if (details) {
		snprintf(text, sizeof(text), "  Device %04x:%04x", fn->vendor, fn->device);
		append(line, text);
	}
	finish(line);
}

static void print_bus(struct line *line, const struct pci_host *host,
		      const struct pci_function *parent, bool details)
{
	const struct pci_function *fn = next_child(host, parent, NULL), *next;
	size_t start = line->len;

	if (!fn) {
		finish(line);
		return;
	}
	next = next_child(host, parent, fn);
	if (!next) {
		append(line, "--");
		print_child(line, fn, details);
		return;
	}
	for (; next; fn = next, next = next_child(host, parent, fn)) {
		append(line, "+-");
		print_child(line, fn, details);
		cut(line, start);
	}
	append(line, "\\-");
	print_child(line, fn, details);
}

/* The first function of each host bridge's own bus stands for the host. */
static const struct pci_function *next_host(const struct pci_function *after)
{
	const struct pci_function *fn = after ? after->next : pci_first();

	while (fn && after && fn->host == after->host)
		fn = fn->next;
	return fn;
}

void lspci_tree(bool details)
{
	const struct pci_function *fn = next_host(NULL), *next;
	bool many = fn && next_host(fn);
	struct line line = { .len = 0 };

	for (; fn; fn = next) {
		char text[32];

		next = next_host(fn);
		snprintf(text, sizeof(text), "%s-[%04x:%02x]-",
			 !many  ? ""
			 : next ? "-+"
				: " \\",
			 fn->msi.segment, fn->host->first_bus);
		cut(&line, 0);
		append(&line, text);
		print_bus(&line, fn->host, NULL, details);
	}
}

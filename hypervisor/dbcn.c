// SPDX-License-Identifier: Apache-2.0
/*
 * SBI Debug Console (SBI 2.0, chapter 12): one line for all guests. Alone, a guest has it byte by byte;
 * with others beside it, lines go out whole, and those of guest 1 and on say whose they are.
 */
#include <string.h>

#include "arch/early_console.h"
#include "arch/sbi.h"
#include "hypervisor/vm.h"
#include "kernel/console.h"
#include "kernel/lib/log.h"

enum { DBCN_WRITE, DBCN_READ, DBCN_WRITE_BYTE };

/* Who left the console's line without an end, such as a prompt: another's line does not go on there. */
static const struct guest *unended;
static struct spinlock unended_lock;

static void put_text(const struct guest *guest, const char *text, size_t n, bool ended)
{
	irqflags_t flags = spin_lock_irq(&unended_lock);

	if (unended && unended != guest)
		console_write("\n", 1);
	console_write(text, n);
	unended = ended ? NULL : guest;
	spin_unlock_irq(&unended_lock, flags);
}

static void put_line(struct guest *guest, bool ended)
{
	char text[CONSOLE_WIDTH + 8] = "g0: ";
	size_t at = guest->number ? 4 : 0;

	text[1] = (char)('0' + guest->number);
	memcpy(text + at, guest->line.text, guest->line.len);
	at += guest->line.len;
	if (ended)
		text[at++] = '\n';
	put_text(guest, text, at, ended);
	guest->line.len = 0;
}

/* The console ends lines itself. Lock held. */
static void put(struct guest *guest, char c)
{
	if (c == '\n')
		put_line(guest, true);
	else if (c != '\r')
		guest->line.text[guest->line.len++] = c;
	if (guest->line.len == CONSOLE_WIDTH)
		put_line(guest, guest->number);
}

void dbcn_flush(struct guest *guest)
{
	irqflags_t flags = spin_lock_irq(&guest->lock);

	if (guest->line.len)
		put_line(guest, guest->number);
	spin_unlock_irq(&guest->lock, flags);
}

static void write_bytes(struct guest *guest, const volatile char *bytes, size_t n)
{
	irqflags_t flags = spin_lock_irq(&guest->lock);

	for (size_t i = 0; i < n; i++)
		put(guest, bytes[i]);
	if (nr_guests == 1 && guest->line.len)
		put_line(guest, false);
	spin_unlock_irq(&guest->lock, flags);
}

static long read_bytes(struct guest *guest, volatile char *bytes, size_t n)
{
	size_t got = 0;
	int c;

	if (guest->number)
		return 0;
	/* It waits for somebody: what it has said so far shall be seen. */
	dbcn_flush(guest);
	while (got < n && (c = arch_early_poll()) >= 0)
		bytes[got++] = (char)c;
	return (long)got;
}

/* Bytes a call, so that a hart comes back to its own interrupts. The guest calls again. */
#define MOST 1024ul

struct sbiret dbcn_call(struct vcpu *vcpu, unsigned long fid, const unsigned long *args)
{
	struct guest *guest = vcpu->guest;
	size_t n = MIN(args[0], MOST);

	switch (fid) {
	case DBCN_WRITE_BYTE: {
		char c = (char)args[0];

		write_bytes(guest, &c, 1);
		return (struct sbiret){ 0 };
	}
	case DBCN_WRITE:
	case DBCN_READ:
		if (args[2] || (args[0] && !guest_has_ram(guest, args[1], args[0])))
			return (struct sbiret){ .error = SBI_ERR_INVALID_PARAM };
		if (fid == DBCN_READ)
			return (struct sbiret){ .value = read_bytes(guest, (char *)args[1], n) };
		write_bytes(guest, (const char *)args[1], n);
		return (struct sbiret){ .value = (long)n };
	default:
		return (struct sbiret){ .error = SBI_ERR_NOT_SUPPORTED };
	}
}

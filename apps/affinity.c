// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>

#include "apps/command.h"
#include "kernel/irq.h"
#include "kernel/smp.h"
#include "kernel/time.h"

#define MOVE_TIMEOUT_MS 1000

/* Somebody else may have been at work on the vector, and makes the move. */
static bool settled(void *arg)
{
	return irq_settled(arg);
}

static bool can_be_moved(const struct irq_desc *desc)
{
	uint32_t state = atomic_load_explicit(&desc->state, memory_order_relaxed);

	return (desc->kind == IRQ_KIND_MSI || desc->kind == IRQ_KIND_WIRED) && !(state & IRQ_DEAD);
}

static const char *reason(int error, const struct irq_desc *desc, char *buf, size_t size)
{
	switch (error) {
	case -EOPNOTSUPP:
		return desc->kind == IRQ_KIND_MSI
			       ? "the function cannot mask it, and the harts' doorbells are too far apart"
			       : "its controller cannot move it";
	case -ENOSPC:
		return "the hart has no free identity";
	case -EAGAIN:
		return "the hart's free identities are not drained yet";
	case -ENODEV:
		return "the hart is not online";
	default:
		snprintf(buf, size, "error %d", -error);
		return buf;
	}
}

static int move(struct irq_desc *desc, unsigned hart)
{
	unsigned old_hart = desc->hart, old_identity = desc->identity;
	int rc = irq_set_affinity(desc, hart);
	char buf[24];

	if (rc < 0)
		return command_error("affinity: irq %u stays on hart %u: %s", irq_number(desc),
				     old_hart, reason(rc, desc, buf, sizeof(buf)));
	if (!time_wait(settled, desc, MOVE_TIMEOUT_MS) || desc->hart != hart)
		return command_error("affinity: irq %u is on hart %u, somebody else moves it",
				     irq_number(desc), desc->hart);
	printf("irq %u: hart %u identity %u -> hart %u identity %u", irq_number(desc), old_hart,
	       old_identity, desc->hart, desc->identity);
	if (rc)
		printf(", and with it %d other messages of its function", rc);
	putchar('\n');
	return 0;
}

static int run(int argc, char **argv)
{
	unsigned long long irq, hart;
	struct irq_desc *desc;

	if (argc != 3)
		return command_usage(command_find(argv[0]));
	if (command_number(argv[1], UINT32_MAX, &irq))
		return command_error("affinity: %s is not an interrupt number", argv[1]);
	if (command_number(argv[2], UINT32_MAX, &hart) || !smp_online((unsigned)hart))
		return command_error("affinity: there is no hart %s on line", argv[2]);
	desc = irq_desc_at((unsigned)irq);
	if (!desc || !can_be_moved(desc))
		return command_error("affinity: there is no interrupt %s that can be moved",
				     argv[1]);
	return move(desc, (unsigned)hart);
}

TABLE_ENTRY(struct command, command, 5, affinity) = {
	.name = "affinity",
	.usage = "IRQ HART",
	.help = "moves an interrupt to a hart",
	.run = run,
};

// SPDX-License-Identifier: Apache-2.0
// SANITIZE: thread
// SOURCES: drivers/pci/msi_regs.c
/*
 * The mask dword that all messages of a function share (docs/msi.md M5): threads mask
 * and unmask their own messages at once; nobody waits, no wish is lost, and one at a
 * time writes the register.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "drivers/pci/internal.h"
#include "drivers/pci/pci_regs.h"
#include "tests/host/cmocka_test.h"

#define THREADS  4
#define MESSAGES 8    /* a thread */
#define ROUNDS   4000 /* an even multiple of MESSAGES */
#define CAP      0x40

const struct msi_function_ops pci_msix_ops;

static struct pci_function fn;
/* Not atomic: the sanitizer finds two writers, or a writer that does not see the one before. */
static uint32_t mask_register;
static atomic_uint writers, overlaps, lost;
static pthread_barrier_t start, end;

const bool msi_checked = true;

int msi_check_change(struct msi_function *msi, enum msi_part part, const struct msi_msg *msg,
		     const void *caller)
{
	(void)msi, (void)part, (void)msg, (void)caller;
	return 0;
}

int msi_check_write(struct msi_function *msi, unsigned i, const struct msi_msg *msg,
		    const void *caller)
{
	(void)msi, (void)i, (void)msg, (void)caller;
	return 0;
}

uint16_t pci_read16(const struct pci_function *f, unsigned offset)
{
	(void)f, (void)offset;
	return 0;
}

void pci_write16(const struct pci_function *f, unsigned offset, uint16_t value)
{
	(void)f, (void)offset, (void)value;
}

uint32_t pci_read32(const struct pci_function *f, unsigned offset)
{
	uint32_t value = mask_register;

	(void)f, (void)offset;
	/* Between the write and letting go: the moment for a wish to get lost. */
	sched_yield();
	return value;
}

void pci_write32(const struct pci_function *f, unsigned offset, uint32_t value)
{
	(void)f;
	if (offset != CAP + PCI_MSI_MASK)
		return;
	if (atomic_fetch_add_explicit(&writers, 1, memory_order_relaxed))
		atomic_fetch_add_explicit(&overlaps, 1, memory_order_relaxed);
	mask_register = value;
	atomic_fetch_sub_explicit(&writers, 1, memory_order_relaxed);
}

/* A round: each thread one wish at once with the others, then all look at the register. */
static void *toggle(void *arg)
{
	unsigned first = (unsigned)(uintptr_t)arg * MESSAGES;

	for (unsigned round = 0; round < ROUNDS; round++) {
		unsigned i = first + round % MESSAGES;

		pthread_barrier_wait(&start);
		if (round / MESSAGES % 2)
			pci_msi_ops.unmask(&fn.msi, i);
		else
			pci_msi_ops.mask(&fn.msi, i);
		pthread_barrier_wait(&end);
		if (mask_register != (uint32_t)atomic_load(&fn.msi.msi_mask_wish))
			atomic_fetch_add(&lost, 1);
	}
	return NULL;
}

static void no_wish_is_lost(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	fn.cap_msi = CAP;
	fn.msi_control = PCI_MSI_CONTROL_MASKABLE | 5 << 1;
	fn.msi.msi_count = 32;
	pthread_barrier_init(&start, NULL, THREADS);
	pthread_barrier_init(&end, NULL, THREADS);
	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, toggle, (void *)i);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(lost, 0);
	assert_int_equal(overlaps, 0);
	/* The last round of each message unmasked it; nobody holds OWNED. */
	assert_int_equal(atomic_load(&fn.msi.msi_mask_wish), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_wish_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: Apache-2.0
/* The book of a controller (docs/msi.md M14): completions against submissions. */
#include <errno.h>

#include "drivers/nvme/nvme.h"
#include "kernel/mem.h"
#include "kernel/smp.h"
#include "kernel/time.h"
#include "tests/target/ledger.h"
#include "tests/target/test.h"

#define DEPTH    16
#define COMMANDS 4000

struct flight {
	struct nvme *nvme;
	const struct nvme_namespace *ns;
	struct pci_function *fn;
	struct nvme_request requests[DEPTH];
	uint8_t *buf;
	unsigned vector; /* of the calling hart's queue */
	unsigned started, completed;
};

static bool find_flight(struct flight *flight)
{
	struct nvme_queue_info info;

	for (struct pci_function *fn = pci_first(); fn; fn = fn->next) {
		*flight = (struct flight){ .fn = fn, .nvme = nvme_of(fn) };
		flight->ns = flight->nvme ? nvme_first_usable(flight->nvme) : NULL;
		if (flight->ns &&
		    nvme_queue_info(flight->nvme,
				    (unsigned)nvme_queue_of_hart(flight->nvme, smp_index()),
				    &info)) {
			flight->vector = info.vector;
			return true;
		}
	}
	return false;
}

static bool is_done(void *arg)
{
	const struct nvme_request *request = arg;

	return atomic_load_explicit(&request->done, memory_order_acquire);
}

/* By its interrupt: nvme_finish() would look for the completion itself. */
static int complete(struct flight *flight, struct nvme_request *request)
{
	for (unsigned spin = 0; spin < 1000 && !is_done(request); spin++)
		cpu_relax();
	if (!time_wait(is_done, request, LEDGER_TIMEOUT_MS))
		return -ETIMEDOUT;
	flight->completed++;
	return nvme_finish(flight->nvme, request);
}

/* Always DEPTH under way; their vector goes round the harts meanwhile. */
static int fly(struct flight *flight, bool moves)
{
	const struct irq_desc *desc = flight->fn->msi.descs[flight->vector];
	int err = 0, ended;

	for (unsigned n = 0; n < COMMANDS && !err; n++) {
		struct nvme_request *request = &flight->requests[n % DEPTH];

		if (n >= DEPTH)
			err = complete(flight, request);
		if (!err)
			err = nvme_read_start(flight->nvme, flight->ns, 0, 1, flight->buf, request);
		flight->started += !err;
		if (moves && n % 200 == 100)
			msi_set_affinity(&flight->fn->msi, flight->vector,
					 smp_next_online(desc->hart));
	}
	for (unsigned n = flight->completed; n < flight->started; n++) {
		ended = complete(flight, &flight->requests[n % DEPTH]);
		err = err ? err : ended;
	}
	return err;
}

/* Whatever interrupts merge, no completion is left without one. */
TEST(nvme, completions_balance_submissions)
{
	struct flight flight;
	uint64_t before, runs;
	unsigned home;
	int err;

	SKIP_IF(!find_flight(&flight), "no NVMe disk on this machine");
	flight.buf = dma_alloc(flight.ns->block_size, UINT64_MAX);
	CHECK(flight.buf);
	home = flight.fn->msi.descs[flight.vector]->hart;
	before = msi_handled(&flight.fn->msi, flight.vector);
	err = fly(&flight, flight.fn->msi.ops->type == MSI_MSIX);
	runs = msi_handled(&flight.fn->msi, flight.vector) - before;
	if (flight.fn->msi.ops->type == MSI_MSIX)
		msi_set_affinity(&flight.fn->msi, flight.vector, home);
	dma_free(flight.buf, flight.ns->block_size);
	CHECK_EQ(err, 0);
	CHECK_EQ(flight.completed, COMMANDS);
	CHECK(runs && runs <= COMMANDS);
}

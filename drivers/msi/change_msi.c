// SPDX-License-Identifier: Apache-2.0
/* The protocol of ibm,change-msi: busy answers, sequence numbers, grants that fall short. */
#include <errno.h>

#include "drivers/msi/hypercall.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/log.h"

/* The longest single wait that PAPR knows is 100 s. */
#define BUSY_LIMIT_MS 200000

/* How long the answer asks to wait before the request is repeated; 0: it is no busy answer. */
static uint32_t busy_ms(int32_t status)
{
	uint32_t ms = 1;

	if (status == PAPR_BUSY)
		return ms;
	if (status < PAPR_EXTENDED_BUSY_FIRST || status > PAPR_EXTENDED_BUSY_LAST)
		return 0;
	for (; status > PAPR_EXTENDED_BUSY_FIRST; status--)
		ms *= 10;
	return ms;
}

static int conclude(const struct msi_function *fn, int32_t status, unsigned count, uint32_t granted)
{
	switch (status) {
	case PAPR_SUCCESS:
		if (granted <= count)
			return 0;
		log_error("msi: %s: hypervisor grants %u vectors of %u asked", fn->name, granted,
			  count);
		return -EIO;
	case PAPR_HARDWARE_ERROR:
		return -ENOSPC;
	case PAPR_PARAMETER_ERROR:
		return -ENODEV;
	default:
		log_error("msi: %s: hypervisor answers %d", fn->name, status);
		return -EIO;
	}
}

int change_msi(const struct msi_hypervisor *hv, const struct msi_function *fn,
	       enum change_function function, unsigned count, unsigned *granted)
{
	uint32_t sequence = 1, waited = 0;

	for (;;) {
		struct change_answer answer = { 0 };
		int32_t status = hv->change(fn, function, count, sequence, &answer);
		uint32_t ms = busy_ms(status);
		int rc;

		if (!ms) {
			rc = conclude(fn, status, count, answer.granted);
			*granted = rc ? 0 : answer.granted;
			return rc;
		}
		if (waited + ms > BUSY_LIMIT_MS) {
			log_error("msi: %s: hypervisor busy for over %u s", fn->name,
				  BUSY_LIMIT_MS / 1000);
			hv->change(fn, CHANGE_RESET, 0, 1, &answer);
			return -EAGAIN;
		}
		hv->delay_ms(ms);
		waited += ms;
		sequence = answer.next_sequence;
	}
}

static enum change_function function_for(const struct msi_function *fn, enum msi_type type)
{
	if (type == MSI_MSIX)
		return CHANGE_MSIX;
	return fn->address_limit > UINT32_MAX ? CHANGE_MSI : CHANGE_MSI32;
}

void change_msi_release(const struct msi_hypervisor *hv, const struct msi_function *fn,
			enum msi_type type)
{
	const enum change_function tries[] = { CHANGE_RESET, function_for(fn, type), CHANGE_ANY };
	struct change_answer answer;

	/* None of these is ever busy (LoPAR, "ibm,change-msi"). Hardware error: nothing is held. */
	for (unsigned i = 0; i < ARRAY_SIZE(tries); i++) {
		int32_t status = hv->change(fn, tries[i], 0, 1, &answer);

		if (status == PAPR_SUCCESS || status == PAPR_HARDWARE_ERROR)
			return;
	}
	log_warn("msi: %s: hypervisor does not take its vectors back", fn->name);
}

int change_msi_set(const struct msi_hypervisor *hv, const struct msi_function *fn,
		   enum msi_type type, unsigned min, unsigned max)
{
	unsigned count = type == MSI_MSI ? BIT(log2_floor(max)) : max;

	/* Each round asks for fewer. */
	while (count >= min) {
		unsigned granted = 0;
		int rc = change_msi(hv, fn, function_for(fn, type), count, &granted);

		if (rc == -ENOSPC && count > min) {
			/* Not so many, or not in a row. */
			count = MAX(min, count / 2);
			continue;
		}
		if (rc) {
			/* An answer that says no may have been lost on its way from a yes. */
			if (rc != -ENODEV)
				change_msi_release(hv, fn, type);
			return rc;
		}
		if (granted == count)
			return (int)count;
		if (!granted)
			break;
		/* Held or not: asked again, it is held, in place of what was. */
		count = type == MSI_MSI ? BIT(log2_floor(granted)) : granted;
	}
	change_msi_release(hv, fn, type);
	return -ENOSPC;
}

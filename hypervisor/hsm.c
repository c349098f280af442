// SPDX-License-Identifier: Apache-2.0
/* SBI Hart State Management (SBI 2.0, chapter 9) among the harts of one guest. */
#include "arch/sbi.h"
#include "hypervisor/vm.h"

enum { HSM_START, HSM_STOP, HSM_STATUS, HSM_SUSPEND };
#define SUSPEND_RETENTIVE     0u
#define SUSPEND_NON_RETENTIVE 0x80000000u
/* What the specification keeps for the platform's own. */
#define SUSPEND_PLATFORM      0x10000000u

static struct sbiret error(long what)
{
	return (struct sbiret){ .error = what };
}

static struct sbiret start(const struct guest *guest, const unsigned long *args)
{
	struct vcpu *vcpu = guest_vcpu(guest, args[0]);

	if (!vcpu)
		return error(SBI_ERR_INVALID_PARAM);
	if (!guest_has_ram(guest, args[1], 2))
		return error(SBI_ERR_INVALID_ADDRESS);
	return error(vcpu_start(vcpu, args[1], args[2]) ? SBI_SUCCESS : SBI_ERR_ALREADY_AVAILABLE);
}

static struct sbiret status(const struct guest *guest, const unsigned long *args)
{
	const struct vcpu *vcpu = guest_vcpu(guest, args[0]);

	if (!vcpu)
		return error(SBI_ERR_INVALID_PARAM);
	return (struct sbiret){ .value = atomic_load_explicit(&vcpu->state, memory_order_relaxed) };
}

static struct sbiret suspend(struct vcpu *vcpu, const unsigned long *args)
{
	uint32_t type = (uint32_t)args[0]; /* its upper half counts for nothing */

	if (type != SUSPEND_RETENTIVE && type != SUSPEND_NON_RETENTIVE)
		return error((type & ~SUSPEND_NON_RETENTIVE) < SUSPEND_PLATFORM
				     ? SBI_ERR_INVALID_PARAM
				     : SBI_ERR_NOT_SUPPORTED);
	if (type == SUSPEND_NON_RETENTIVE && !guest_has_ram(vcpu->guest, args[1], 2))
		return error(SBI_ERR_INVALID_ADDRESS);
	vcpu_suspend(vcpu);
	if (type == SUSPEND_NON_RETENTIVE) {
		vcpu_resume_at(vcpu, args[1], args[2]);
		/* a0 and a1 are the hart ID and the opaque value, not an answer. */
		return (struct sbiret){ .error = (long)vcpu->hart_id, .value = (long)args[2] };
	}
	return error(SBI_SUCCESS);
}

struct sbiret hsm_call(struct vcpu *vcpu, unsigned long fid, const unsigned long *args)
{
	switch (fid) {
	case HSM_START:
		return start(vcpu->guest, args);
	case HSM_STOP:
		vcpu_stop(vcpu);
		return error(SBI_SUCCESS);
	case HSM_STATUS:
		return status(vcpu->guest, args);
	case HSM_SUSPEND:
		return suspend(vcpu, args);
	default:
		return error(SBI_ERR_NOT_SUPPORTED);
	}
}

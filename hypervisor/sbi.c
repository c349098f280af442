// SPDX-License-Identifier: Apache-2.0
/* The Supervisor Binary Interface as guests see it: SBI 2.0, chapters 4 to 12, and docs/sbi-msi.md. */
#include "arch/sbi.h"

#include "arch/csr.h"
#include "hypervisor/iommu.h"
#include "hypervisor/vm.h"
#include "kernel/smp.h"

#define SBI_VERSION_2_0    0x02000000
#define SBI_IMPLEMENTATION 0x546f63 /* "Toc": none of those that SBI names */

#define SBI_EXT_RFENCE 0x52464e43
#define SBI_EXT_COUNTERS 0x08485643 /* "HVC", in the space of experiments */

enum { BASE_SPEC_VERSION, BASE_IMPL_ID, BASE_IMPL_VERSION, BASE_PROBE, BASE_MVENDORID, BASE_MARCHID, BASE_MIMPID };
enum { RFENCE_I, RFENCE_VMA, RFENCE_VMA_ASID, RFENCE_VVMA_ASID = 5, RFENCE_VVMA = 6 };
enum { COUNTERS_INFO, COUNTERS_READ };

#define VS_SOFT BIT64(2)

static const struct sbiret not_supported = { .error = SBI_ERR_NOT_SUPPORTED };
static const struct sbiret invalid = { .error = SBI_ERR_INVALID_PARAM };

static struct sbiret value(long what)
{
	return (struct sbiret){ .value = what };
}

static bool offered(unsigned long ext)
{
	static const unsigned long all[] = { SBI_EXT_BASE, SBI_EXT_TIME, SBI_EXT_IPI,
					     SBI_EXT_RFENCE, SBI_EXT_HSM, SBI_EXT_SRST,
					     SBI_EXT_DBCN, SBI_EXT_MSI, SBI_EXT_COUNTERS };

	for (unsigned i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i] == ext)
			return true;
	return false;
}

static struct sbiret base_call(unsigned long fid, const unsigned long *args)
{
	switch (fid) {
	case BASE_SPEC_VERSION:
		return value(SBI_VERSION_2_0);
	case BASE_IMPL_ID:
		return value(SBI_IMPLEMENTATION);
	case BASE_IMPL_VERSION:
		return value(1);
	case BASE_PROBE:
		return value(offered(args[0]));
	case BASE_MVENDORID:
	case BASE_MARCHID:
	case BASE_MIMPID:
		return sbi_call(SBI_EXT_BASE, fid, 0, 0, 0);
	default:
		return not_supported;
	}
}

static struct sbiret time_call(unsigned long fid, const unsigned long *args)
{
	if (fid != SBI_TIME_SET)
		return not_supported;
	csr_write(CSR_VSTIMECMP, args[0]);
	return value(0);
}

/*
 * A hart mask of SBI: bit i of mask is hart base + i, base -1 is all. Calls fn for each; a hart that the
 * guest has not: -3, and fn is called for none.
 */
static struct sbiret for_harts(struct vcpu *self, unsigned long mask, unsigned long base,
			       void (*fn)(struct vcpu *self, struct vcpu *vcpu, const void *arg),
			       const void *arg)
{
	const struct guest *guest = self->guest;
	bool all = base == ~0ul;

	for (unsigned i = 0; i < 64 && !all; i++)
		if (mask & BIT64(i) && (base + i < base || !guest_vcpu(guest, base + i)))
			return invalid;
	for (unsigned i = 0; i < guest->nr_vcpus; i++) {
		uint64_t bit = guest->vcpus[i]->hart_id - base;

		if (all || (bit < 64 && mask & BIT64(bit)))
			fn(self, guest->vcpus[i], arg);
	}
	return value(0);
}

static void raise_soft(struct vcpu *self, struct vcpu *vcpu, const void *arg)
{
	(void)arg;
	if (vcpu == self) {
		csr_set(CSR_HVIP, VS_SOFT);
		return;
	}
	/* release pairs with the acquire in deliver(): what the guest wrote before is there */
	atomic_store_explicit(&vcpu->soft, 1, memory_order_release);
	vcpu_kick(vcpu);
}

struct fence {
	unsigned long fid, start, size, asid;
};

/* The firmware comes back when it is done; the machine's harts have the guest's names. */
static void fence_one(struct vcpu *self, struct vcpu *vcpu, const void *arg)
{
	const struct fence *fence = arg;

	(void)self;
	sbi_call5(SBI_EXT_RFENCE, fence->fid, 1, vcpu->hart_id, fence->start, fence->size,
		  fence->asid);
}

static struct sbiret rfence_call(struct vcpu *vcpu, unsigned long fid, const unsigned long *args)
{
	struct fence fence = { .start = args[2], .size = args[3], .asid = args[4] };

	switch (fid) {
	case RFENCE_I:
		fence.fid = RFENCE_I;
		break;
	case RFENCE_VMA:
		fence.fid = RFENCE_VVMA;
		break;
	case RFENCE_VMA_ASID:
		fence.fid = RFENCE_VVMA_ASID;
		break;
	default:
		return not_supported;
	}
	return for_harts(vcpu, args[0], args[1], fence_one, &fence);
}

static struct sbiret srst_call(struct vcpu *vcpu, unsigned long fid, const unsigned long *args)
{
	enum { SHUTDOWN, COLD, WARM, REASON_FAILURE = 1 };

	if (fid != SBI_SRST_RESET)
		return not_supported;
	if (args[0] > WARM || args[1] > REASON_FAILURE)
		return invalid;
	guest_off(vcpu->guest, args[1] == REASON_FAILURE, args[0] != SHUTDOWN);
	return value(0);
}

static struct sbiret counters_call(struct vcpu *vcpu, unsigned long fid, const unsigned long *args)
{
	const struct vcpu *of;

	if (fid == COUNTERS_INFO) {
		/* Who looks at what exits there were sees on the console what was kept from functions, too. */
		iommu_log_faults();
		return value(NR_COUNTERS);
	}
	if (fid != COUNTERS_READ)
		return not_supported;
	of = guest_vcpu(vcpu->guest, args[0]);
	if (!of || args[1] >= NR_COUNTERS)
		return invalid;
	return value((long)atomic_load_explicit(&of->counters[args[1]], memory_order_relaxed));
}

static struct sbiret msi_call(struct vcpu *vcpu, unsigned long fid, const unsigned long *args)
{
	uint64_t before = cpu_instret();
	struct sbiret ret = hv_msi_call(vcpu->guest, fid, args);

	vcpu_count(vcpu, COUNT_MSI_CALLS);
	vcpu_count_by(vcpu, COUNT_MSI_WORK, cpu_instret() - before);
	return ret;
}

static struct sbiret call(struct vcpu *vcpu, unsigned long ext, unsigned long fid,
			  const unsigned long *args)
{
	if (ext == SBI_EXT_IPI || ext == SBI_EXT_RFENCE || ext == SBI_EXT_HSM)
		vcpu_count(vcpu, COUNT_PEER_CALLS);
	switch (ext) {
	case SBI_EXT_BASE:
		return base_call(fid, args);
	case SBI_EXT_TIME:
		return time_call(fid, args);
	case SBI_EXT_IPI:
		if (fid != SBI_IPI_SEND)
			return not_supported;
		return for_harts(vcpu, args[0], args[1], raise_soft, NULL);
	case SBI_EXT_RFENCE:
		return rfence_call(vcpu, fid, args);
	case SBI_EXT_HSM:
		return hsm_call(vcpu, fid, args);
	case SBI_EXT_SRST:
		return srst_call(vcpu, fid, args);
	case SBI_EXT_DBCN:
		return dbcn_call(vcpu, fid, args);
	case SBI_EXT_MSI:
		return msi_call(vcpu, fid, args);
	case SBI_EXT_COUNTERS:
		return counters_call(vcpu, fid, args);
	default:
		return not_supported;
	}
}

void sbi_exit(struct vcpu *vcpu)
{
	uint64_t *x = vcpu->regs.x;
	struct sbiret ret;

	/* Behind the call, before it: what it does to the vcpu holds. */
	vcpu->regs.sepc += 4;
	ret = call(vcpu, x[REG_A7], x[REG_A6], &x[REG_A0]);
	x[REG_A0] = (uint64_t)ret.error;
	x[REG_A1] = (uint64_t)ret.value;
}

// SPDX-License-Identifier: Apache-2.0
/* A hart that runs one hart of a guest, and nothing else. */
#include "hypervisor/vcpu.h"

#include <stddef.h>
#include <string.h>

#include "arch/csr.h"
#include "arch/irqflags.h"
#include "drivers/irqchip/imsic_math.h"
#include "hypervisor/vm.h"
#include "kernel/lib/log.h"
#include "kernel/smp.h"

_Static_assert(offsetof(struct vcpu_regs, sepc) == REGS_SEPC, "world.S");
_Static_assert(offsetof(struct vcpu_regs, hstatus) == REGS_HSTATUS, "world.S");
_Static_assert(offsetof(struct vcpu_regs, htinst) == REGS_HTINST, "world.S");
_Static_assert(offsetof(struct vcpu_regs, host_stvec) == REGS_STVEC, "world.S");

/* hstatus, hedeleg, hideleg, henvcfg, hstateen0: the ISA manual, Volume II, "Hypervisor CSRs", "State Enable". */
#define HSTATUS_SPV   BIT64(7)
#define HSTATUS_SPVP  BIT64(8)
#define HSTATUS_VGEIN BIT64(12) /* guest interrupt file 1 */
#define HSTATUS_VSXL  (2ull << 32)

#define SSTATUS_GUEST (SSTATUS_SPP | SSTATUS_SPIE | SSTATUS_FS | SSTATUS_VS)
#define SSTATUS_VS    (3ul << 9)

/* What a kernel handles itself: all but its own calls, and faults of the second stage. */
#define HEDELEG 0xb1ff
#define VS_SOFT     BIT64(2)
#define VS_TIMER    BIT64(6)
#define VS_EXTERNAL BIT64(10)
#define HIDELEG     (VS_SOFT | VS_TIMER | VS_EXTERNAL)
#define HENVCFG     (BIT64(63) | BIT64(62) | BIT64(61) | 0xf0) /* STCE PBMTE ADUE, CBZE CBCFE CBIE */
#define HCOUNTEREN  7
/* SE0, ENVCFG, CSRIND, AIA, IMSIC */
#define HSTATEEN0 (BIT64(63) | BIT64(62) | BIT64(60) | BIT64(59) | BIT64(58))

enum {
	CAUSE_FETCH = 1,
	CAUSE_ILLEGAL = 2,
	CAUSE_CALL = 10,
	CAUSE_GUEST_FETCH = 20,
	CAUSE_GUEST_LOAD = 21,
	CAUSE_VIRTUAL_INSTRUCTION = 22,
	CAUSE_GUEST_STORE = 23,
};

static bool has_stateen;

/* Single-letter extensions stand before the first underscore. */
static bool has_h(void)
{
	dt_node_t cpu = dt_first_child(dt_path("/cpus"));
	const char *isa;

	while (cpu != DT_NONE && !dt_has(cpu, "riscv,isa") && !dt_has(cpu, "riscv,isa-extensions"))
		cpu = dt_next_sibling(cpu);
	if (dt_list_has(cpu, "riscv,isa-extensions", "h"))
		return true;
	isa = dt_string(cpu, "riscv,isa");
	return isa && strcspn(isa, "h") < strcspn(isa, "_");
}

bool vcpu_supported(void)
{
	if (!has_h()) {
		log_error("no guests: the harts have no hypervisor extension");
		return false;
	}
	if (!smp_all_have("sstc") || !smp_all_have("ssaia")) {
		log_error("no guests: they need Sstc and Ssaia");
		return false;
	}
	has_stateen = smp_all_have("smstateen");
	csr_write(CSR_HGEIE, ~0ul);
	if (!(csr_swap(CSR_HGEIE, 0) & BIT64(1))) {
		log_error("no guests: the harts have no guest interrupt file");
		return false;
	}
	return true;
}

void vcpu_kick(const struct vcpu *vcpu)
{
	if (vcpu->hart != smp_index())
		smp_kick(vcpu->hart);
}

/* Nothing of who ran here before is pending, or enabled. */
static void reset_file(unsigned max_id)
{
	csr_write(CSR_VSISELECT, IMSIC_EIDELIVERY);
	csr_write(CSR_VSIREG, 0);
	csr_write(CSR_VSISELECT, IMSIC_EITHRESHOLD);
	csr_write(CSR_VSIREG, 0);
	for (unsigned select = 0; select <= imsic_eix(max_id).select; select += 2) {
		csr_write(CSR_VSISELECT, IMSIC_EIE0 + select);
		csr_write(CSR_VSIREG, 0);
		csr_write(CSR_VSISELECT, IMSIC_EIP0 + select);
		csr_write(CSR_VSIREG, 0);
	}
	csr_write(CSR_VSISELECT, 0);
}

static void reset_guest_csrs(const struct vcpu *vcpu)
{
	csr_write(CSR_VSSTATUS, 0);
	csr_write(CSR_VSIE, 0);
	csr_write(CSR_VSTVEC, 0);
	csr_write(CSR_VSSCRATCH, 0);
	csr_write(CSR_VSEPC, 0);
	csr_write(CSR_VSCAUSE, 0);
	csr_write(CSR_VSTVAL, 0);
	csr_write(CSR_VSATP, 0);
	csr_write(CSR_HVIP, 0);
	csr_write(CSR_VSTIMECMP, ~0ul);
	csr_write(CSR_HGATP, gstage_hgatp(&vcpu->guest->gstage));
	/* hfence.gvma x0, x0: before this hart walks the tables of hgatp. */
	__asm__ volatile(".insn r 0x73, 0, 0x31, x0, x0, x0" ::: "memory");
	/* hfence.vvma x0, x0: what an earlier start of this hart has left. */
	__asm__ volatile(".insn r 0x73, 0, 0x11, x0, x0, x0" ::: "memory");
}

static void set_entry(struct vcpu *vcpu, uint64_t entry, uint64_t opaque)
{
	vcpu->regs.sepc = entry;
	vcpu->regs.sstatus = SSTATUS_GUEST;
	vcpu->regs.hstatus = HSTATUS_VSXL | HSTATUS_VGEIN | HSTATUS_SPV | HSTATUS_SPVP;
	vcpu->regs.x[REG_A0] = vcpu->hart_id;
	vcpu->regs.x[REG_A1] = opaque;
}

void vcpu_resume_at(struct vcpu *vcpu, uint64_t entry, uint64_t opaque)
{
	csr_clear(CSR_VSSTATUS, SSTATUS_SIE);
	csr_write(CSR_VSATP, 0);
	set_entry(vcpu, entry, opaque);
}

void vcpu_reset(struct vcpu *vcpu, uint64_t entry, uint64_t opaque)
{
	csr_write(CSR_HEDELEG, HEDELEG);
	csr_write(CSR_HIDELEG, HIDELEG);
	csr_write(CSR_HENVCFG, HENVCFG);
	csr_write(CSR_HCOUNTEREN, HCOUNTEREN);
	csr_write(CSR_HTIMEDELTA, 0);
	csr_write(CSR_HGEIE, 0);
	if (has_stateen)
		csr_write(CSR_HSTATEEN0, HSTATEEN0);
	csr_write(CSR_HSTATUS, HSTATUS_VSXL | HSTATUS_VGEIN);
	reset_guest_csrs(vcpu);
	reset_file(smp_hart(vcpu->hart)->max_id);
	atomic_store_explicit(&vcpu->soft, 0, memory_order_relaxed);
	vcpu->regs = (struct vcpu_regs){ 0 };
	set_entry(vcpu, entry, opaque);
}

bool vcpu_start(struct vcpu *vcpu, uint64_t entry, uint64_t opaque)
{
	irqflags_t flags = spin_lock_irq(&vcpu->guest->lock);
	/* acquire pairs with the release in vcpu_stop() */
	bool stopped = atomic_load_explicit(&vcpu->state, memory_order_acquire) == VCPU_STOPPED;

	if (stopped) {
		vcpu->start = entry;
		vcpu->opaque = opaque;
		/* release pairs with the acquire in wait_for_start() */
		atomic_store_explicit(&vcpu->state, VCPU_START_PENDING, memory_order_release);
	}
	spin_unlock_irq(&vcpu->guest->lock, flags);
	if (stopped)
		vcpu_kick(vcpu);
	return stopped;
}

void vcpu_stop(struct vcpu *vcpu)
{
	/* release: what it did comes before somebody starts it again */
	atomic_store_explicit(&vcpu->state, VCPU_STOPPED, memory_order_release);
}

/* The hypervisor's interrupts that wait, if any. Interrupts off before and after. */
static void serve_interrupts(void)
{
	irq_enable();
	irq_disable();
}

static bool guest_is_off(const struct vcpu *vcpu)
{
	/* relaxed: it says stop, no more */
	return atomic_load_explicit(&vcpu->guest->off, memory_order_relaxed);
}

/* What other harts have asked for. */
static void deliver(struct vcpu *vcpu)
{
	/* acquire pairs with the release of who set it: what that hart wrote is there for the handler */
	if (atomic_load_explicit(&vcpu->soft, memory_order_relaxed) &&
	    atomic_exchange_explicit(&vcpu->soft, 0, memory_order_acquire))
		csr_set(CSR_HVIP, VS_SOFT);
}

void vcpu_suspend(struct vcpu *vcpu)
{
	atomic_store_explicit(&vcpu->state, VCPU_SUSPENDED, memory_order_relaxed);
	for (;;) {
		deliver(vcpu);
		if (csr_read(CSR_HIP) & csr_read(CSR_HIE) & HIDELEG || guest_is_off(vcpu))
			break;
		cpu_wait();
		serve_interrupts();
	}
	atomic_store_explicit(&vcpu->state, VCPU_STARTED, memory_order_relaxed);
}

void vcpu_inject(struct vcpu *vcpu, uint64_t cause, uint64_t value)
{
	uint64_t status = csr_read(CSR_VSSTATUS);

	/* As the hart does it (the ISA manual, Volume II, "Trap Entry"). */
	status = (status & ~(SSTATUS_SPP | SSTATUS_SPIE | SSTATUS_SIE)) |
		 (status & SSTATUS_SIE ? SSTATUS_SPIE : 0) | (vcpu->regs.sstatus & SSTATUS_SPP);
	csr_write(CSR_VSSTATUS, status);
	csr_write(CSR_VSEPC, vcpu->regs.sepc);
	csr_write(CSR_VSCAUSE, cause);
	csr_write(CSR_VSTVAL, value);
	vcpu->regs.sepc = csr_read(CSR_VSTVEC) & ~3ul;
	vcpu->regs.sstatus |= SSTATUS_SPP;
	vcpu->regs.hstatus |= HSTATUS_SPVP;
}

static void handle_exit(struct vcpu *vcpu)
{
	struct vcpu_regs *regs = &vcpu->regs;

	vcpu_count(vcpu, COUNT_EXITS);
	if (regs->scause & SCAUSE_INTERRUPT) {
		vcpu_count(vcpu, COUNT_INTERRUPTS);
		serve_interrupts();
		return;
	}
	switch (regs->scause) {
	case CAUSE_CALL:
		vcpu_count(vcpu, COUNT_CALLS);
		sbi_exit(vcpu);
		return;
	case CAUSE_GUEST_LOAD:
	case CAUSE_GUEST_STORE:
		mmio_exit(vcpu);
		return;
	case CAUSE_GUEST_FETCH:
		vcpu_count(vcpu, COUNT_REFUSED);
		vcpu_inject(vcpu, CAUSE_FETCH, regs->stval);
		return;
	case CAUSE_VIRTUAL_INSTRUCTION:
		vcpu_count(vcpu, COUNT_INSTRUCTIONS);
		vcpu_inject(vcpu, CAUSE_ILLEGAL, regs->stval);
		return;
	default:
		log_error("guest %u, hart %lu: trap %lu at 0x%lx that nobody knows, it stops",
			  vcpu->guest->number, (unsigned long)vcpu->hart_id,
			  (unsigned long)regs->scause, (unsigned long)regs->sepc);
		guest_off(vcpu->guest, true, false);
	}
}

static void wait_for_start(struct vcpu *vcpu)
{
	/* acquire pairs with the release in vcpu_start() */
	while (guest_is_off(vcpu) ||
	       atomic_load_explicit(&vcpu->state, memory_order_acquire) != VCPU_START_PENDING) {
		cpu_wait();
		serve_interrupts();
	}
	vcpu_reset(vcpu, vcpu->start, vcpu->opaque);
	atomic_store_explicit(&vcpu->state, VCPU_STARTED, memory_order_relaxed);
}

static bool runs(const struct vcpu *vcpu)
{
	/* relaxed: only this hart takes it out of STARTED */
	return atomic_load_explicit(&vcpu->state, memory_order_relaxed) == VCPU_STARTED &&
	       !guest_is_off(vcpu);
}

int vcpu_main(void *arg)
{
	struct vcpu *vcpu = arg;

	irq_disable();
	for (;;) {
		wait_for_start(vcpu);
		while (runs(vcpu)) {
			deliver(vcpu);
			world_enter(&vcpu->regs);
			/* The kernel here is soft-float: an FP instruction is a bug, and traps. */
			csr_clear(CSR_SSTATUS, SSTATUS_FS | SSTATUS_VS);
			handle_exit(vcpu);
		}
	}
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "hypervisor/regs.h"

struct guest;

/* A guest's registers while it does not run, and the last trap out of it; offsets in regs.h. */
struct vcpu_regs {
	uint64_t x[32]; /* by number, x[0] unused */
	uint64_t sepc, sstatus, hstatus;
	uint64_t scause, stval, htval, htinst;
	uint64_t host_sp, host_sscratch, host_stvec;
};

enum vcpu_reg { REG_RA = 1, REG_SP = 2, REG_A0 = 10, REG_A1 = 11, REG_A6 = 16, REG_A7 = 17 };

/* What is counted of each vcpu; a guest reads it (docs/hypervisor.md, "Counters"). */
enum vcpu_counter {
	COUNT_EXITS,        /* all */
	COUNT_INTERRUPTS,   /* of them: the hypervisor's own interrupts */
	COUNT_CALLS,        /* SBI */
	COUNT_LOADS,        /* emulated */
	COUNT_STORES,       /* emulated */
	COUNT_REFUSED,      /* accesses that were refused */
	COUNT_INSTRUCTIONS, /* that a guest may not execute */
	COUNT_MSI_CALLS,
	COUNT_MSI_WORK, /* instructions in those, without the way in and out */
	COUNT_PEER_CALLS, /* IPI, RFENCE and HSM */
	NR_COUNTERS,
};

/* SBI HSM states (SBI 2.0, table "HSM Hart States"). */
enum vcpu_state { VCPU_STARTED, VCPU_STOPPED, VCPU_START_PENDING, VCPU_SUSPENDED = 4 };

/* A hart of a guest: exactly one hart of the machine, which runs nothing else. */
struct vcpu {
	struct vcpu_regs regs; /* first: world_enter() takes its address */
	struct guest *guest;
	unsigned index;   /* in the guest */
	unsigned hart;    /* of the machine (index) */
	uint64_t hart_id; /* of both: the guest's names are the machine's */
	uint64_t file;    /* its guest interrupt file, host-physical */
	_Atomic uint32_t state;
	_Atomic uint32_t soft; /* a software interrupt is to be raised; release, pairs with deliver() */
	uint64_t start, opaque; /* written before START_PENDING is */
	_Atomic uint64_t counters[NR_COUNTERS];
};

/*
 * Runs the guest's hart until a trap that is not its own; the trap is in *regs. Interrupts off;
 * they are off after it. Only the hart that has the vcpu.
 */
void world_enter(struct vcpu_regs *regs);

static inline void vcpu_count_by(struct vcpu *vcpu, enum vcpu_counter counter, uint64_t n)
{
	/* relaxed: only this hart writes; whoever reads wants a number, not an order */
	uint64_t now = atomic_load_explicit(&vcpu->counters[counter], memory_order_relaxed);

	atomic_store_explicit(&vcpu->counters[counter], now + n, memory_order_relaxed);
}

static inline void vcpu_count(struct vcpu *vcpu, enum vcpu_counter counter)
{
	vcpu_count_by(vcpu, counter, 1);
}

/* Is the machine able to run guests? Logs what is missing. Boot hart. */
bool vcpu_supported(void);
/* Asks a vcpu to start: its hart goes on at entry in VS-mode with a0 = hart ID, a1 = opaque. false: it is not stopped. Any hart. */
bool vcpu_start(struct vcpu *vcpu, uint64_t entry, uint64_t opaque);
/* The vcpu stops when this exit is over; from now on it may be asked to start. Own hart. */
void vcpu_stop(struct vcpu *vcpu);
/* Waits for an interrupt of the guest; its hart serves the hypervisor's meanwhile. Own hart, interrupts off. */
void vcpu_suspend(struct vcpu *vcpu);
/* Goes on at entry, as after a start, but for what is pending. Own hart, interrupts off. */
void vcpu_resume_at(struct vcpu *vcpu, uint64_t entry, uint64_t opaque);
/* As after a start: registers, CSRs, the guest interrupt file. Own hart, interrupts off. */
void vcpu_reset(struct vcpu *vcpu, uint64_t entry, uint64_t opaque);
/* Makes its hart leave the guest and look. Any hart. */
void vcpu_kick(const struct vcpu *vcpu);
/* The guest takes an exception (a RISC-V cause) at the instruction that left it. Own hart. */
void vcpu_inject(struct vcpu *vcpu, uint64_t cause, uint64_t value);
/* What a hart of a guest does from boot on; does not return. For smp_post(): thread context, interrupts on. */
int vcpu_main(void *vcpu);

// SPDX-License-Identifier: Apache-2.0
/* Loads and stores where a guest has no memory, or only may read. */
#include "arch/probe.h"
#include "hypervisor/vm.h"
#include "kernel/lib/bits.h"

enum { CAUSE_LOAD_ACCESS = 5, CAUSE_STORE_ACCESS = 7, CAUSE_GUEST_STORE_FAULT = 23 };

/* A load or store of general registers, as the ISA manual's Volume I encodes it. */
struct access {
	unsigned length; /* of the instruction, bytes */
	unsigned size;   /* of the access, bytes */
	unsigned reg;    /* rd or rs2 */
	bool store, sign;
};

#define OPCODE(insn) ((insn)&0x7f)
#define OPCODE_LOAD  0x03
#define OPCODE_STORE 0x23
#define FUNCT3(insn) ((insn) >> 12 & 7)

static bool decode_full(uint32_t insn, struct access *access)
{
	unsigned funct3 = FUNCT3(insn);

	access->size = 1u << (funct3 & 3);
	if (OPCODE(insn) == OPCODE_LOAD) {
		access->reg = insn >> 7 & 31;
		access->sign = !(funct3 & 4);
		return funct3 != 7;
	}
	access->store = true;
	access->reg = insn >> 20 & 31;
	return OPCODE(insn) == OPCODE_STORE && funct3 < 4;
}

/* C.LW C.LD C.SW C.SD, and the same by the stack pointer. */
static bool decode_compressed(uint32_t insn, struct access *access)
{
	unsigned funct3 = insn >> 13 & 7;
	bool by_sp = (insn & 3) == 2;

	if ((insn & 3) == 1 || !(funct3 & 2))
		return false;
	access->size = funct3 & 1 ? 8 : 4;
	access->store = funct3 & 4;
	access->sign = true;
	if (!by_sp)
		access->reg = 8 + (insn >> 2 & 7);
	else
		access->reg = access->store ? insn >> 2 & 31 : insn >> 7 & 31;
	return true;
}

/* htinst may hold the instruction in a standard form, or nothing: then it is read where the guest has it. */
static bool fetch(const struct vcpu_regs *regs, uint32_t *insn, unsigned *length)
{
	uint16_t low, high = 0;

	if (regs->htinst & 1) {
		*insn = (uint32_t)regs->htinst | 3;
		*length = regs->htinst & 2 ? 4 : 2;
		return true;
	}
	if (regs->htinst || arch_probe_guest16(regs->sepc, &low))
		return false;
	*length = (low & 3) == 3 ? 4 : 2;
	if (*length == 4 && arch_probe_guest16(regs->sepc + 2, &high))
		return false;
	*insn = low | (uint32_t)high << 16;
	return true;
}

static bool decode(const struct vcpu_regs *regs, struct access *access)
{
	uint32_t insn;

	*access = (struct access){ 0 };
	if (!fetch(regs, &insn, &access->length))
		return false;
	return (insn & 3) == 3 ? decode_full(insn, access) : decode_compressed(insn, access);
}

static void set_register(struct vcpu_regs *regs, const struct access *access, uint64_t value)
{
	unsigned unused = 64 - 8 * access->size;

	if (!access->reg)
		return;
	if (access->sign)
		regs->x[access->reg] = (uint64_t)((int64_t)(value << unused) >> unused);
	else
		regs->x[access->reg] = value << unused >> unused;
}

static bool load(struct vcpu *vcpu, uint64_t address, const struct access *access)
{
	uint64_t offset;

	if (!vpci_in_config(address, &offset))
		return false;
	set_register(&vcpu->regs, access, vpci_read(vcpu, offset, access->size));
	vcpu_count(vcpu, COUNT_LOADS);
	return true;
}

/* What is refused in configuration space, or in a table, is dropped: PCI has no error for it. */
static bool store(struct vcpu *vcpu, uint64_t address, const struct access *access)
{
	uint64_t value = access->reg ? vcpu->regs.x[access->reg] : 0, offset;
	bool done;

	if (access->size < 8)
		value &= BIT64(8 * access->size) - 1;
	if (vpci_in_config(address, &offset))
		done = vpci_write(vcpu, offset, access->size, value);
	else if (vpci_in_table_page(vcpu->guest, address))
		done = vpci_write_beside_table(vcpu, address, access->size, value);
	else
		return false;
	vcpu_count(vcpu, done ? COUNT_STORES : COUNT_REFUSED);
	return true;
}

void mmio_exit(struct vcpu *vcpu)
{
	struct vcpu_regs *regs = &vcpu->regs;
	uint64_t address = regs->htval << 2 | (regs->stval & 3);
	bool is_store = regs->scause == CAUSE_GUEST_STORE_FAULT;
	struct access access;

	if (decode(regs, &access) && access.store == is_store &&
	    IS_ALIGNED(address, access.size) &&
	    (is_store ? store(vcpu, address, &access) : load(vcpu, address, &access))) {
		regs->sepc += access.length;
		return;
	}
	vcpu_count(vcpu, COUNT_REFUSED);
	vcpu_inject(vcpu, is_store ? CAUSE_STORE_ACCESS : CAUSE_LOAD_ACCESS, regs->stval);
}

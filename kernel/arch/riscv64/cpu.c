// SPDX-License-Identifier: Apache-2.0
#include "arch/csr.h"
#include "arch/sbi.h"
#include "arch/trap.h"

void arch_trap_init(uintptr_t emergency_top)
{
	csr_write(CSR_SSCRATCH, emergency_top);
	arch_set_trap_vectors(arch_trap_vectors);
	/* Soft-float kernel: an FP instruction is a bug, and traps. */
	csr_clear(CSR_SSTATUS, SSTATUS_FS);
}

struct sbiret sbi_call(unsigned long ext, unsigned long fid, unsigned long arg0, unsigned long arg1,
		       unsigned long arg2)
{
	register unsigned long a0 __asm__("a0") = arg0;
	register unsigned long a1 __asm__("a1") = arg1;
	register unsigned long a2 __asm__("a2") = arg2;
	register unsigned long a6 __asm__("a6") = fid;
	register unsigned long a7 __asm__("a7") = ext;

	__asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a6), "r"(a7) : "memory");
	return (struct sbiret){ .error = (long)a0, .value = (long)a1 };
}

struct sbiret sbi_call5(unsigned long ext, unsigned long fid, unsigned long arg0,
			unsigned long arg1, unsigned long arg2, unsigned long arg3,
			unsigned long arg4)
{
	register unsigned long a3 __asm__("a3") = arg3;
	register unsigned long a4 __asm__("a4") = arg4;
	register unsigned long a0 __asm__("a0") = arg0;
	register unsigned long a1 __asm__("a1") = arg1;
	register unsigned long a2 __asm__("a2") = arg2;
	register unsigned long a6 __asm__("a6") = fid;
	register unsigned long a7 __asm__("a7") = ext;

	__asm__ volatile("ecall"
			 : "+r"(a0), "+r"(a1)
			 : "r"(a2), "r"(a3), "r"(a4), "r"(a6), "r"(a7)
			 : "memory");
	return (struct sbiret){ .error = (long)a0, .value = (long)a1 };
}

bool sbi_has(unsigned long ext)
{
	struct sbiret ret = sbi_call(SBI_EXT_BASE, SBI_BASE_PROBE, ext, 0, 0);

	return !ret.error && ret.value;
}

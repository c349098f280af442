# SPDX-License-Identifier: Apache-2.0
CROSS := powerpc64-linux-gnu-
# newlib knows no Linux target; its syscalls have the names with an underscore, as everywhere.
LIBC_TARGET := powerpc64-none

# Big-endian, ELFv2: no function descriptors. The kernel uses no floating-point registers: a
# trap saves none. No vectors: MSR.VEC and MSR.VSX stay 0.
ARCH_FLAGS := -m64 -mbig-endian -mabi=elfv2 -mcpu=power8 -msoft-float -mno-altivec -mno-vsx \
	-mlong-double-64 -fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables
# libgcc has no soft-float for it, so newlib and files with floating point use the registers. An
# interrupt turns them off (MSR.FP), and who uses them in a handler traps.
ARCH_FP_FLAGS := -mhard-float
ARCH_LIBC_FLAGS := -UMISSING_SYSCALL_NAMES -Wno-implicit-function-declaration
ARCH_LDFLAGS := -no-pie
# The compiler is a Linux one: its own headers, then newlib's, and nothing of /usr/include.
libc_includes = -nostdinc -isystem $(shell $(CROSS)gcc -print-file-name=include) \
	-isystem $(NEWLIB)/include

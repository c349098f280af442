# SPDX-License-Identifier: Apache-2.0
CROSS := riscv64-unknown-elf-

# Soft-float, so that a trap saves no FP state. -misa-spec=2.2 gives the CSR and fence.i
# instructions with rv64imac: naming zicsr would match no libgcc of the toolchain, and GCC
# would take the double-float one without a word.
ARCH_FLAGS := -march=rv64imac -misa-spec=2.2 -mabi=lp64 -mcmodel=medany
# Strings from any byte, not from each eighth.
SIZE_FLAGS := -malign-data=natural
# Of what is built for size: registers are saved and restored by shared code.
COLD_FLAGS := -msave-restore -fno-move-loop-invariants -fno-tree-loop-im

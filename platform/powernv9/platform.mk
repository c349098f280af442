# SPDX-License-Identifier: Apache-2.0
# QEMU's POWER machine `powernv9`: a bare POWER9, whose firmware (skiboot) answers OPAL calls.
ARCH := ppc64
QEMU := qemu-system-ppc64

# A word names drivers/<word>.c, drivers/<word>_*.c (or .S) and, when drivers/<word>/ is a
# folder, all of its files; and the tests of the same path in tests/target.
DRIVERS := \
	irqchip/opal irqchip/papr_quiet irqchip/wired \
	msi/source \
	msi/fake msi/hypercall msi/change_msi \
	pci pci/opal \
	serial/hvc \
	nvme \
	edu \
	igb \
	virtio \
	rocker \
	xhci \
	ahci

# Of these words' files, what knows RISC-V or its devices, or asks a hypervisor.
LEFT_OUT := apps/hv.c apps/bench_hv.c apps/iommu.c drivers/irqchip/wired_root.c tests/target/irqchip/wired.c \
	kernel/arch/ppc64/ipi.c kernel/arch/ppc64/wait.S

# Where the firmware enters the image that it has loaded.
PLATFORM_LDFLAGS := -Wl,-e,opal_start

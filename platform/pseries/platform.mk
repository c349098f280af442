# SPDX-License-Identifier: Apache-2.0
# QEMU's POWER machine `pseries`, an LPAR of the Power Architecture Platform Reference.
ARCH := ppc64
QEMU := qemu-system-ppc64

# A word names drivers/<word>.c, drivers/<word>_*.c (or .S) and, when drivers/<word>/ is a
# folder, all of its files; and the tests of the same path in tests/target.
DRIVERS := \
	irqchip/xics irqchip/xive irqchip/papr irqchip/wired \
	msi/rtas msi/hypercall msi/change_msi msi/fake \
	pci pci/rtas \
	serial/hvc \
	nvme \
	edu \
	igb \
	virtio \
	rocker \
	xhci \
	ahci

# Of these words' files, what knows RISC-V or its devices.
LEFT_OUT := apps/hv.c apps/bench_hv.c apps/iommu.c drivers/irqchip/wired_root.c tests/target/irqchip/wired.c

# QEMU's -bios for an image with boot arguments.
LOADERS := stub.bin

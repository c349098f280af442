# SPDX-License-Identifier: Apache-2.0
# QEMU's RISC-V `virt` machine, with AIA or without: everything else is in the device tree.
ARCH := riscv64
QEMU := qemu-system-riscv64

# A word names drivers/<word>.c, drivers/<word>_*.c (or .S) and, when drivers/<word>/ is a
# folder, all of its files; and the tests of the same path in tests/target.
DRIVERS := \
	irqchip/imsic irqchip/aplic irqchip/plic irqchip/wired \
	msi/direct msi/sbi iommu \
	msi/fake msi/hypercall msi/change_msi \
	pci \
	power/sifive_test \
	serial/ns16550 \
	nvme \
	edu \
	igb \
	virtio \
	rocker \
	xhci \
	ahci

# What `make image` makes beside the flat image.
IMAGES := tocsin.img pflash.img
# What machines of the route guest boot.
LOADERS := tocsin-hv.elf hostile.elf

# The hypervisor (hypervisor/), above the RAM that it gives to guests.
HYPERVISOR_DRIVERS := irqchip/imsic irqchip/aplic irqchip/wired iommu/riscv_iommu pci power/sifive_test
HYPERVISOR_LOAD    := 0x90000000

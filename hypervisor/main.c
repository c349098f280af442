// SPDX-License-Identifier: Apache-2.0
/* The hypervisor's boot order, a line a step: in place of kernel/main.c. */
#include <stdlib.h>

#include "arch/cpu.h"
#include "arch/irqflags.h"
#include "arch/mmu.h"
#include "drivers/pci/pci.h"
#include "hypervisor/iommu.h"
#include "hypervisor/vm.h"
#include "kernel/boot.h"
#include "kernel/console.h"
#include "kernel/lib/log.h"
#include "kernel/lib/panic.h"
#include "kernel/libc/libc.h"
#include "kernel/mem.h"
#include "kernel/smp.h"
#include "kernel/time.h"
#include "platform/dt.h"
#include "platform/platform.h"

static const char *boot_arguments(void)
{
	const char *args = dt_string(dt_path("/chosen"), "bootargs");

	return args ? args : "";
}

/* The hypervisor reads and writes what guests point at. */
static void map_guests(void)
{
	for (unsigned i = 0; i < nr_guests; i++)
		if (mmu_map(guests[i].ram.base, guests[i].ram.base, guests[i].ram.size, MMU_RW))
			panic("no memory for the page table of guest %u", i);
}

static struct vcpu *own_vcpu(void)
{
	for (unsigned g = 0; g < nr_guests; g++)
		for (unsigned i = 0; i < guests[g].nr_vcpus; i++)
			if (guests[g].vcpus[i]->hart == smp_index())
				return guests[g].vcpus[i];
	return NULL;
}

static void run_vcpu(struct vcpu *vcpu)
{
	/* For ever: the work never ends. */
	struct work *work = calloc(1, sizeof(*work));

	if (!work)
		panic("no memory for the hart %u", vcpu->hart);
	work->fn = vcpu_main;
	work->arg = vcpu;
	if (vcpu->hart != smp_index() && smp_post(vcpu->hart, work))
		panic("hart %u went away", vcpu->hart);
}

static _Noreturn void run_guests(void)
{
	for (unsigned g = 0; g < nr_guests; g++)
		for (unsigned i = 0; i < guests[g].nr_vcpus; i++)
			run_vcpu(guests[g].vcpus[i]);
	for (unsigned g = 0; g < nr_guests; g++)
		vcpu_start(guests[g].vcpus[0], guests[g].entry, guests[g].dtb);
	if (own_vcpu())
		vcpu_main(own_vcpu());
	for (;;)
		cpu_wait();
}

static void boot_guests(void)
{
	irq_enable();
	if (!smp_has_ipi())
		panic("the hypervisor needs an IMSIC");
	smp_start_all();
	if (!dt_probe_class(DT_CLASS_PCI_HOST))
		log_warn("no PCI host bridge in the device tree");
	iommu_find();
	if (!vcpu_supported() || guests_make())
		platform_power_off(1);
	run_guests();
}

void kernel_main(uint64_t hart_id, const void *dtb, uint64_t instret, uint64_t ticks)
{
	bool possible;

	(void)instret;
	smp_early_init(hart_id);
	panic_set_exit(platform_power_off);
	console_early_init();
	if (dt_init(dtb))
		panic("no device tree at 0x%lx", (unsigned long)dtb);
	platform_arguments_init(boot_arguments());
	log_set_console_level((enum log_level)platform_setting_number("loglevel", LOG_INFO));
	possible = !guests_read_memory();
	mem_init();
	smp_init();
	time_init(ticks);
	time_hart_init();
	libc_init();
	log_info("tocsin hypervisor on %s", platform_model());
	dt_probe_class(DT_CLASS_POWER);
	if (!possible)
		platform_power_off(1);
	map_guests();
	dt_probe_class(DT_CLASS_IRQCHIP);
	smp_use_own_stack(boot_guests);
}

// SPDX-License-Identifier: Apache-2.0
/* The boot order, a line a step. */
#include <stdio.h>

#include "apps/command.h"
#include "arch/cpu.h"
#include "arch/irqflags.h"
#include "drivers/pci/pci.h"
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

static uint64_t entry_instret, scan_instret;

static const char *boot_arguments(void)
{
	const char *args = dt_string(dt_path("/chosen"), "bootargs");

	return args ? args : "";
}

static unsigned vectors_allocated(void)
{
	unsigned n = 0;

	for (struct pci_function *fn = pci_first(); fn; fn = fn->next)
		n += fn->msi.count;
	return n;
}

static const char *backend_name(void)
{
	for (struct pci_function *fn = pci_first(); fn; fn = fn->next)
		if (fn->msi.backend)
			return fn->msi.backend->name;
	return "none";
}

static void report_boot(void)
{
	printf("tocsin: %u of %u harts, %u functions, %u vectors, msi backend: %s, RAM used %zu KiB\n",
	       smp_online_count(), smp_count(), pci_count(), vectors_allocated(), backend_name(),
	       mem_used() / 1024);
	printf("{\"type\":\"boot\",\"harts\":%u,\"functions\":%u,\"vectors\":%u,\"backend\":\"%s\","
	       "\"instructions\":%lu,\"ns\":%lu,\"ram_used\":%zu}\n",
	       smp_online_count(), pci_count(), vectors_allocated(), backend_name(),
	       (unsigned long)(cpu_instret() - entry_instret), (unsigned long)time_ns(),
	       mem_used());
	fflush(stdout);
}

static void boot_devices(void)
{
	irq_enable();
	dt_probe_class(DT_CLASS_IRQCHIP_WIRED);
	/* The root controller, of whichever class, gives the IPIs. */
	if (!smp_has_ipi())
		panic("no interrupt controller that this kernel knows is in the device tree");
	dt_probe_class(DT_CLASS_SERIAL);
	smp_start_all();
	/* Off, it drops messages: before there are any. */
	dt_probe_class(DT_CLASS_IOMMU);
	scan_instret = cpu_instret();
	if (!dt_probe_class(DT_CLASS_PCI_HOST))
		log_warn("no PCI host bridge in the device tree");
	scan_instret = cpu_instret() - scan_instret;
	pci_check_settings();
	pci_probe_drivers();
	report_boot();
	shell_main();
}

uint64_t boot_entry_instret(void)
{
	return entry_instret;
}

uint64_t boot_scan_instret(void)
{
	return scan_instret;
}

void kernel_main(uint64_t hart_id, const void *dtb, uint64_t instret, uint64_t ticks)
{
	entry_instret = instret;
	smp_early_init(hart_id);
	panic_set_exit(platform_power_off);
	console_early_init();
	dtb = platform_device_tree(dtb);
	if (dt_init(dtb))
		panic("no device tree at 0x%lx", (unsigned long)dtb);
	platform_arguments_init(boot_arguments());
	log_set_console_level((enum log_level)platform_setting_number("loglevel", LOG_INFO));
	mem_init();
	smp_init();
	time_init(ticks);
	time_hart_init();
	libc_init();
	log_info("tocsin on %s", platform_model());
	dt_probe_class(DT_CLASS_POWER);
	if (!dt_probe_class(DT_CLASS_IRQCHIP))
		log_warn("no MSI: the device tree has no MSI controller that this kernel can use");
	smp_use_own_stack(boot_devices);
}

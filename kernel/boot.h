/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/*
 * Where boot/ hands over: the boot hart, interrupts off, boot's page table, .bss cleared. dtb:
 * physical address of the device tree; instret and ticks: counters at entry.
 */
_Noreturn void kernel_main(uint64_t hart_id, const void *dtb, uint64_t instret, uint64_t ticks);

/* Instructions retired when the image was entered. */
uint64_t boot_entry_instret(void);
/* Instructions that finding and setting up the host bridges' functions took. */
uint64_t boot_scan_instret(void);

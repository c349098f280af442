/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/*
 * The second-stage page table (Sv39x4) that all functions share: RAM that is nobody else's, at its own
 * addresses, read and write. Its address; 0: no memory. Made once, thread context.
 */
uint64_t iommu_identity(void);

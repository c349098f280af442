/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "kernel/lib/bits.h"

/* RISC-V IOMMU Architecture Specification 1.0: registers (chapter 5), structures (2) and queues (3). */

#define IOMMU_CAPABILITIES 0x00 /* what is asked here is in the low half */
#define IOMMU_CAP_SV39X4   BIT(17)
#define IOMMU_CAP_MSI_FLAT BIT(22)

#define IOMMU_FCTL      0x08
#define IOMMU_FCTL_WARL (BIT(0) | BIT(2)) /* BE: big-endian structures, GXL: 32-bit page tables */

#define IOMMU_DDTP      0x10
#define IOMMU_DDTP_MODE GENMASK(3, 0)
#define IOMMU_DDTP_BARE 1 /* and 1 more than levels of the directory */
#define IOMMU_DDTP_BUSY BIT(4)

#define IOMMU_CQB   0x18
#define IOMMU_CQT   0x24
#define IOMMU_FQB   0x28
#define IOMMU_FQH   0x30
#define IOMMU_FQT   0x34
#define IOMMU_CQCSR 0x48
#define IOMMU_FQCSR 0x4c
/* Of both CSRs. */
#define IOMMU_QUEUE_ON     BIT(0)
#define IOMMU_QUEUE_MF     BIT(8) /* memory fault; W1C, as the next ones */
#define IOMMU_QUEUE_OF     BIT(9) /* fault queue: overflow; command queue: timeout */
#define IOMMU_QUEUE_ILL    BIT(10)
#define IOMMU_QUEUE_ACTIVE BIT(16)
#define IOMMU_QUEUE_BUSY   BIT(17)
#define IOMMU_QUEUE_ERRORS (IOMMU_QUEUE_MF | IOMMU_QUEUE_OF | IOMMU_QUEUE_ILL)

/* Registers and table entries hold page numbers from bit 10 on. */
#define IOMMU_PPN(address)  ((uint64_t)(address) >> 12 << 10)
#define IOMMU_ADDRESS(word) (((word)&GENMASK64(53, 10)) >> 10 << 12)
#define IOMMU_ENTRY_VALID   BIT64(0)
/* MSI page table entry, basic translate mode: valid and M = 3. */
#define IOMMU_MSI_PTE_BASIC 7ull

/* Device context, extended format: 64 bytes. Device ids: 6 bits in the last level, 9 in each above. */
enum {
	IOMMU_DC_TC,
	IOMMU_DC_IOHGATP,
	IOMMU_DC_TA,
	IOMMU_DC_FSC,
	IOMMU_DC_MSIPTP,
	IOMMU_DC_MSI_MASK,
	IOMMU_DC_MSI_PATTERN,
	IOMMU_DC_WORDS = 8,
};
#define IOMMU_LEAF_BITS   6
#define IOMMU_LEVEL_BITS  9
#define IOMMU_GSCID       GENMASK64(59, 44)
#define IOMMU_MODE_SV39X4 (8ull << 60)
#define IOMMU_MODE_FLAT   (1ull << 60)

/* Commands: opcode 6:0, function 9:7. */
#define IOMMU_IOTINVAL_VMA  1ull
#define IOMMU_IOTINVAL_GVMA (1ull | 1ull << 7)
#define IOMMU_IOTINVAL_AV   BIT64(10)
#define IOMMU_IOTINVAL_GV   BIT64(33)
#define IOMMU_IOFENCE_C     2ull
#define IOMMU_IOFENCE_AV    BIT64(10)
#define IOMMU_IOFENCE_PR    BIT64(12)
#define IOMMU_IOFENCE_PW    BIT64(13)
#define IOMMU_IOFENCE_DATA  GENMASK64(63, 32)
#define IOMMU_IODIR_DDT     3ull
#define IOMMU_IODIR_DV      BIT64(33)
#define IOMMU_IODIR_DID     GENMASK64(63, 40)

/* Fault record: 32 bytes. */
enum { IOMMU_FAULT_HEADER, IOMMU_FAULT_IOVA = 2, IOMMU_FAULT_WORDS = 4 };
#define IOMMU_FAULT_CAUSE GENMASK64(11, 0)
#define IOMMU_FAULT_DID   GENMASK64(63, 40)

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "kernel/lib/bits.h"

/*
 * Configuration space: offsets and fields of the PCI Local Bus Specification 3.0,
 * chapter 6, the PCI-to-PCI Bridge Architecture Specification 1.2, chapter 3, and the
 * PCI Express Base Specification, chapter 7.
 */
#define PCI_CONFIG_SIZE          256
#define PCI_EXTENDED_CONFIG_SIZE 4096

/* Both header types */
#define PCI_VENDOR_ID            0x00
#define PCI_VENDOR_ID_CRS        0x0001 /* not ready yet */
#define PCI_DEVICE_ID            0x02
#define PCI_COMMAND              0x04
#define PCI_COMMAND_IO           BIT(0)
#define PCI_COMMAND_MEMORY       BIT(1)
#define PCI_COMMAND_MASTER       BIT(2)
#define PCI_COMMAND_SERR         BIT(8)
#define PCI_COMMAND_INTX_DISABLE BIT(10)
#define PCI_STATUS               0x06
#define PCI_STATUS_INTERRUPT     BIT(3)
#define PCI_STATUS_CAP_LIST      BIT(4)
#define PCI_STATUS_66MHZ         BIT(5)
#define PCI_STATUS_DEVSEL        GENMASK(10, 9)
#define PCI_CLASS_REVISION       0x08
#define PCI_CLASS_IOMMU          0x0806 /* class and subclass */
#define PCI_LATENCY_TIMER        0x0d
#define PCI_HEADER_TYPE          0x0e
#define PCI_HEADER_TYPE_MASK     GENMASK(6, 0)
#define PCI_HEADER_TYPE_NORMAL   0
#define PCI_HEADER_TYPE_BRIDGE   1
#define PCI_HEADER_TYPE_MULTI    BIT(7)
#define PCI_BASE_ADDRESS_0       0x10
#define PCI_CAPABILITIES_POINTER 0x34
#define PCI_CACHE_LINE_SIZE      0x0c
#define PCI_INTERRUPT_LINE       0x3c
#define PCI_INTERRUPT_PIN        0x3d
#define PCI_NR_INTERRUPT_PINS    4

/* Base Address Registers */
#define PCI_BAR_IO               BIT(0)
#define PCI_BAR_IO_RESERVED      BIT(1)
#define PCI_BAR_IO_ADDRESS       GENMASK(31, 2)
#define PCI_BAR_MEM_TYPE         GENMASK(2, 1)
#define PCI_BAR_MEM_TYPE_32      0
#define PCI_BAR_MEM_TYPE_1M      1
#define PCI_BAR_MEM_TYPE_64      2
#define PCI_BAR_MEM_PREFETCHABLE BIT(3)
#define PCI_BAR_MEM_ADDRESS      GENMASK(31, 4)

/* Type 0 header */
#define PCI_NR_BARS_NORMAL      6
#define PCI_SUBSYSTEM_VENDOR_ID 0x2c
#define PCI_SUBSYSTEM_ID        0x2e

/* Type 1 header */
#define PCI_NR_BARS_BRIDGE           2
#define PCI_PRIMARY_BUS              0x18
#define PCI_SECONDARY_BUS            0x19
#define PCI_SUBORDINATE_BUS          0x1a
#define PCI_SECONDARY_LATENCY_TIMER  0x1b
#define PCI_IO_BASE                  0x1c
#define PCI_IO_LIMIT                 0x1d
#define PCI_IO_ADDRESS               GENMASK(7, 4)
#define PCI_IO_TYPE                  GENMASK(3, 0)
#define PCI_IO_TYPE_32               1
#define PCI_MEMORY_BASE              0x20
#define PCI_MEMORY_LIMIT             0x22
#define PCI_MEMORY_ADDRESS           GENMASK(15, 4)
#define PCI_PREFETCHABLE_BASE        0x24
#define PCI_PREFETCHABLE_LIMIT       0x26
#define PCI_PREFETCHABLE_TYPE        GENMASK(3, 0)
#define PCI_PREFETCHABLE_TYPE_64     1
#define PCI_PREFETCHABLE_BASE_UPPER  0x28
#define PCI_PREFETCHABLE_LIMIT_UPPER 0x2c
#define PCI_IO_BASE_UPPER            0x30
#define PCI_IO_LIMIT_UPPER           0x32
#define PCI_BRIDGE_CONTROL           0x3e
#define PCI_IO_GRANULARITY           0x1000u
#define PCI_MEMORY_GRANULARITY       0x100000u

/* Capability list */
#define PCI_CAP_FIRST        0x40
#define PCI_CAP_POINTER_MASK GENMASK(7, 2)
#define PCI_CAP_ID           0
#define PCI_CAP_NEXT         1
#define PCI_CAP_BODY         2
#define PCI_CAP_ID_PM        0x01
#define PCI_CAP_ID_SSVID     0x0d
#define PCI_CAP_ID_MSI       0x05
#define PCI_CAP_ID_VENDOR    0x09
#define PCI_CAP_ID_PCIE      0x10
#define PCI_CAP_ID_MSIX      0x11

#define PCI_PM_CAPABILITIES       0x02
#define PCI_PM_VERSION            GENMASK(2, 0)
#define PCI_PM_CONTROL            0x04
#define PCI_PM_CONTROL_PME_STATUS BIT(15) /* write 1 to clear */
#define PCI_VENDOR_LENGTH         0x02
#define PCI_SSVID_VENDOR          0x04
#define PCI_SSVID_DEVICE          0x06

/* Extended capability list: one header dword */
#define PCI_EXT_CAP_FIRST        0x100
#define PCI_EXT_CAP_ID           GENMASK(15, 0)
#define PCI_EXT_CAP_VERSION      GENMASK(19, 16)
#define PCI_EXT_CAP_NEXT         GENMASK(31, 20)
#define PCI_EXT_CAP_POINTER_MASK GENMASK(11, 2)

/* PCI Express capability */
#define PCI_PCIE_FLAGS           0x02
#define PCI_PCIE_FLAGS_VERSION   GENMASK(3, 0)
#define PCI_PCIE_FLAGS_TYPE      GENMASK(7, 4)
#define PCI_PCIE_FLAGS_SLOT      BIT(8)
#define PCI_PCIE_FLAGS_MESSAGE   GENMASK(13, 9)
#define PCI_PCIE_TYPE_ROOT_PORT  4
#define PCI_PCIE_TYPE_DOWNSTREAM 6
#define PCI_PCIE_DEVCAP          0x04
#define PCI_PCIE_DEVCAP_FLR      BIT(28)
#define PCI_PCIE_DEVCTL          0x08
#define PCI_PCIE_DEVCTL_FLR      BIT(15)
#define PCI_PCIE_DEVSTA          0x0a
#define PCI_PCIE_DEVSTA_PENDING  BIT(5)
#define PCI_PCIE_LNKCAP          0x0c
#define PCI_PCIE_LNKCTL          0x10
#define PCI_PCIE_LNKCTL2         0x30
#define PCI_PCIE_LNKCAP_DLLLARC  BIT(20) /* LNKSTA says whether the link is up */
#define PCI_PCIE_LNKSTA          0x12
#define PCI_PCIE_LNKSTA_SPEED    GENMASK(3, 0)
#define PCI_PCIE_LNKSTA_WIDTH    GENMASK(9, 4)
#define PCI_PCIE_LNKSTA_DLLLA    BIT(13)
#define PCI_PCIE_SLTCAP          0x14
#define PCI_PCIE_SLTCAP_BUTTON   BIT(0)
#define PCI_PCIE_SLTCAP_POWER    BIT(1)
#define PCI_PCIE_SLTCAP_HOTPLUG  BIT(6)
#define PCI_PCIE_SLTCAP_NCCS     BIT(18) /* no Command Completed */
#define PCI_PCIE_SLTCAP_NUMBER   GENMASK(31, 19)
#define PCI_PCIE_SLTCTL          0x18
#define PCI_PCIE_SLTCTL_ABPE     BIT(0)
#define PCI_PCIE_SLTCTL_PDCE     BIT(3)
#define PCI_PCIE_SLTCTL_CCIE     BIT(4)
#define PCI_PCIE_SLTCTL_HPIE     BIT(5)
#define PCI_PCIE_SLTCTL_AIC      GENMASK(7, 6)
#define PCI_PCIE_SLTCTL_PIC      GENMASK(9, 8)
#define PCI_PCIE_SLTCTL_PCC      BIT(10) /* set: power off */
#define PCI_PCIE_SLTCTL_DLLSCE   BIT(12)
#define PCI_PCIE_INDICATOR_ON    1
#define PCI_PCIE_INDICATOR_BLINK 2
#define PCI_PCIE_INDICATOR_OFF   3
#define PCI_PCIE_SLTSTA          0x1a
#define PCI_PCIE_SLTSTA_ABP      BIT(0)
#define PCI_PCIE_SLTSTA_PDC      BIT(3)
#define PCI_PCIE_SLTSTA_CC       BIT(4)
#define PCI_PCIE_SLTSTA_PDS      BIT(6)
#define PCI_PCIE_SLTSTA_DLLSC    BIT(8)
#define PCI_PCIE_DEVCAP2         0x24
#define PCI_PCIE_DEVCAP2_ARI     BIT(5)
#define PCI_PCIE_DEVCTL2         0x28
#define PCI_PCIE_DEVCTL2_ARI     BIT(5)
#define PCI_PCIE_SIZE            0x3c

/* Alternative Routing-ID Interpretation (PCIe Base Specification, "ARI Extended Capability") */
#define PCI_EXT_CAP_ID_ARI 0x000e
#define PCI_ARI_CAPABILITY 0x04
#define PCI_ARI_NEXT       GENMASK(15, 8)

/* PCIe Base Specification, "Single Root I/O Virtualization Extended Capability Structure" */
#define PCI_EXT_CAP_ID_SRIOV       0x0010
#define PCI_SRIOV_CONTROL          0x08
#define PCI_SRIOV_CONTROL_VF       BIT(0)
#define PCI_SRIOV_CONTROL_MEMORY   BIT(3)
#define PCI_SRIOV_CONTROL_ARI      BIT(4)
#define PCI_SRIOV_TOTAL_VFS        0x0e
#define PCI_SRIOV_NUM_VFS          0x10
#define PCI_SRIOV_FIRST_VF_OFFSET  0x14
#define PCI_SRIOV_VF_STRIDE        0x16
#define PCI_SRIOV_VF_DEVICE_ID     0x1a
#define PCI_SRIOV_SUPPORTED_PAGES  0x1c
#define PCI_SRIOV_SYSTEM_PAGE_SIZE 0x20
#define PCI_SRIOV_VF_BAR_0         0x24
#define PCI_SRIOV_SIZE             0x40

/* MSI capability (PCIe Base Specification, "MSI Capability Structures") */
#define PCI_MSI_CONTROL            0x02
#define PCI_MSI_CONTROL_ENABLE     BIT(0)
#define PCI_MSI_CONTROL_MMC        GENMASK(3, 1)
#define PCI_MSI_CONTROL_MME        GENMASK(6, 4)
#define PCI_MSI_CONTROL_64BIT      BIT(7)
#define PCI_MSI_CONTROL_MASKABLE   BIT(8)
#define PCI_MSI_CONTROL_EMD_ENABLE BIT(10)
#define PCI_MSI_MMC_MAX            5
#define PCI_MSI_ADDRESS            0x04
#define PCI_MSI_ADDRESS_UPPER      0x08
/* The rest lies 4 bytes higher in a 64-bit capable function. */
#define PCI_MSI_DATA          0x08
#define PCI_MSI_MASK          0x0c
#define PCI_MSI_PENDING       0x10
#define PCI_MSI_64BIT_SHIFT   4
#define PCI_MSI_SIZE          0x0a
#define PCI_MSI_SIZE_MASKABLE 0x14

/* MSI-X capability and table (PCIe Base Specification, "MSI-X Capability and Table Structures") */
#define PCI_MSIX_CONTROL               0x02
#define PCI_MSIX_CONTROL_TABLE_SIZE    GENMASK(10, 0)
#define PCI_MSIX_CONTROL_FUNCTION_MASK BIT(14)
#define PCI_MSIX_CONTROL_ENABLE        BIT(15)
#define PCI_MSIX_TABLE                 0x04
#define PCI_MSIX_PBA                   0x08
#define PCI_MSIX_BIR                   GENMASK(2, 0)
#define PCI_MSIX_OFFSET                GENMASK(31, 3)
#define PCI_MSIX_SIZE                  0x0c
#define PCI_MSIX_ENTRY_SIZE            16
#define PCI_MSIX_ENTRY_ADDRESS         0x0
#define PCI_MSIX_ENTRY_ADDRESS_UPPER   0x4
#define PCI_MSIX_ENTRY_DATA            0x8
#define PCI_MSIX_ENTRY_CONTROL         0xc
#define PCI_MSIX_ENTRY_CONTROL_MASK    BIT(0)

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "kernel/lib/bits.h"

/* Serial ATA AHCI specification, revision 1.3.1, chapter 3: memory registers, in BAR 5. */
#define AHCI_BAR       5
#define AHCI_CAP       0x00
#define AHCI_CAP_S64A  BIT(31)
#define AHCI_GHC       0x04
#define AHCI_GHC_HR    BIT(0)
#define AHCI_GHC_IE    BIT(1)
#define AHCI_GHC_AE    BIT(31)
#define AHCI_IS        0x08
#define AHCI_PI        0x0c
#define AHCI_MAX_PORTS 32

/* Registers of port n */
#define AHCI_PORT(n)     (0x100ul + 0x80ul * (n))
#define AHCI_PXCLB       0x00
#define AHCI_PXFB        0x08
#define AHCI_PXIS        0x10
#define AHCI_PXIE        0x14
#define AHCI_PXI_DHRS    BIT(0) /* Device to Host Register FIS: a command has ended */
#define AHCI_PXI_PSS     BIT(1) /* PIO Setup FIS: its data has been transferred */
#define AHCI_PXI_ERRORS  (BIT(30) | BIT(29) | BIT(28) | BIT(27)) /* TFES HBFS HBDS IFS */
#define AHCI_PXCMD       0x18
#define AHCI_PXCMD_ST    BIT(0)
#define AHCI_PXCMD_SUD   BIT(1)
#define AHCI_PXCMD_POD   BIT(2)
#define AHCI_PXCMD_FRE   BIT(4)
#define AHCI_PXCMD_FR    BIT(14)
#define AHCI_PXCMD_CR    BIT(15)
#define AHCI_PXTFD       0x20
#define AHCI_PXTFD_ERR   BIT(0)
#define AHCI_PXTFD_DRQ   BIT(3)
#define AHCI_PXTFD_BSY   BIT(7)
#define AHCI_PXSIG       0x24
#define AHCI_PXSIG_ATAPI 0xeb140101
#define AHCI_PXSSTS      0x28
#define AHCI_PXSSTS_DET  GENMASK(3, 0)
#define AHCI_DET_PRESENT 3
#define AHCI_PXSERR      0x30
#define AHCI_PXCI        0x38

/* Command header (4.2.2), dword 0 */
#define AHCI_HEADER_CFL   GENMASK(4, 0)
#define AHCI_HEADER_PRDTL GENMASK(31, 16)

/* Host to Device Register FIS (Serial ATA specification), dword 0 */
#define FIS_TYPE       GENMASK(7, 0)
#define FIS_H2D        0x27
#define FIS_H2D_C      BIT(15)
#define FIS_COMMAND    GENMASK(23, 16)
#define FIS_H2D_DWORDS 5

/* ATA Command Set */
#define ATA_CHECK_POWER_MODE       0xe5
#define ATA_IDENTIFY_DEVICE        0xec
#define ATA_IDENTIFY_PACKET_DEVICE 0xa1
#define ATA_IDENTIFY_BYTES         512
#define ATA_IDENTIFY_MODEL         27 /* word */
#define ATA_IDENTIFY_MODEL_WORDS   20

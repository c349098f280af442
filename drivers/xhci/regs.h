/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "kernel/lib/bits.h"

/* eXtensible Host Controller Interface for USB, revision 1.2, chapter 5. */

/* Capability registers (5.3) */
#define XHCI_CAPLENGTH            0x00
#define XHCI_CAPLENGTH_MASK       GENMASK(7, 0)
#define XHCI_HCSPARAMS1           0x04
#define XHCI_HCSPARAMS1_MAX_INTRS GENMASK(18, 8)
#define XHCI_MAX_INTRS_MAX        1024
#define XHCI_HCCPARAMS1           0x10
#define XHCI_HCCPARAMS1_AC64      BIT(0)
#define XHCI_RTSOFF               0x18
#define XHCI_RTSOFF_MASK          GENMASK(31, 5)
#define XHCI_CAP_BYTES            0x20

/* Operational registers (5.4), from CAPLENGTH on */
#define XHCI_USBCMD       0x00
#define XHCI_USBCMD_RS    BIT(0)
#define XHCI_USBCMD_HCRST BIT(1)
#define XHCI_USBCMD_INTE  BIT(2)
#define XHCI_USBSTS       0x04
#define XHCI_USBSTS_HCH   BIT(0)
#define XHCI_USBSTS_EINT  BIT(3)
#define XHCI_USBSTS_CNR   BIT(11)
#define XHCI_OP_BYTES     0x08

/* Interrupter register set i (5.5.2), from RTSOFF on */
#define XHCI_INTERRUPTER(i) (0x20ul + 0x20ul * (i))
#define XHCI_IMAN           0x00
#define XHCI_IMAN_IP        BIT(0)
#define XHCI_IMAN_IE        BIT(1)
#define XHCI_IMOD           0x04
#define XHCI_ERSTSZ         0x08
#define XHCI_ERSTBA         0x10
#define XHCI_ERDP           0x18
#define XHCI_ERDP_EHB       BIT(3)

/* Event ring segments (6.5): of 16 TRBs at least, of 16 bytes each */
#define XHCI_TRB_BYTES   16
#define XHCI_SEGMENT_MIN 16

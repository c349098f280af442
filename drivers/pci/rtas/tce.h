/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "platform/dt.h"

/*
 * Lets the functions of the bridge reach RAM by the addresses that it has, as far as the bridge's
 * DMA window goes; dma_alloc() gives nothing beyond. 0, -EINVAL: no window that begins at 0,
 * -ENOMEM, -EIO: refused. Boot.
 */
int pci_rtas_map_dma(dt_node_t node);

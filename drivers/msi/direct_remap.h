/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "kernel/msi_iommu.h"

/*
 * The function, which has chosen its backend, is behind an IOMMU, fn->remap: from here on `direct` holds
 * and drops the interrupt files that its messages reach. 0; -EOPNOTSUPP: it has another backend,
 * or its places come from another controller than those of the functions before.
 * Thread context, nothing is allocated.
 */
int direct_remap(struct msi_function *fn);

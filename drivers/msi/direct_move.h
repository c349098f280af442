/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "kernel/msi.h"

/*
 * Moves all messages of a function's plain MSI to the hart (index): a block (M9), with mask bits
 * or without, or one that can't be masked (M8). Owner of all of them. 0, or -errno with each vector
 * on the hart where it was.
 */
int direct_move_messages(struct msi_function *fn, unsigned hart);

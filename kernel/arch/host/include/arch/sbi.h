/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The reference copy of the contract has no firmware: a test that names it answers the calls. */
#include "kernel/arch/riscv64/include/arch/sbi.h"

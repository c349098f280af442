/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "drivers/pci/pci.h"

/* The function that a word of the command names; NULL after command_error(). */
struct pci_function *command_function(const char *command, const char *bdf);

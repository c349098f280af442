// SPDX-License-Identifier: Apache-2.0
#include "flavour/contention.h"

struct contention contention;

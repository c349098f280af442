/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/* The specification's name of a status (type and code of nvme_request.status); never NULL. */
const char *nvme_status_name(uint16_t status);

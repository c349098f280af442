// SPDX-License-Identifier: Apache-2.0
#include <stddef.h>

#include "platform/dt.h"
#include "platform/platform.h"

const char *platform_model(void)
{
	const char *model = dt_string(dt_path("/"), "model");

	return model ? model : "a machine without a model";
}

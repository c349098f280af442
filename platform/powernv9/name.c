// SPDX-License-Identifier: Apache-2.0
#include "platform/platform.h"

const char *platform_name(void)
{
	return "powernv9";
}

const void *platform_device_tree(const void *given)
{
	return given;
}

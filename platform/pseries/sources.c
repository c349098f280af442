// SPDX-License-Identifier: Apache-2.0
#include "platform/pseries/sources.h"

#include <stddef.h>

static const struct msi_source_domain *sources;

void pseries_set_sources(const struct msi_source_domain *domain)
{
	sources = domain;
}

const struct msi_source_domain *pseries_sources(void)
{
	return sources;
}

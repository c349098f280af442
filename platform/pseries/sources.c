// SPDX-License-Identifier: Apache-2.0
#include "platform/pseries/sources.h"

#include <stddef.h>

#include "kernel/lib/bits.h"
#include "platform/dt.h"

static const struct msi_source_domain *sources;

void pseries_set_sources(const struct msi_source_domain *domain)
{
	sources = domain;
}

const struct msi_source_domain *pseries_sources(void)
{
	return sources;
}

/* The bridges share one pool, of which each says the size. */
unsigned pseries_nr_msis(void)
{
	unsigned most = 0;

	for (dt_node_t node = dt_next_compatible(DT_NONE, "IBM,Logical_PHB"); node != DT_NONE;
	     node = dt_next_compatible(node, "IBM,Logical_PHB"))
		most = MAX(most, dt_u32(node, "ibm,pe-total-#msi", 0, 0));
	return most;
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

struct msi_source_domain;

/* Who presents the hypervisor's interrupt sources: set once at boot by its driver, or NULL. */
void pseries_set_sources(const struct msi_source_domain *domain);
const struct msi_source_domain *pseries_sources(void);

/* How many MSIs the hypervisor has, of all bridges; 0 when there are none. */
unsigned pseries_nr_msis(void);

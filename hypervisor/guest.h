/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What the services of the hypervisor ask of a guest. Of the hart that runs its vcpu, which has called. */
struct guest;
struct hv_msi;

/* The function (segment[31:16], requester ID[15:0]), if it is the guest's; NULL: absent, or another's. */
struct hv_msi *guest_msi(struct guest *guest, uint32_t bdf);
/* Where a message goes that shall reach the interrupt file of the guest's hart. false: it has no such hart. */
bool guest_msi_target(const struct guest *guest, uint64_t hart_id, uint64_t *address);
/* The highest identity of its interrupt files. */
unsigned guest_max_identity(const struct guest *guest);
/*
 * An array of doublewords in the guest's memory, which the guest may change at any time; NULL: not aligned, or not all
 * of it is the guest's RAM.
 */
const uint64_t *guest_array(const struct guest *guest, uint64_t address, uint64_t bytes);

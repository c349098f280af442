/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* IMSIC arithmetic, no MMIO and no CSR (AIA specification, chapters 3 and 4). */

#define IMSIC_PAGE_SHIFT 12
#define IMSIC_PAGE_SIZE  (1ul << IMSIC_PAGE_SHIFT)
#define IMSIC_MAX_ID     2047
#define IMSIC_MIN_ID     63
#define IMSIC_MAX_RANGES 16

/* Indirect registers through siselect / sireg (section 3.8). */
#define IMSIC_EIDELIVERY  0x70
#define IMSIC_EITHRESHOLD 0x72
#define IMSIC_EIP0        0x80
#define IMSIC_EIE0        0xc0

/* Register offset in an interrupt file's page (section 3.5). */
#define IMSIC_SETEIPNUM_LE 0x00

struct imsic_range {
	uint64_t base;
	uint64_t size;
};

/* Where interrupt files lie (section 3.6). */
struct imsic_geometry {
	unsigned guest_bits; /* log2 of pages a hart */
	unsigned hart_bits;  /* width of the hart index within a group */
	unsigned group_bits;
	unsigned group_shift;
	unsigned nr_files;
	unsigned nr_ranges;
	struct imsic_range ranges[IMSIC_MAX_RANGES];
};

/* Which eip/eie register and which bit of it holds an identity. */
struct imsic_bit {
	unsigned select; /* offset from EIP0 or EIE0 */
	unsigned bit;
};

/* On RV64 only even-numbered registers exist, 64 identities each (section 3.8.3). */
struct imsic_bit imsic_eix(unsigned identity);

/* Identities of register pair `select` (0, 2, 4 ...) that exist: identity 0 does not, nor those above max_id. */
uint64_t imsic_eix_mask(unsigned select, unsigned max_id);

/* Is it one that hardware can have? 0 or -EINVAL. */
int imsic_geometry_check(const struct imsic_geometry *geometry);

/* Address of the S-level file of the n-th hart in the order of interrupts-extended; 0 or -EINVAL. */
int imsic_file_address(const struct imsic_geometry *geometry, unsigned n, uint64_t *address);

/* The hart index that APLIC target registers want for a file's address: group and hart bits joined. */
unsigned imsic_hart_index(const struct imsic_geometry *geometry, uint64_t address);

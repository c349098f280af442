/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdint.h>

/* Little-endian fields in memory that a device shares: the same function both ways. */
#define CPU_IS_BIG_ENDIAN (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)

static inline uint16_t le16(uint16_t x)
{
	return CPU_IS_BIG_ENDIAN ? __builtin_bswap16(x) : x;
}

static inline uint32_t le32(uint32_t x)
{
	return CPU_IS_BIG_ENDIAN ? __builtin_bswap32(x) : x;
}

static inline uint64_t le64(uint64_t x)
{
	return CPU_IS_BIG_ENDIAN ? __builtin_bswap64(x) : x;
}

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BIT(n)          (1u << (n))
#define BIT64(n)        (1ull << (n))
#define GENMASK(h, l)   ((~0u >> (31 - (h))) & (~0u << (l)))
#define GENMASK64(h, l) ((~0ull >> (63 - (h))) & (~0ull << (l)))

/* FIELD_GET(mask, reg) and FIELD_PREP(mask, val): a register field by its constant mask. */
#define FIELD_GET(mask, reg)  (((reg) & (mask)) / ((mask) & -(mask)))
#define FIELD_PREP(mask, val) (((val) * ((mask) & -(mask))) & (mask))

#define ARRAY_SIZE(a)      (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)          ((a) < (b) ? (a) : (b))
#define MAX(a, b)          ((a) > (b) ? (a) : (b))
#define DIV_ROUND_UP(n, d) (((n) + (d)-1) / (d))
/* a: a power of two */
#define ALIGN_DOWN(x, a)                ((x) & ~((__typeof__(x))(a)-1))
#define ALIGN_UP(x, a)                  ALIGN_DOWN((x) + ((__typeof__(x))(a)-1), a)
#define IS_ALIGNED(x, a)                (((x) & ((__typeof__(x))(a)-1)) == 0)
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

/* true for 1, 2, 4, ...; false for 0 */
static inline bool is_power_of_two(uint64_t x)
{
	return x && !(x & (x - 1));
}

/* The smallest n with 2^n >= x; x >= 1. */
static inline unsigned log2_ceil(uint64_t x)
{
	return x <= 1 ? 0 : 64 - (unsigned)__builtin_clzll(x - 1);
}

/* The largest n with 2^n <= x; x >= 1. */
static inline unsigned log2_floor(uint64_t x)
{
	return 63 - (unsigned)__builtin_clzll(x);
}

/* Index of the lowest bit, x != 0: by multiplication, as the base ISA has no instruction for it. */
static inline unsigned lowest_bit(uint64_t x)
{
	/* The top six bits of the factor are different after each of the 64 shifts. */
	static const uint8_t index[64] = {
		0,  1,  48, 2,  57, 49, 28, 3,  61, 58, 50, 42, 38, 29, 17, 4,
		62, 55, 59, 36, 53, 51, 43, 22, 45, 39, 33, 30, 24, 18, 12, 5,
		63, 47, 56, 27, 60, 41, 37, 16, 54, 35, 52, 21, 44, 32, 23, 11,
		46, 26, 40, 15, 34, 20, 31, 10, 25, 14, 19, 9,  13, 8,  7,  6,
	};

	return index[((x & -x) * 0x03f79d71b4cb0a89ull) >> 58];
}

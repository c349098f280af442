// SPDX-License-Identifier: Apache-2.0
/*
 * ibm,client-architecture-support (Power Architecture Platform Reference, "Root Node Methods"): the
 * partition says what it can do, and the hypervisor gives the device tree that follows from that.
 * It is needed for XIVE alone: before it, a partition has XICS or, where there is none, nothing.
 */
#include <libfdt.h>

#include "arch/hcall.h"
#include "kernel/lib/bits.h"
#include "kernel/lib/log.h"
#include "platform/platform.h"
#include "platform/pseries/hcalls.h"

/* Where the new tree is made, below the old one: nothing is in RAM yet but that and the image. */
#define TREE_ROOM (1u << 20)
/* In front of the tree that is answered; a tree begins at 8 bytes. */
#define HEADER_BYTES 4

/* Option vector 5 by the numbers of its bytes, of which the first is 1. */
enum { BYTE_XIVE = 23, BYTE_MMU = 24, BYTE_RADIX = 26, VECTOR5_BYTES = 26 };

/* "ibm,arch-vec-5-platform-support": pairs of a byte's number and what can be chosen there. */
#define XIVE_MASK 0xc0 /* 0: XICS alone */
#define CAN_RADIX 0x40
/* What is chosen. */
#define USE_XIVE  0x40
#define USE_RADIX 0x40
#define USE_GTSE  0x40 /* the partition may invalidate its translations by itself */

/* The argument: processors, and five option vectors, each of a length less one and that many bytes. */
struct support {
	struct {
		uint32_t mask, version;
	} processors[3];
	uint8_t vectors; /* less one */
	uint8_t vector1_length, vector1[4];
	uint8_t vector2_length, vector2[1];
	uint8_t vector3_length, vector3[1];
	uint8_t vector4_length, vector4[1];
	uint8_t vector5_length, vector5[VECTOR5_BYTES];
};

#define IGNORE 0x80 /* this vector asks for nothing */

extern char image_end[];

static struct support support = {
	/* The architecture's levels, 3.1 and 3.0, by logical versions; a version that fits all ends it. */
	.processors = { { 0xffffffff, 0x0f000006 }, { 0xffffffff, 0x0f000005 }, { 0, 0xffffffff } },
	.vectors = 4,
	.vector1_length = sizeof(support.vector1) - 1,
	/* Power ISA 2.07 to 3.1 */
	.vector1 = { 0, 0, 0x1f, 0x80 },
	.vector2 = { IGNORE },
	.vector3 = { IGNORE },
	.vector4 = { IGNORE },
	.vector5_length = sizeof(support.vector5) - 1,
};

/* What can be chosen for a byte of option vector 5; 0 where nothing is said. */
static uint8_t choices(const void *tree, unsigned byte)
{
	int len = 0, chosen = fdt_path_offset(tree, "/chosen");
	const uint8_t *pair =
		chosen < 0 ? NULL
			   : fdt_getprop(tree, chosen, "ibm,arch-vec-5-platform-support", &len);

	for (; pair && len >= 2; pair += 2, len -= 2)
		if (pair[0] == byte)
			return pair[1];
	return 0;
}

static void choose(const void *tree)
{
	support.vector5[BYTE_XIVE - 1] = USE_XIVE;
	/* No page table is made here; with this one, the hypervisor needs none for us either. */
	if (choices(tree, BYTE_MMU) & CAN_RADIX) {
		support.vector5[BYTE_MMU - 1] = USE_RADIX;
		support.vector5[BYTE_RADIX - 1] = USE_GTSE;
	}
}

/* The new tree lacks what was said at the start only, like the boot arguments. */
static int keep_chosen(void *tree, const void *old)
{
	int from = fdt_path_offset(old, "/chosen"), to = fdt_path_offset(tree, "/chosen"), at;

	fdt_for_each_property_offset(at, old, from)
	{
		const char *name;
		int len, rc = 0;
		const void *value = fdt_getprop_by_offset(old, at, &name, &len);

		if (value && !fdt_getprop(tree, to, name, NULL))
			rc = fdt_setprop(tree, to, name, value, len);
		if (rc)
			return rc;
	}
	return 0;
}

const void *platform_device_tree(const void *given)
{
	/* 4 bytes below what is a multiple of 8 */
	uintptr_t buffer = ALIGN_DOWN((uintptr_t)given - TREE_ROOM, 8) - HEADER_BYTES;
	void *tree = (void *)(buffer + HEADER_BYTES);
	long rc;

	if (fdt_check_header(given) || (uintptr_t)given < (uintptr_t)image_end + 2 * TREE_ROOM ||
	    !(choices(given, BYTE_XIVE) & XIVE_MASK))
		return given;
	choose(given);
	rc = hcall(H_CAS, (uintptr_t)&support, buffer, TREE_ROOM, 0, 0, NULL);
	if (rc || fdt_open_into(tree, tree, TREE_ROOM - HEADER_BYTES) || keep_chosen(tree, given) ||
	    fdt_pack(tree)) {
		log_error("cas: the hypervisor gives no device tree with XIVE: %ld", rc);
		return given;
	}
	return tree;
}

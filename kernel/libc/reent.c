// SPDX-License-Identifier: Apache-2.0
#include <reent.h>
#include <string.h>

#include "kernel/lib/panic.h"
#include "kernel/libc/libc.h"
#include "kernel/mem.h"
#include "kernel/smp.h"

/* stdin, stdout and stderr of each hart, and some that programs open. */
#define LOCKS_PER_HART 3
#define LOCKS_SPARE    32

/*
 * newlib's reent before there is one a hart, and its list of all files. Its own would be 2 KiB of
 * initial values in the image. The pointer is the name of newlib 3, the struct that of newlib 4.
 */
struct _reent _impure_data;
struct _reent *_impure_ptr = &_impure_data;
struct _reent *const _global_impure_ptr = &_impure_data;

static struct _reent *reents; /* by hart index */

void libc_check_context(void)
{
	if (in_handler())
		panic("libc called from an interrupt handler");
}

/* newlib is built with __DYNAMIC_REENT__: each errno, stdout and malloc comes through here. */
struct _reent *__getreent(void)
{
	libc_check_context();
	return reents ? &reents[smp_index()] : _impure_ptr;
}

void libc_init(void)
{
	unsigned harts = smp_count();
	struct _reent *made = page_alloc(harts * sizeof(*made), PAGE_SIZE);

	if (!made)
		panic("no memory for libc on %u harts", harts);
	_REENT_INIT_PTR(&_impure_data);
	for (unsigned i = 0; i < harts; i++)
		_REENT_INIT_PTR(&made[i]);
	libc_locks_init(LOCKS_PER_HART * harts + LOCKS_SPARE);
	reents = made;
}

// SPDX-License-Identifier: Apache-2.0
/*
 * newlib's retargetable locks: all of the symbols of its lock.o, so that the linker
 * does not take that one. Recursive, owned by a hart: there is one thread a hart.
 */
#include <sys/lock.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "arch/cpu.h"
#include "kernel/lib/panic.h"
#include "kernel/libc/libc.h"
#include "kernel/mem.h"

struct __lock {
	_Atomic(struct hart *) owner;
	unsigned depth;        /* the owner's alone */
	_Atomic uint32_t used; /* of the pool; a word: RV64A exchanges no bytes */
};

struct __lock __lock___sinit_recursive_mutex;
struct __lock __lock___sfp_recursive_mutex;
struct __lock __lock___atexit_recursive_mutex;
struct __lock __lock___at_quick_exit_mutex;
struct __lock __lock___malloc_recursive_mutex;
struct __lock __lock___env_recursive_mutex;
struct __lock __lock___tz_mutex;
struct __lock __lock___dd_hash_mutex;
struct __lock __lock___arc4random_mutex;

static struct __lock *pool;
static unsigned pool_size;

void libc_locks_init(unsigned n)
{
	pool = page_alloc(n * sizeof(*pool), PAGE_SIZE);
	if (!pool)
		panic("no memory for %u libc locks", n);
	pool_size = n;
}

static bool try_acquire(struct __lock *lock)
{
	struct hart *none = NULL;

	libc_check_context();
	/* acquire pairs with the release in release() */
	if (!atomic_compare_exchange_strong_explicit(&lock->owner, &none, this_hart(),
						     memory_order_acquire, memory_order_relaxed) &&
	    none != this_hart())
		return false;
	lock->depth++;
	return true;
}

static void acquire(struct __lock *lock)
{
	while (!try_acquire(lock))
		cpu_relax();
}

static void release(struct __lock *lock)
{
	assert(atomic_load_explicit(&lock->owner, memory_order_relaxed) == this_hart());
	if (!--lock->depth)
		atomic_store_explicit(&lock->owner, NULL, memory_order_release);
}

/* A lock for an open file; newlib has no way to hear that there is none. */
static struct __lock *make(void)
{
	for (unsigned i = 0; i < pool_size; i++) {
		/* acquire pairs with the release in unmake() */
		if (!atomic_exchange_explicit(&pool[i].used, true, memory_order_acquire))
			return &pool[i];
	}
	panic("all %u libc locks are in use", pool_size);
}

static void unmake(struct __lock *lock)
{
	atomic_store_explicit(&lock->used, false, memory_order_release);
}

void __retarget_lock_init(_LOCK_T *lock)
{
	*lock = make();
}

void __retarget_lock_init_recursive(_LOCK_T *lock)
{
	*lock = make();
}

void __retarget_lock_close(_LOCK_T lock)
{
	unmake(lock);
}

void __retarget_lock_close_recursive(_LOCK_T lock)
{
	unmake(lock);
}

void __retarget_lock_acquire(_LOCK_T lock)
{
	acquire(lock);
}

void __retarget_lock_acquire_recursive(_LOCK_T lock)
{
	acquire(lock);
}

int __retarget_lock_try_acquire(_LOCK_T lock)
{
	return try_acquire(lock);
}

int __retarget_lock_try_acquire_recursive(_LOCK_T lock)
{
	return try_acquire(lock);
}

void __retarget_lock_release(_LOCK_T lock)
{
	release(lock);
}

void __retarget_lock_release_recursive(_LOCK_T lock)
{
	release(lock);
}

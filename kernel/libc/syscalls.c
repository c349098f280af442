// SPDX-License-Identifier: Apache-2.0
/* What newlib asks of a system: files 0, 1 and 2 are the console. */
#include <errno.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/console.h"
#include "kernel/lib/panic.h"
#include "kernel/mem.h"
#include "platform/platform.h"

/* newlib's names for them; it declares them for its own files only. */
int _write(int file, const char *bytes, int len);
int _read(int file, char *bytes, int len);
int _close(int file);
int _fstat(int file, struct stat *st);
int _isatty(int file);
off_t _lseek(int file, off_t offset, int whence);
int _getpid(void);
int _kill(int pid, int signal);
void *_sbrk(ptrdiff_t increment);

static int fail(int error)
{
	errno = error;
	return -1;
}

static int is_console(int file)
{
	return file >= STDIN_FILENO && file <= STDERR_FILENO;
}

int _write(int file, const char *bytes, int len)
{
	if (!is_console(file))
		return fail(EBADF);
	console_write(bytes, (size_t)len);
	return len;
}

int _read(int file, char *bytes, int len)
{
	if (!is_console(file))
		return fail(EBADF);
	if (len <= 0)
		return 0;
	*bytes = (char)console_read();
	return 1;
}

int _close(int file)
{
	(void)file;
	return fail(EBADF);
}

/* A character device: stdio then writes line by line. */
int _fstat(int file, struct stat *st)
{
	if (!is_console(file))
		return fail(EBADF);
	*st = (struct stat){ .st_mode = S_IFCHR };
	return 0;
}

int _isatty(int file)
{
	return is_console(file) ? 1 : fail(EBADF) + 1;
}

off_t _lseek(int file, off_t offset, int whence)
{
	(void)offset;
	(void)whence;
	return fail(is_console(file) ? ESPIPE : EBADF);
}

int _getpid(void)
{
	return 1;
}

int _kill(int pid, int signal)
{
	(void)pid;
	panic("libc: signal %d", signal);
}

void _exit(int status)
{
	platform_power_off((unsigned)status & 0xff);
}

void *_sbrk(ptrdiff_t increment)
{
	void *old = mem_sbrk(increment);

	if (old)
		return old;
	errno = ENOMEM;
	return (void *)-1;
}

/* SPDX-License-Identifier: MIT */
/*
 * Preloaded, it counts what a process that never waits must not do (asking for
 * memory), and where it was put to sleep: in its loop, in a call on a terminal
 * (the kernel has another thread hand the bytes over, and waits for that), or,
 * by difference from what the kernel says in all, elsewhere. In a file
 * $GRIDSHIM_COUNT/PID, that the test reads.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As test_never_waits.py reads it. */
struct counts {
	_Atomic uint64_t allocations; /* malloc, calloc, realloc, mmap */
	_Atomic uint64_t frees; /* free of something, munmap */
	_Atomic uint64_t waits; /* epoll_wait, epoll_pwait */
	_Atomic uint64_t waits_asleep; /* voluntary switches in those */
	_Atomic uint64_t terminal; /* calls */
	_Atomic uint64_t terminal_asleep;
	/* By whom, as file and offset. */
	char last_free[256];
	char last_allocation[256];
};

static struct counts nowhere;
static struct counts *counts = &nowhere;

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void __libc_free(void *memory);

static void
open_counts(void)
{
	const char *folder = getenv("GRIDSHIM_COUNT");
	char path[512];
	void *memory;
	int fd;

	if (folder == NULL)
		return;
	snprintf(path, sizeof(path), "%s/%d", folder, (int)getpid());
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, sizeof(*counts)) != 0)
		_exit(99);
	memory = (void *)syscall(SYS_mmap, NULL, sizeof(*counts),
	    PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		_exit(99);
	close(fd);
	counts = memory;
}

__attribute__((constructor)) static void
start(void)
{
	open_counts();
	pthread_atfork(NULL, NULL, open_counts);
}

static void
note(char *text, void *caller)
{
	Dl_info info;

	if (dladdr(caller, &info))
		snprintf(text, sizeof(counts->last_free), "%s+%#tx",
		    info.dli_fname, (char *)caller - (char *)info.dli_fbase);
}

static void
note_allocation(void *caller)
{
	counts->allocations++;
	note(counts->last_allocation, caller);
}

void *
malloc(size_t size)
{
	note_allocation(__builtin_return_address(0));
	return __libc_malloc(size);
}

void *
calloc(size_t count, size_t size)
{
	note_allocation(__builtin_return_address(0));
	return __libc_calloc(count, size);
}

void *
realloc(void *old, size_t size)
{
	note_allocation(__builtin_return_address(0));
	return __libc_realloc(old, size);
}

void
free(void *memory)
{
	if (memory != NULL) {
		counts->frees++;
		note(counts->last_free, __builtin_return_address(0));
	}
	__libc_free(memory);
}

void *
mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset)
{
	note_allocation(__builtin_return_address(0));
	return (void *)syscall(
	    SYS_mmap, at, length, protection, flags, fd, offset);
}

int
munmap(void *at, size_t length)
{
	counts->frees++;
	return (int)syscall(SYS_munmap, at, length);
}

static uint64_t
asleep(void)
{
	struct rusage usage;

	syscall(SYS_getrusage, RUSAGE_THREAD, &usage);
	return (uint64_t)usage.ru_nvcsw;
}

static bool
is_terminal(int fd)
{
	struct stat stat;

	return fstat(fd, &stat) == 0 && S_ISCHR(stat.st_mode);
}

static long
transfer(long number, int fd, uintptr_t buffer, size_t size)
{
	bool terminal = is_terminal(fd);
	uint64_t before = terminal ? asleep() : 0;
	long result = syscall(number, fd, buffer, size);
	int error = errno;

	if (terminal) {
		counts->terminal++;
		counts->terminal_asleep += asleep() - before;
	}
	errno = error;
	return result;
}

ssize_t
read(int fd, void *buffer, size_t size)
{
	return transfer(SYS_read, fd, (uintptr_t)buffer, size);
}

/* What the compiler makes of read() where it knows the size. */
ssize_t
__read_chk(int fd, void *buffer, size_t size, size_t room)
{
	return size > room ? -1
	                   : transfer(SYS_read, fd, (uintptr_t)buffer, size);
}

ssize_t
write(int fd, const void *buffer, size_t size)
{
	return transfer(SYS_write, fd, (uintptr_t)buffer, size);
}

int
tcflush(int fd, int queue)
{
	uint64_t before = asleep();
	int result = ioctl(fd, TCFLSH, queue);

	counts->terminal++;
	counts->terminal_asleep += asleep() - before;
	return result;
}

int
epoll_pwait(int fd, struct epoll_event *events, int count, int timeout_ms,
    const sigset_t *mask)
{
	uint64_t before = asleep();
	int result = (int)syscall(SYS_epoll_pwait, fd, events, count,
	    timeout_ms, mask, sizeof(uint64_t));
	int error = errno;

	counts->waits++;
	counts->waits_asleep += asleep() - before;
	errno = error;
	return result;
}

int
epoll_wait(int fd, struct epoll_event *events, int count, int timeout_ms)
{
	return epoll_pwait(fd, events, count, timeout_ms, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Faults of a serial device by their case numbers (39 to 41), on a tty whose
 * other end is here. In the whole gateway: tests/pty/test_cases_os.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "proxy/crc.h"
#include "proxy/port.h"

static const uint8_t request[] = { 1, 4, 0, 0, 0, 64 };

struct ends {
	int other; /* where the device would be */
	char path[64];
	struct port port;
};

static void
ends_open(struct ends *ends)
{
	ends->other = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
	assert_true(ends->other >= 0);
	assert_int_equal(grantpt(ends->other), 0);
	assert_int_equal(unlockpt(ends->other), 0);
	assert_int_equal(
	    ptsname_r(ends->other, ends->path, sizeof(ends->path)), 0);
	assert_true(port_init(&ends->port, ends->path, 9600, "8N1", false));
}

static void
ends_close(struct ends *ends)
{
	port_free(&ends->port);
	close(ends->other);
}

static void
case_39_open_fails_and_later_succeeds(void **state)
{
	char path[] = "/tmp/test_port_XXXXXX";
	struct port port;
	struct ends ends;

	(void)state;
	assert_non_null(mkdtemp(path));
	assert_int_equal(rmdir(path), 0);
	assert_true(port_init(&port, path, 9600, "8N1", false));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(port_open(&port), -1);
		assert_int_equal(errno, ENOENT);
	}
	ends_open(&ends);
	assert_int_equal(symlink(ends.path, path), 0);
	assert_true(port_open(&port) >= 0);
	assert_true(port_send(&port, request, sizeof(request)));
	port_close(&port);
	unlink(path);
	port_free(&port);
	ends_close(&ends);
}

static void
case_40_held_by_another_program(void **state)
{
	struct ends ends;
	int holder;

	(void)state;
	ends_open(&ends);
	holder = open(ends.path, O_RDWR | O_NOCTTY);
	assert_int_equal(flock(holder, LOCK_EX | LOCK_NB), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(port_open(&ends.port), -1);
		assert_int_equal(errno, EWOULDBLOCK);
	}
	assert_int_equal(flock(holder, LOCK_UN), 0);
	assert_true(port_open(&ends.port) >= 0);
	assert_int_equal(flock(holder, LOCK_EX | LOCK_NB), -1);
	port_close(&ends.port);
	assert_int_equal(flock(holder, LOCK_EX | LOCK_NB), 0);
	close(holder);
	ends_close(&ends);
}

/* Writes until nothing more is taken. */
static void
fill(int fd)
{
	static const uint8_t zeros[4096];

	for (size_t size = sizeof(zeros); size > 0; size /= 4) {
		while (write(fd, zeros, size) > 0)
			continue;
		assert_int_equal(errno, EAGAIN);
	}
}

/* The last `length` bytes of what the other end reads, and how many came. */
static size_t
read_all(int fd, uint8_t *last, size_t length)
{
	uint8_t bytes[4096];
	size_t total = 0;

	memset(last, 0, length);
	for (ssize_t got; (got = read(fd, bytes, sizeof(bytes))) > 0;) {
		size_t kept = (size_t)got < length ? (size_t)got : length;

		memmove(last, last + kept, length - kept);
		memcpy(last + length - kept, bytes + got - kept, kept);
		total += (size_t)got;
	}
	return total;
}

static void
send_and_compare(struct ends *ends)
{
	uint8_t expected[8], got[8];

	memcpy(expected, request, sizeof(request));
	crc_append(expected, sizeof(request));
	assert_true(port_send(&ends->port, request, sizeof(request)));
	assert_int_equal(read_all(ends->other, got, sizeof(got)), 8);
	assert_memory_equal(got, expected, sizeof(expected));
}

static void
case_41_full_output_buffer_and_short_write(void **state)
{
	uint8_t got[8];
	struct ends ends;
	int short_writes = 0;

	(void)state;
	ends_open(&ends);
	assert_true(port_open(&ends.port) >= 0);
	send_and_compare(&ends);
	/* None of it fits: nothing is sent, and nobody waits. */
	alarm(5);
	fill(modbus_get_socket(ends.port.modbus));
	assert_false(port_send(&ends.port, request, sizeof(request)));
	(void)read_all(ends.other, got, sizeof(got));
	send_and_compare(&ends);
	/* Some of it fits, or a part was thrown away: whatever is said to have
	 * been sent was sent whole. */
	for (size_t room = 1; room < 600; room++) {
		uint8_t bytes[600];
		bool sent;

		fill(modbus_get_socket(ends.port.modbus));
		(void)!read(ends.other, bytes, room);
		sent = port_send(&ends.port, request, sizeof(request));
		short_writes += !sent;
		(void)read_all(ends.other, got, sizeof(got));
		if (sent)
			assert_memory_equal(got, request, sizeof(request));
		send_and_compare(&ends);
	}
	alarm(0);
	assert_true(short_writes > 0);
	port_close(&ends.port);
	ends_close(&ends);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(case_39_open_fails_and_later_succeeds),
		cmocka_unit_test(case_40_held_by_another_program),
		cmocka_unit_test(case_41_full_output_buffer_and_short_write),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * What the bench's programs on a serial line share: clock, CRC, tty. Written
 * apart from gridshim's own: a tool that shared its framing with what it
 * measures would share its mistakes.
 */
#ifndef TESTS_BENCH_WIRE_H
#define TESTS_BENCH_WIRE_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static inline int64_t
wire_now_us(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000;
}

static inline void
wire_sleep_until(int64_t us)
{
	struct timespec at = { .tv_sec = us / 1000000,
		.tv_nsec = us % 1000000 * 1000 };

	while (
	    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		continue;
}

/* The standard's: of 11 bits a character, and fixed above 19200 baud. */
static inline int64_t
wire_t35_us(int baud)
{
	return baud == 0 || baud > 19200 ? 1750 : 38500000 / baud;
}

/* Of a frame with its CRC: 0. */
static inline unsigned
wire_crc(const uint8_t *bytes, size_t length)
{
	unsigned value = 0xffff;

	while (length-- > 0) {
		value ^= *bytes++;
		for (int bit = 0; bit < 8; bit++)
			value = value & 1 ? value >> 1 ^ 0xa001 : value >> 1;
	}
	return value;
}

/* The length with the CRC. */
static inline size_t
wire_append_crc(uint8_t *bytes, size_t length)
{
	unsigned sum = wire_crc(bytes, length);

	bytes[length] = (uint8_t)sum;
	bytes[length + 1] = (uint8_t)(sum >> 8);
	return length + 2;
}

static inline unsigned
wire_u16(const uint8_t *bytes)
{
	return (unsigned)bytes[0] << 8 | bytes[1];
}

/* Lines are pseudo-terminals that keep their own pace: the speed set here
 * means nothing. */
static inline int
wire_open(const char *path, int flags)
{
	struct termios tty;
	int fd = open(path, O_RDWR | O_NOCTTY | flags);

	if (fd < 0 || tcgetattr(fd, &tty) != 0) {
		perror(path);
		exit(1);
	}
	cfmakeraw(&tty);
	cfsetspeed(&tty, B115200);
	tcsetattr(fd, TCSANOW, &tty);
	tcflush(fd, TCIOFLUSH);
	return fd;
}

/* Waits for a request of eight bytes to this unit: reading or writing one
 * register, which is all that the bench asks. When its last byte came, us. */
static inline int64_t
wire_request(int fd, uint8_t unit, uint8_t request[8])
{
	size_t have = 0;

	for (;;) {
		ssize_t got = read(fd, request + have, 8 - have);

		if (got <= 0)
			exit(1);
		have += (size_t)got;
		/* Out of step: one byte on. */
		while (
		    have > 0 && (request[0] != unit ||
				    (have == 8 && wire_crc(request, 8) != 0))) {
			have--;
			for (size_t i = 0; i < have; i++)
				request[i] = request[i + 1];
		}
		if (have == 8)
			return wire_now_us();
	}
}

static inline void
wire_write(int fd, const uint8_t *bytes, size_t length)
{
	if (write(fd, bytes, length) != (ssize_t)length)
		exit(1);
}

#endif

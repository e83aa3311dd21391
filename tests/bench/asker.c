/* SPDX-License-Identifier: MIT */
/*
 * Asks one question over and over, as an inverter does, and measures the time
 * from the last byte of the request to the first byte of the reply. Framing
 * and CRC are its own: a tool that shared them with what it measures would
 * share its mistakes.
 *
 *   asker DEVICE BAUD UNIT FUNCTION ADDRESS COUNT REQUESTS PERIOD_MS
 *
 * BAUD 0: a line without pacing. PERIOD_MS 0: as fast as the standard's
 * silence allows. One JSON object on stdout: microseconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { REPLY_MAX = 512, TIMEOUT_MS = 1000 };

struct asker {
	int fd;
	int64_t character_us_x1000; /* nanoseconds of one character */
	int64_t silence_us;
	int64_t period_us;
	uint8_t request[8];
	size_t expect;
};

struct tally {
	int64_t *turnaround;
	size_t good;
	size_t silent;
	size_t broken;
};

static int64_t
now_us(void)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	return (int64_t)at.tv_sec * 1000000 + at.tv_nsec / 1000;
}

static void
sleep_until(int64_t us)
{
	struct timespec at = { .tv_sec = us / 1000000,
		.tv_nsec = us % 1000000 * 1000 };

	while (
	    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		continue;
}

static unsigned
crc(const uint8_t *bytes, size_t length)
{
	unsigned value = 0xffff;

	while (length-- > 0) {
		value ^= *bytes++;
		for (int bit = 0; bit < 8; bit++)
			value = value & 1 ? value >> 1 ^ 0xa001 : value >> 1;
	}
	return value;
}

static int
open_tty(const char *path)
{
	struct termios tty;
	int fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK);

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

static void
setup(struct asker *asker, char **argv)
{
	int baud = atoi(argv[2]), count = atoi(argv[6]);
	unsigned sum;

	asker->fd = open_tty(argv[1]);
	asker->character_us_x1000 =
	    baud > 0 ? 10 * INT64_C(1000000000) / baud : 0;
	asker->silence_us = baud == 0      ? 500
	                    : baud > 19200 ? 1750
	                                   : 38500000 / baud;
	asker->period_us = (int64_t)(atof(argv[8]) * 1000);
	asker->request[0] = (uint8_t)atoi(argv[3]);
	asker->request[1] = (uint8_t)atoi(argv[4]);
	asker->request[2] = (uint8_t)(atoi(argv[5]) >> 8);
	asker->request[3] = (uint8_t)atoi(argv[5]);
	asker->request[4] = (uint8_t)(count >> 8);
	asker->request[5] = (uint8_t)count;
	sum = crc(asker->request, 6);
	asker->request[6] = (uint8_t)sum;
	asker->request[7] = (uint8_t)(sum >> 8);
	asker->expect = 5 + 2 * (size_t)count;
}

/* Microseconds from the request's write to the reply's first byte, or -1:
 * silent, -2: not the reply. */
static int64_t
ask(const struct asker *asker)
{
	uint8_t reply[REPLY_MAX];
	struct pollfd poll_fd = { .fd = asker->fd, .events = POLLIN };
	int64_t sent, first = 0, until;
	size_t length = 0;
	ssize_t got;

	while (read(asker->fd, reply, sizeof(reply)) > 0)
		continue;
	if (write(asker->fd, asker->request, 8) != 8)
		exit(1);
	sent = now_us();
	until = sent + TIMEOUT_MS * 1000;
	while (length < asker->expect) {
		int64_t left_us = until - now_us();

		if (left_us <= 0)
			return length == 0 ? -1 : -2;
		if (poll(&poll_fd, 1, (int)(left_us / 1000) + 1) <= 0)
			continue;
		got = read(asker->fd, reply + length, sizeof(reply) - length);
		if (got <= 0)
			continue;
		if (length == 0)
			first = now_us();
		length += (size_t)got;
		if (length >= 2 && reply[1] & 0x80)
			return -2;
	}
	return length == asker->expect && crc(reply, length) == 0 ? first - sent
	                                                          : -2;
}

static void
run(const struct asker *asker, size_t requests, struct tally *tally)
{
	int64_t next = now_us() + 50000;
	/* The request itself, and the first character of the reply. */
	int64_t wire_us = 9 * asker->character_us_x1000 / 1000;

	for (size_t i = 0; i < requests; i++) {
		int64_t us;

		sleep_until(next);
		us = ask(asker);
		if (us >= 0)
			tally->turnaround[tally->good++] = us - wire_us;
		else if (us == -1)
			tally->silent++;
		else
			tally->broken++;
		next = asker->period_us > 0 ? next + asker->period_us
		                            : now_us() + asker->silence_us;
	}
}

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static long long
percentile(const struct tally *tally, double part)
{
	size_t at = (size_t)(part * (double)tally->good);

	if (tally->good == 0)
		return -1;
	return (long long)
	    tally->turnaround[at < tally->good ? at : tally->good - 1];
}

int
main(int argc, char **argv)
{
	struct asker asker;
	struct tally tally = { 0 };
	size_t requests;

	if (argc != 9) {
		fprintf(stderr, "usage: asker DEVICE BAUD UNIT FUNCTION "
				"ADDRESS COUNT REQUESTS PERIOD_MS\n");
		return 64;
	}
	requests = (size_t)atol(argv[7]);
	tally.turnaround = calloc(requests + 1, sizeof(*tally.turnaround));
	if (tally.turnaround == NULL)
		return 1;
	setup(&asker, argv);
	run(&asker, requests, &tally);
	qsort(tally.turnaround, tally.good, sizeof(*tally.turnaround), compare);
	printf("{\"good\":%zu,\"silent\":%zu,\"broken\":%zu,\"p50\":%lld,"
	       "\"p99\":%lld,\"p999\":%lld,\"max\":%lld}\n",
	    tally.good, tally.silent, tally.broken, percentile(&tally, 0.5),
	    percentile(&tally, 0.99), percentile(&tally, 0.999),
	    percentile(&tally, 1.0));
	free(tally.turnaround);
	return 0;
}

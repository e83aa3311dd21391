/* SPDX-License-Identifier: MIT */
/*
 * Asks one question over and over, as an inverter does, and measures the time
 * from the last byte of the request to the first byte of the reply, and from
 * the request's first to the reply's last ("whole").
 *
 *   asker DEVICE BAUD UNIT FUNCTION ADDRESS COUNT REQUESTS PERIOD_MS [MODULO]
 *
 * BAUD 0: a line without pacing. PERIOD_MS 0: as fast as the standard's
 * silence allows. One JSON object on stdout: microseconds. With MODULO the
 * first register of the reply is the monotonic clock, in ms modulo MODULO, at
 * which its value was measured (clock_meter): then its age at the reply's last
 * byte is told as well, once the first questions have made the beat known.
 */
#include <poll.h>
#include <stdbool.h>
#include <string.h>

#include "tests/bench/wire.h"

enum { REPLY_MAX = 512, TIMEOUT_MS = 1000, AGE_AFTER = 10 };

struct asker {
	int fd;
	int64_t
	    wire_us; /* the request itself, and the reply's first character */
	int64_t silence_us;
	int64_t period_us;
	int64_t modulo_ms; /* 0: no age */
	uint8_t request[8];
	size_t expect;
};

struct reply {
	int64_t sent;
	int64_t first;
	int64_t last;
	uint8_t bytes[REPLY_MAX];
};

struct series {
	const char *name;
	int64_t *us;
	size_t count;
};

struct tally {
	struct series turnaround, whole, age;
	size_t silent;
	size_t broken;
};

static void
setup(struct asker *asker, int argc, char **argv)
{
	int baud = atoi(argv[2]), count = atoi(argv[6]);

	asker->fd = wire_open(argv[1], O_NONBLOCK);
	asker->wire_us = baud > 0 ? 9 * INT64_C(10000000) / baud : 0;
	asker->silence_us = baud == 0 ? 500 : wire_t35_us(baud);
	asker->period_us = (int64_t)(atof(argv[8]) * 1000);
	asker->modulo_ms = argc == 10 ? atol(argv[9]) : 0;
	asker->request[0] = (uint8_t)atoi(argv[3]);
	asker->request[1] = (uint8_t)atoi(argv[4]);
	asker->request[2] = (uint8_t)(atoi(argv[5]) >> 8);
	asker->request[3] = (uint8_t)atoi(argv[5]);
	asker->request[4] = (uint8_t)(count >> 8);
	asker->request[5] = (uint8_t)count;
	wire_append_crc(asker->request, 6);
	asker->expect = 5 + 2 * (size_t)count;
}

/* 0, or -1: silent, -2: not the reply. */
static int
ask(const struct asker *asker, struct reply *reply)
{
	struct pollfd poll_fd = { .fd = asker->fd, .events = POLLIN };
	uint8_t *bytes = reply->bytes;
	int64_t until;
	size_t length = 0;
	ssize_t got;

	while (read(asker->fd, bytes, REPLY_MAX) > 0)
		continue;
	wire_write(asker->fd, asker->request, 8);
	reply->sent = wire_now_us();
	until = reply->sent + TIMEOUT_MS * 1000;
	while (length < asker->expect) {
		int64_t left_us = until - wire_now_us();

		if (left_us <= 0)
			return length == 0 ? -1 : -2;
		if (poll(&poll_fd, 1, (int)(left_us / 1000) + 1) <= 0)
			continue;
		got = read(asker->fd, bytes + length, REPLY_MAX - length);
		if (got <= 0)
			continue;
		reply->last = wire_now_us();
		if (length == 0)
			reply->first = reply->last;
		length += (size_t)got;
		if (length >= 2 && bytes[1] & 0x80)
			return -2;
	}
	return length == asker->expect && wire_crc(bytes, length) == 0 ? 0 : -2;
}

static void
note(struct series *series, int64_t us)
{
	series->us[series->count++] = us;
}

static void
note_age(
    const struct asker *asker, const struct reply *reply, struct series *age)
{
	int64_t modulo_us = asker->modulo_ms * 1000;
	int64_t measured_us = (int64_t)wire_u16(reply->bytes + 3) * 1000;
	int64_t us = (reply->last - measured_us) % modulo_us;

	/* The clock in the register is a rounded one. */
	note(age, us > modulo_us - 1000 ? us - modulo_us : us);
}

static void
run(const struct asker *asker, size_t requests, struct tally *tally)
{
	int64_t next = wire_now_us() + 50000;
	struct reply reply;

	for (size_t i = 0; i < requests; i++) {
		int result;

		wire_sleep_until(next);
		result = ask(asker, &reply);
		tally->silent += result == -1;
		tally->broken += result == -2;
		if (result == 0) {
			note(&tally->turnaround,
			    reply.first - reply.sent - asker->wire_us);
			note(&tally->whole, reply.last - reply.sent);
		}
		if (result == 0 && asker->modulo_ms > 0 && i >= AGE_AFTER)
			note_age(asker, &reply, &tally->age);
		next = asker->period_us > 0 ? next + asker->period_us
		                            : wire_now_us() + asker->silence_us;
	}
}

static int
compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static long long
percentile(const struct series *series, double part)
{
	size_t at = (size_t)(part * (double)series->count);

	if (series->count == 0)
		return -1;
	return (
	    long long)series->us[at < series->count ? at : series->count - 1];
}

static void
tell(struct series *series)
{
	static const struct {
		const char *name;
		double part;
	} parts[] = { { "p50", 0.5 }, { "p99", 0.99 }, { "p999", 0.999 },
		{ "max", 1.0 } };

	qsort(series->us, series->count, sizeof(*series->us), compare);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		printf(",\"%s%s\":%lld", series->name, parts[i].name,
		    percentile(series, parts[i].part));
	free(series->us);
}

int
main(int argc, char **argv)
{
	struct asker asker;
	struct tally tally = { .turnaround.name = "",
		.whole.name = "whole_",
		.age.name = "age_" };
	struct series *all[] = { &tally.turnaround, &tally.whole, &tally.age };
	size_t requests;

	if (argc != 9 && argc != 10) {
		fprintf(stderr,
		    "usage: asker DEVICE BAUD UNIT FUNCTION ADDRESS "
		    "COUNT REQUESTS PERIOD_MS [MODULO]\n");
		return 64;
	}
	requests = (size_t)atol(argv[7]);
	for (size_t i = 0; i < 3; i++) {
		all[i]->us = calloc(requests + 1, sizeof(*all[i]->us));
		if (all[i]->us == NULL)
			return 1;
	}
	setup(&asker, argc, argv);
	run(&asker, requests, &tally);
	printf("{\"good\":%zu,\"silent\":%zu,\"broken\":%zu",
	    tally.turnaround.count, tally.silent, tally.broken);
	for (size_t i = 0; i < 3; i++)
		tell(all[i]);
	puts("}");
	return 0;
}

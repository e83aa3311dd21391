/* SPDX-License-Identifier: MIT */
#include "tests/house/bus.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/house/judge.h"
#include "tests/house/now.h"
#include "tests/house/peer.h"
#include "tests/house/record.h"

enum {
	SHORTEST = 4, /* unit, function, CRC */
	FIXED = 8, /* requests of functions 1 to 6 */
	COUNTED = 9, /* of 15 and 16, and what byte 6 says */
	COUNT_AT = 6,
	BITS = 10, /* of a character */
	PAUSE_MS = 30, /* and what a few characters take: it ends a frame */
	OVERHEARD_MS = 20, /* libmodbus wants one; it is not used */
};

struct frame {
	uint8_t bytes[MODBUS_RTU_MAX_ADU_LENGTH];
	int length;
	int64_t began_ns;
};

struct device *
bus_unit(struct bus *bus, int unit)
{
	for (unsigned i = 0; i < bus->devices_count; i++)
		if (bus->devices[i].unit == unit)
			return &bus->devices[i];
	return NULL;
}

/* 0: not to be told, a pause ends it. */
static int
full_length(const struct frame *frame)
{
	int function = frame->length < 2 ? 0 : frame->bytes[1];

	if (function >= 1 && function <= 6)
		return FIXED;
	if ((function == 15 || function == 16) && frame->length > COUNT_AT)
		return COUNTED + frame->bytes[COUNT_AT];
	return 0;
}

static int64_t
characters_ns(const struct bus *bus, int count)
{
	return bus->baud == 0 ? 0 : count * BITS * NOW_S / (int64_t)bus->baud;
}

static void
hear(const struct bus *bus, struct frame *frame)
{
	struct pollfd fd = { .fd = modbus_get_socket(bus->peer),
		.events = POLLIN };
	int pause_ms = PAUSE_MS + (int)(characters_ns(bus, 5) / NOW_MS);

	frame->length = 0;
	while (poll(&fd, 1, frame->length == 0 ? -1 : pause_ms) > 0) {
		size_t room = sizeof(frame->bytes) - (size_t)frame->length;
		ssize_t got = read(fd.fd, frame->bytes + frame->length, room);

		if (got <= 0)
			return;
		if (frame->length == 0)
			frame->began_ns = now_ns();
		frame->length += (int)got;
		if (frame->length == full_length(frame) ||
		    frame->length == (int)sizeof(frame->bytes))
			return;
	}
}

static bool
is_whole(const struct frame *frame)
{
	int body = frame->length - 2;
	int full = full_length(frame);

	return frame->length >= SHORTEST &&
	       (full == 0 || full == frame->length) &&
	       peer_crc(frame->bytes, body) ==
	           (frame->bytes[body] | (unsigned)frame->bytes[body + 1] << 8);
}

/* Replies, and says how many bytes are on their way for it. */
static int
reply(struct bus *bus, struct device *device, const struct frame *frame)
{
	int verdict = judge_request(device, frame->bytes, frame->began_ns);
	int64_t sent_ns = now_ns();
	int length;

	if (verdict == JUDGE_SILENT)
		return verdict;
	if (verdict == JUDGE_ANSWER) {
		length = modbus_reply(
		    bus->peer, frame->bytes, frame->length, device->store);
		judge_done(device, frame->bytes, now_ns());
	} else {
		length = modbus_reply_exception(
		    bus->peer, frame->bytes, (unsigned)verdict);
	}
	judge_rest(device, sent_ns + characters_ns(bus, length));
	return verdict;
}

static const char *
result_name(int verdict)
{
	if (verdict == JUDGE_SILENT)
		return "early";
	return peer_result(verdict == 0 ? 0 : MODBUS_ENOBASE + verdict);
}

static void
handle(struct bus *bus, const struct frame *frame)
{
	struct record_frame record = { .line = bus->name,
		.at_ns = frame->began_ns,
		.request_length = (size_t)frame->length };
	struct device *device = bus_unit(bus, frame->bytes[0]);
	int verdict;

	if (device == NULL) {
		bus->strangers++;
		return;
	}
	pthread_mutex_lock(&bus->lock);
	verdict = reply(bus, device, frame);
	pthread_mutex_unlock(&bus->lock);
	record.side = device->name;
	record.result = result_name(verdict);
	record.latency_us = (now_ns() - frame->began_ns) / 1000;
	memcpy(record.request, frame->bytes, record.request_length);
	record_frame(&record);
}

static void *
run(void *argument)
{
	struct bus *bus = argument;
	struct frame frame;

	for (;;) {
		hear(bus, &frame);
		if (is_whole(&frame))
			handle(bus, &frame);
		else
			bus->broken++;
	}
	return NULL;
}

bool
bus_start(struct bus *bus)
{
	pthread_t thread;

	pthread_mutex_init(&bus->lock, NULL);
	bus->peer = peer_connect(
	    line_path(bus->wire, LINE_Z), bus->baud, 1, OVERHEARD_MS);
	return bus->peer != NULL &&
	       pthread_create(&thread, NULL, run, bus) == 0;
}

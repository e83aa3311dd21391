/* SPDX-License-Identifier: MIT */
/* The asking side and what arrives at it, in virtual time. What is taken for
 * an answer must carry the number of the request under way. */
#ifndef TESTS_UNIT_CLIENT_BUS_H
#define TESTS_UNIT_CLIENT_BUS_H

#include "tests/unit/client_bench.h"

enum {
	ARRIVALS_MAX = 8,
	WORST_MS = 1000, /* from a request to the next, whatever comes */
	REPLY_MS = 20,
};

/* A map without room for other lengths: every answer looks the same. */
static struct map one_length;

struct arrival {
	struct mono at;
	size_t length; /* 0: bytes that are no frame */
	uint8_t adu[256];
};

struct bus {
	struct bench bench;
	struct arrival arrivals[ARRIVALS_MAX];
	unsigned count;
	struct mono sent;
	struct client_result result; /* of the last step */
	bool foreign; /* a frame was given to nobody in this step */
};

static void
bus_init(struct bus *bus, const struct map *of)
{
	memset(bus, 0, sizeof(*bus));
	one_length = map;
	one_length.words_max = 5;
	bus->bench.now.us = 1000000;
	assert_true(device_init(&bus->bench.devices[0], &config, 0, of));
	client_init(&bus->bench.client, wire, bus->bench.devices, 1);
}

/* Empty: bytes that are no frame. */
static void
arrives(struct bus *bus, int64_t after_us, const uint8_t *adu, size_t length)
{
	struct arrival *arrival = &bus->arrivals[bus->count++];

	assert_true(bus->count <= ARRIVALS_MAX);
	arrival->at = mono_add_us(bus->bench.now, after_us);
	arrival->length = length;
	if (length > 0)
		memcpy(arrival->adu, adu, length);
}

/* The answer to the request that was sent last. */
static void
reply_arrives(struct bus *bus, int64_t after_us)
{
	uint8_t adu[256];
	size_t length =
	    answer_to(&bus->bench.request, bus->bench.asked, UNIT, adu);

	arrives(bus, after_us, adu, length);
}

static struct arrival *
first_arrival(struct bus *bus)
{
	struct arrival *first = NULL;

	for (unsigned i = 0; i < bus->count; i++) {
		if (first == NULL ||
		    mono_diff_us(bus->arrivals[i].at, first->at) < 0)
			first = &bus->arrivals[i];
	}
	return first;
}

/* What is taken was asked for by the request under way. */
static void
deliver(struct bus *bus, struct arrival *arrival)
{
	struct client *client = &bus->bench.client;

	if (arrival->length > 0) {
		bus->result = client_frame(
		    client, arrival->adu, arrival->length, bus->bench.now);
		bus->foreign = bus->result.verdict == CLIENT_FOREIGN;
		if (bus->result.verdict == CLIENT_ANSWERED)
			assert_int_equal(
			    pdu_get_u16(arrival->adu + 3), bus->bench.asked);
	}
	client_heard(client);
	*arrival = bus->arrivals[--bus->count];
}

static bool
send_if_due(struct bus *bus, struct mono *wake)
{
	struct client *client = &bus->bench.client;
	struct client_step step = client_next(client, bus->bench.now);

	*wake = step.wake;
	if (!step.send)
		return false;
	bus->bench.request = client->request;
	bus->bench.asked++;
	bus->sent = bus->bench.now;
	client_sent(client, &step, bus->bench.now);
	return true;
}

/* One thing happens. True: a request went out. Else bus->result tells. */
static bool
happens(struct bus *bus)
{
	struct arrival *arrival = first_arrival(bus);
	struct mono wake;

	memset(&bus->result, 0, sizeof(bus->result));
	bus->foreign = false;
	if (send_if_due(bus, &wake))
		return true;
	assert_true(mono_is_set(wake));
	if (arrival != NULL && mono_diff_us(arrival->at, wake) <= 0) {
		bus->bench.now = arrival->at;
		deliver(bus, arrival);
		return false;
	}
	if (mono_diff_us(wake, bus->bench.now) > 0)
		bus->bench.now = wake;
	bus->result = client_expire(&bus->bench.client, bus->bench.now);
	return false;
}

static void
until_asked(struct bus *bus)
{
	for (int i = 0; i < 100; i++) {
		if (happens(bus))
			return;
	}
	fail_msg("nothing was ever asked");
}

/* How the request under way ends. */
static enum client_verdict
until_over(struct bus *bus)
{
	for (int i = 0; i < 100; i++) {
		assert_false(happens(bus));
		if (bus->result.verdict != CLIENT_NOTHING && !bus->foreign)
			return bus->result.verdict;
	}
	fail_msg("the request never ends");
	return CLIENT_NOTHING;
}

static void
one_good(struct bus *bus)
{
	until_asked(bus);
	reply_arrives(bus, REPLY_MS * 1000);
	assert_int_equal(until_over(bus), CLIENT_ANSWERED);
}

/* Some good requests: which block is next depends on how many. */
static void
bus_begin(struct bus *bus, const struct map *of, int good)
{
	bus_init(bus, of);
	for (int i = 0; i < good; i++)
		one_good(bus);
}

static const struct device *
meter(const struct bus *bus)
{
	return &bus->bench.devices[0];
}

/* The meter is asked again soon, and understood. */
static void
goes_on(struct bus *bus)
{
	struct mono before = bus->sent;

	until_asked(bus);
	assert_true(mono_diff_us(bus->sent, before) < WORST_MS * 1000);
	reply_arrives(bus, REPLY_MS * 1000);
	assert_int_equal(until_over(bus), CLIENT_ANSWERED);
}

#endif

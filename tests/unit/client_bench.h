/* SPDX-License-Identifier: MIT */
/* The asking side in virtual time, for the tests of it. */
#ifndef TESTS_UNIT_CLIENT_BENCH_H
#define TESTS_UNIT_CLIENT_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "proxy/client.h"
#include "proxy/rtu.h"

enum { POLL_MS = 200, TIMEOUT_MS = 200, UNIT = 1 };

static char grid[] = "grid";
static const struct config_device config = {
	.name = grid,
	.unit = UNIT,
	.poll_ms = POLL_MS,
	.timeout_ms = TIMEOUT_MS,
};

/* Two fast points in one read, three slow ones in two. */
static const struct map map = {
	.name = "test",
	.function = 4,
	.words_max = 80,
	.hole_max = 10,
	.points_count = 5,
	.points = {
		{ QUANTITY_VOLTAGE, 0, MAP_U16, 1.0, false, 0, { 0 } },
		{ QUANTITY_ACTIVE_POWER_L1, 12, MAP_U16, 1.0, true, 0, { 0 } },
		{ QUANTITY_ACTIVE_POWER, 16, MAP_U16, 1.0, true, 0, { 0 } },
		{ QUANTITY_FREQUENCY, 40, MAP_U16, 1.0, false, 0, { 0 } },
		{ QUANTITY_ENERGY_IMPORT, 42, MAP_U32, 1.0, false, 0, { 0 } },
	},
	.blocks_count = 1,
	.blocks = { { 0, 60 } },
};

static const struct exchange_wire wire = { .baud = 9600, .character_bits = 10 };

struct bench {
	struct device devices[2];
	struct client client;
	struct mono now;
	uint16_t asked; /* number of the request on the wire */
	struct pdu_request request;
};

__attribute__((unused)) static void
bench_init(struct bench *bench, unsigned devices)
{
	memset(bench, 0, sizeof(*bench));
	bench->now.us = 1000000;
	for (unsigned i = 0; i < devices; i++)
		assert_true(device_init(&bench->devices[i], &config, i, &map));
	client_init(&bench->client, wire, bench->devices, devices);
}

/* Lets time pass until a request goes out. Returns false if what was under
 * way failed first (the result is in *result). */
__attribute__((unused)) static bool
until_sent(struct bench *bench, struct client_result *result)
{
	for (int i = 0; i < 100; i++) {
		struct client_step step =
		    client_next(&bench->client, bench->now);

		if (step.send) {
			bench->request = bench->client.request;
			bench->asked++;
			client_sent(&bench->client, &step, bench->now);
			return true;
		}
		assert_true(mono_is_set(step.wake));
		if (mono_diff_us(step.wake, bench->now) > 0)
			bench->now = step.wake;
		*result = client_expire(&bench->client, bench->now);
		if (result->verdict == CLIENT_FAILED)
			return false;
	}
	fail_msg("nothing was ever asked");
	return false;
}

__attribute__((unused)) static size_t
answer_to(const struct pdu_request *request, uint16_t number, uint8_t unit,
    uint8_t *adu)
{
	adu[0] = unit;
	adu[1] = request->function;
	adu[2] = (uint8_t)(2 * request->count);
	for (unsigned i = 0; i < request->count; i++)
		pdu_put_u16(adu + 3 + 2 * i, number);
	return 5 + 2 * (size_t)request->count;
}

__attribute__((unused)) static struct client_result
answer(struct bench *bench, int64_t after_ms)
{
	uint8_t adu[256];
	size_t length = answer_to(&bench->request, bench->asked, UNIT, adu);

	bench->now = mono_add_ms(bench->now, after_ms);
	client_heard(&bench->client);
	return client_frame(&bench->client, adu, length, bench->now);
}

#endif

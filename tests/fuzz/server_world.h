/* SPDX-License-Identifier: MIT */
/* The world of fuzz_server.c: a meter, as itself and as another, and what is
 * known about what was told. */
#ifndef TESTS_FUZZ_SERVER_WORLD_H
#define TESTS_FUZZ_SERVER_WORLD_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/crc.h"
#include "proxy/point.h"
#include "proxy/rtu.h"
#include "proxy/shown.h"

enum {
	UNIT = 7,
	POWER = 12, /* two registers */
	EMULATED_POWER = 13, /* one */
	REGISTERS = 65,
	SECOND_US = 1000000,
	TICK_US = 100000,
	MAX_AGE_MS = 700,
	SLOW_KEPT_US = 10 * SECOND_US,
	LIMIT_W = 3000,
	SLEW_W = 1000,
};

/* What a sample of 25 A and three phases may say. */
#define BELIEVED_W (2.0 * 260.0 * 25.0 * 3.0)

struct tape {
	const uint8_t *data;
	size_t size;
};

static const struct map meter_map = {
	.function = 4,
	.words_max = 20,
	.points_count = 3,
	.points = {
		{ QUANTITY_VOLTAGE, 11, MAP_U16, 0.1, false },
		{ QUANTITY_ACTIVE_POWER, POWER, MAP_F32, 1.0, true },
		{ QUANTITY_FREQUENCY, 40, MAP_U16, 0.01, false },
	},
	.blocks_count = 1,
	.blocks = { { 0, REGISTERS } },
};

static const struct map emulated_map = {
	.function = 3,
	.also_function = 4,
	.words_max = 65,
	.points_count = 2,
	.points = {
		{ QUANTITY_VOLTAGE, 11, MAP_U16, 0.1, false },
		{ QUANTITY_ACTIVE_POWER, EMULATED_POWER, MAP_S16, 1.0, true },
	},
	.blocks_count = 1,
	.blocks = { { 0, REGISTERS } },
	.writes_count = 1,
	.writes = { { 50, 4 } },
};

/* A register as the meter last sent it. */
struct seen {
	uint16_t value;
	struct mono at; /* 0: never */
};

static struct {
	struct config_device device_config;
	struct config_shown config;
	struct device device;
	struct shown shown;
	struct rtu rtu;
	struct mono now;
	struct mono tick;
	struct seen seen[REGISTERS];
	struct seen shown_seen[REGISTERS]; /* when the last sample was shown */
	struct mono good_at; /* last sample fit to be shown; 0: none */
	double true_w;
	struct mono step_at; /* of the offset */
	double offset_w;
	struct mono lease_until;
} run;

static void
must(bool truth)
{
	if (!truth)
		abort();
}

static uint8_t
take(struct tape *tape)
{
	if (tape->size == 0)
		return 0;
	tape->size--;
	return *tape->data++;
}

static uint16_t
take_u16(struct tape *tape)
{
	uint16_t high = take(tape);

	return (uint16_t)(high << 8 | take(tape));
}

#endif

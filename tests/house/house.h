/* SPDX-License-Identifier: MIT */
/*
 * The simulated house: a meter and an inverter on serial lines of their own,
 * and the world between them. Both Modbus ends are libmodbus's blocking code,
 * and nothing here is shared with the program under test.
 */
#ifndef HOUSE_HOUSE_H
#define HOUSE_HOUSE_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/house/inverter.h"
#include "tests/house/line.h"
#include "tests/house/meter.h"
#include "tests/house/server.h"
#include "tests/house/street.h"
#include "tests/house/world.h"

enum { HOUSE_DEVICES_MAX = 512 };
enum house_line { HOUSE_METER, HOUSE_INVERTER, HOUSE_PORT, HOUSE_LINES };

struct house_options {
	const char *dir;
	const char *truth; /* NULL: not written */
	const char *frames; /* NULL: not written */
	uint32_t baud;
	uint64_t seed;
	int ask_ms;
	int delay_ms; /* of the meter's answers */
	int refresh_ms; /* of the meter's registers */
	enum inverter_way ask_way;
	enum meter_model meter;
	unsigned inverter_phases;
	bool load_fixed;
	double load_w;
	bool sun_fixed;
	double sun_w;
	double fast; /* of the watchdogs of devices made from maps */
	bool devices_only; /* made from maps; nothing else is there */
	unsigned devices_count;
	const char *devices[HOUSE_DEVICES_MAX]; /* NAME:MAP_FILE:LINE:UNIT */
};

struct house {
	struct house_options options;
	struct world world;
	struct line *lines[HOUSE_LINES];
	struct server meter;
	struct server port;
	struct inverter inverter;
	struct street street;
	int64_t start_ns;
};

/* The link of each line in the folder: meter, inv1, com1. */
const char *house_line_name(enum house_line line);

/* Starts everything. False: reason on stderr; call house_stop all the same. */
bool house_start(struct house *house, const struct house_options *options);

/* Removes the links and ends the records. The threads of the Modbus ends hold
 * nothing that outlives the program; it should exit now. */
void house_stop(struct house *house);

#endif

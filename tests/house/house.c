/* SPDX-License-Identifier: MIT */
#include "tests/house/house.h"

#include <stdio.h>

#include "tests/house/now.h"
#include "tests/house/port.h"
#include "tests/house/record.h"

enum { STEP_MS = 20, TRUTH_MS = 100 };

static const char *const line_names[HOUSE_LINES] = {
	[HOUSE_METER] = "meter",
	[HOUSE_INVERTER] = "inv1",
	[HOUSE_PORT] = "com1",
};

const char *
house_line_name(enum house_line line)
{
	return line_names[line];
}

static void
publish(struct house *house, const struct plant *plant)
{
	uint16_t meter[METER_REGISTERS] = { 0 };
	uint16_t port[PORT_REGISTERS] = { 0 };

	meter_encode(meter, house->options.meter, plant);
	server_publish(&house->meter, meter);
	port_encode(port, plant);
	server_publish(&house->port, port);
}

static void
tell_truth(const struct house *house, const struct world_view *view)
{
	record_truth(&(struct record_truth){
	    .time_s = (double)(now_ns() - house->start_ns) / NOW_S,
	    .grid_w = view->plant.grid_w,
	    .load_w = view->plant.load_w,
	    .pv_w = view->plant.pv_w,
	    .battery_w = view->plant.battery_w,
	    .soc_pct = plant_soc_pct(&view->plant),
	    .inverter_w = view->plant.output_w,
	    .shown_w = view->shown_w,
	    .shown_ok = view->shown_ok });
}

/* A machine that stood still is caught up with, step by step. */
static void *
run(void *argument)
{
	struct house *house = argument;
	int64_t next = house->start_ns, publish_at = next, truth_at = next;
	struct world_view view;

	for (;;) {
		next += STEP_MS * NOW_MS;
		now_sleep_until(next);
		world_step(&house->world, STEP_MS / 1000.0);
		view = world_look(&house->world);
		if (next >= publish_at) {
			publish(house, &view.plant);
			publish_at += house->options.refresh_ms * NOW_MS;
		}
		if (next >= truth_at) {
			tell_truth(house, &view);
			truth_at += TRUTH_MS * NOW_MS;
		}
	}
	return NULL;
}

static bool
open_lines(struct house *house)
{
	char link[256];

	for (int i = 0; i < HOUSE_LINES; i++) {
		(void)snprintf(link, sizeof(link), "%s/%s", house->options.dir,
		    line_names[i]);
		house->lines[i] = line_open(house->options.baud, link, NULL);
		if (house->lines[i] == NULL)
			return false;
	}
	return true;
}

/* The world as it is before anybody can ask. */
static void
start_world(struct house *house)
{
	const struct house_options *options = &house->options;
	bool one_phase = options->meter == METER_SDM120;

	world_init(&house->world, options->seed, one_phase ? 1 : LIFE_PHASES,
	    one_phase ? 1 : options->inverter_phases);
	if (options->load_fixed)
		world_fix_load(&house->world, options->load_w);
	if (options->sun_fixed)
		world_fix_sun(&house->world, options->sun_w);
	world_step(&house->world, STEP_MS / 1000.0);
}

static struct server
server_on(const struct house *house, enum house_line line, const char *side)
{
	return (struct server){ .line = line_names[line],
		.side = side,
		.wire = house->lines[line],
		.baud = house->options.baud,
		.unit = 1,
		.function = MODBUS_FC_READ_INPUT_REGISTERS,
		.delay_ms = house->options.delay_ms };
}

static bool
start_peers(struct house *house)
{
	const struct house_options *options = &house->options;

	house->meter = server_on(house, HOUSE_METER, "meter");
	house->meter.count = METER_REGISTERS;
	house->port = server_on(house, HOUSE_PORT, "port");
	house->port.base = PORT_BASE;
	house->port.count = PORT_REGISTERS;
	house->inverter = (struct inverter){ .line = line_names[HOUSE_INVERTER],
		.way = options->ask_way,
		.unit = 1,
		.world = &house->world,
		.ask_ms = options->ask_ms };
	return server_start(&house->meter) && server_start(&house->port) &&
	       inverter_start(&house->inverter,
		   line_path(house->lines[HOUSE_INVERTER], LINE_Z),
		   options->baud);
}

static bool
start_street(struct house *house)
{
	const struct house_options *options = &house->options;
	struct street_options street = { .dir = options->dir,
		.baud = options->baud,
		.seed = options->seed,
		.fast = options->fast };

	for (unsigned i = 0; i < options->devices_count; i++)
		if (!street_add(&house->street, &street, options->devices[i]))
			return false;
	for (int i = 0; i < HOUSE_LINES; i++) {
		if (street_has(&house->street, line_names[i])) {
			fprintf(
			    stderr, "house: line %s is taken\n", line_names[i]);
			return false;
		}
	}
	return street_start(&house->street, &street);
}

bool
house_start(struct house *house, const struct house_options *options)
{
	pthread_t thread;

	*house = (struct house){ .options = *options, .start_ns = now_ns() };
	if (!record_open(options->truth, options->frames) ||
	    !start_street(house))
		return false;
	if (options->devices_only)
		return true;
	start_world(house);
	if (!open_lines(house) || !start_peers(house))
		return false;
	publish(house, &house->world.plant);
	return pthread_create(&thread, NULL, run, house) == 0;
}

void
house_stop(struct house *house)
{
	for (int i = 0; i < HOUSE_LINES; i++)
		if (house->lines[i] != NULL)
			line_shut(house->lines[i]);
	street_stop(&house->street);
	record_close();
}

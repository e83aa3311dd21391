/* SPDX-License-Identifier: MIT */
#include "tests/house/port.h"

#include <math.h>

enum {
	PV_POWER = 33057,
	VOLTAGE = 33073,
	ACTIVE_POWER = 33079,
	FREQUENCY = 33094,
	STATUS = 33095,
	METER_POWER = 33130, /* export positive here, as the maker has it */
	BATTERY_VOLTAGE = 33133,
	BATTERY_CURRENT = 33134, /* without sign; the direction is next */
	BATTERY_DIRECTION = 33135,
	BATTERY_SOC = 33139,
	LOAD_POWER = 33147,
	BATTERY_POWER = 33149
};

enum { WAITING = 2, GENERATING = 3, DISCHARGING = 1 };

static const double battery_v = 51.2;

static void
put(uint16_t *registers, int address, double value)
{
	registers[address - PORT_BASE] =
	    (uint16_t)lround(fmin(fmax(value, 0), 65535));
}

/* Signed, high word first. */
static void
put_long(uint16_t *registers, int address, double value)
{
	uint32_t bits = (uint32_t)(int32_t)lround(value);

	registers[address - PORT_BASE] = (uint16_t)(bits >> 16);
	registers[address - PORT_BASE + 1] = (uint16_t)bits;
}

void
port_encode(uint16_t *registers, const struct plant *plant)
{
	double charging_w = fabs(plant->battery_w);

	put_long(registers, PV_POWER, plant->pv_w);
	for (int i = 0; i < LIFE_PHASES; i++)
		put(registers, VOLTAGE + i, plant->voltage_v[i] * 10);
	put_long(registers, ACTIVE_POWER, plant->output_w);
	put(registers, FREQUENCY, plant->frequency_hz * 100);
	put(registers, STATUS, plant->lost ? WAITING : GENERATING);
	put_long(registers, METER_POWER, -plant->grid_w);
	put(registers, BATTERY_VOLTAGE, battery_v * 10);
	put(registers, BATTERY_CURRENT, charging_w / battery_v * 10);
	put(registers, BATTERY_DIRECTION,
	    plant->battery_w < 0 ? DISCHARGING : 0);
	put(registers, BATTERY_SOC, plant_soc_pct(plant));
	put(registers, LOAD_POWER, plant->load_w);
	put_long(registers, BATTERY_POWER, charging_w);
}

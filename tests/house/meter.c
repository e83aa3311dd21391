/* SPDX-License-Identifier: MIT */
#include "tests/house/meter.h"

#include <math.h>
#include <string.h>

/* The first register of each row; phases follow at distance 2. */
enum {
	VOLTAGE = 0,
	CURRENT = 6,
	POWER = 12,
	APPARENT = 18,
	REACTIVE = 24,
	FACTOR = 30,
	MEAN_VOLTAGE = 42,
	MEAN_CURRENT = 46,
	SUM_CURRENT = 48,
	TOTAL_POWER = 52,
	TOTAL_APPARENT = 56,
	TOTAL_REACTIVE = 60,
	TOTAL_FACTOR = 62,
	FREQUENCY = 70,
	IMPORT_KWH = 72,
	EXPORT_KWH = 74
};

struct sums {
	double voltage_v;
	double current_a;
	double power_w;
	double apparent_va;
	double reactive_var;
};

/* By hand: libmodbus's float helpers swap bytes in some versions. */
static void
put(uint16_t *registers, int address, double value)
{
	float narrow = (float)value;
	uint32_t bits;

	memcpy(&bits, &narrow, sizeof(bits));
	registers[address] = (uint16_t)(bits >> 16);
	registers[address + 1] = (uint16_t)bits;
}

static double
factor(double power_w, double apparent_va)
{
	return apparent_va > 0 ? power_w / apparent_va : 1;
}

static void
put_phase(uint16_t *registers, const struct plant *plant, int phase,
    struct sums *sums)
{
	double v = plant->voltage_v[phase], p = plant->phase_w[phase];
	double q = plant->phase_var[phase], s = sqrt(p * p + q * q);
	int at = 2 * phase;

	put(registers, VOLTAGE + at, v);
	put(registers, CURRENT + at, s / v);
	put(registers, POWER + at, p);
	put(registers, APPARENT + at, s);
	put(registers, REACTIVE + at, q);
	put(registers, FACTOR + at, factor(p, s));
	sums->voltage_v += v;
	sums->current_a += s / v;
	sums->power_w += p;
	sums->apparent_va += s;
	sums->reactive_var += q;
}

static void
put_totals(uint16_t *registers, const struct sums *sums)
{
	put(registers, MEAN_VOLTAGE, sums->voltage_v / LIFE_PHASES);
	put(registers, MEAN_CURRENT, sums->current_a / LIFE_PHASES);
	put(registers, SUM_CURRENT, sums->current_a);
	put(registers, TOTAL_POWER, sums->power_w);
	put(registers, TOTAL_APPARENT, sums->apparent_va);
	put(registers, TOTAL_REACTIVE, sums->reactive_var);
	put(registers, TOTAL_FACTOR, factor(sums->power_w, sums->apparent_va));
}

void
meter_encode(
    uint16_t *registers, enum meter_model model, const struct plant *plant)
{
	struct sums sums = { 0 };
	int phases = model == METER_SDM120 ? 1 : LIFE_PHASES;

	for (int i = 0; i < phases; i++)
		put_phase(registers, plant, i, &sums);
	if (model == METER_SDM630)
		put_totals(registers, &sums);
	put(registers, FREQUENCY, plant->frequency_hz);
	put(registers, IMPORT_KWH, plant->import_wh / 1000);
	put(registers, EXPORT_KWH, plant->export_wh / 1000);
}

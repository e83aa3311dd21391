/* SPDX-License-Identifier: MIT */
/*
 * Inverter, battery and grid connection. Pure; moved in short steps.
 *
 *   output = sun used - battery charging      grid = load - output
 *
 * The inverter steers by what it last read from the meter: an integral loop on
 * the shown power (import positive) sets a wish, and the output follows the
 * wish with a first-order lag. Without a good answer for 5 s the wish ramps to
 * zero.
 */
#ifndef HOUSE_PLANT_H
#define HOUSE_PLANT_H

#include <stdbool.h>

#include "tests/house/life.h"

struct plant {
	unsigned inverter_phases; /* 1: feeds L1 alone */

	double wish_w; /* what the loop asks of the output */
	double heard_s; /* since the last good answer of the meter */
	bool lost; /* no meter: fail-safe */

	double output_w; /* into the house, positive */
	double pv_w; /* used; the rest of the sun is left on the roof */
	double battery_w; /* charging positive */
	double stored_wh;
	double load_w;
	double grid_w; /* import positive */

	double phase_w[LIFE_PHASES]; /* at the meter, import positive */
	double phase_var[LIFE_PHASES];
	double voltage_v[LIFE_PHASES];
	double frequency_hz;
	double import_wh;
	double export_wh;
	double age_s;
};

void plant_init(struct plant *plant, unsigned inverter_phases);
void plant_step(struct plant *plant, const struct demand *demand, double dt_s);

/* The inverter has read its meter: shown_w, import positive. */
void plant_hear(struct plant *plant, double shown_w);

double plant_soc_pct(const struct plant *plant);

#endif

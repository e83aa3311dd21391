/* SPDX-License-Identifier: MIT */
#include "tests/house/plant.h"

#include <math.h>

static const double rating_w = 5000;
static const double battery_wh = 10000;
static const double battery_limit_w = 5000; /* charging and discharging */
static const double lag_s = 0.6;
static const double integral_per_s = 0.6;
/* Of the deviation in one answer, however rare the answers are; more would
 * swing. */
static const double correction_max = 0.5;
static const double loss_s = 5;
static const double loss_ramp_w_per_s = 1000;

void
plant_init(struct plant *plant, unsigned inverter_phases)
{
	*plant = (struct plant){ .inverter_phases = inverter_phases,
		.stored_wh = battery_wh / 2,
		.lost = true,
		.import_wh = 1234560,
		.export_wh = 987650 };
}

double
plant_soc_pct(const struct plant *plant)
{
	return 100 * plant->stored_wh / battery_wh;
}

static double
clamp(double value, double low, double high)
{
	return fmin(fmax(value, low), high);
}

static double
charge_room_w(const struct plant *plant)
{
	return plant->stored_wh < battery_wh ? battery_limit_w : 0;
}

static double
discharge_room_w(const struct plant *plant)
{
	return plant->stored_wh > 0.1 * battery_wh ? battery_limit_w : 0;
}

/* What sun and battery can give or take at this moment. */
static double
possible_w(const struct plant *plant, double sun_w, double wish_w)
{
	double high = fmin(rating_w, sun_w + discharge_room_w(plant));
	double low = fmax(-rating_w, -charge_room_w(plant));

	return clamp(wish_w, low, high);
}

void
plant_hear(struct plant *plant, double shown_w)
{
	double part = fmin(integral_per_s * plant->heard_s, correction_max);

	/* After a loss it starts from where it is. */
	if (plant->lost)
		plant->wish_w = plant->output_w;
	plant->lost = false;
	plant->heard_s = 0;
	plant->wish_w += part * shown_w;
}

static void
step_inverter(struct plant *plant, double sun_w, double dt_s)
{
	double ramp = loss_ramp_w_per_s * dt_s;

	plant->heard_s += dt_s;
	plant->lost = plant->lost || plant->heard_s > loss_s;
	if (plant->lost)
		plant->wish_w -= clamp(plant->wish_w, -ramp, ramp);
	/* The wish stays within reach, or the loop would wind up. */
	plant->wish_w = possible_w(plant, sun_w, plant->wish_w);
	plant->output_w +=
	    (plant->wish_w - plant->output_w) * (1 - exp(-dt_s / lag_s));
	plant->output_w = possible_w(plant, sun_w, plant->output_w);
}

/* The battery takes what is left of the sun; what it cannot take stays on the
 * roof. */
static void
step_battery(struct plant *plant, double sun_w, double dt_s)
{
	plant->pv_w = fmin(sun_w, plant->output_w + charge_room_w(plant));
	plant->battery_w = plant->pv_w - plant->output_w;
	plant->stored_wh = clamp(
	    plant->stored_wh + plant->battery_w * dt_s / 3600, 0, battery_wh);
}

static void
step_grid(struct plant *plant, const struct demand *demand)
{
	plant->load_w = plant->grid_w = 0;
	/* A few mHz and a volt of slow movement, never twice the same. */
	plant->frequency_hz = 50 + 0.015 * sin(plant->age_s / 17) +
	                      0.008 * sin(plant->age_s / 3.1);
	for (int i = 0; i < LIFE_PHASES; i++) {
		double fed = plant->inverter_phases == 1
		                 ? (i == 0 ? plant->output_w : 0)
		                 : plant->output_w / LIFE_PHASES;

		plant->phase_w[i] = demand->load_w[i] - fed;
		plant->phase_var[i] = demand->load_var[i];
		/* A quarter of an ohm up to the transformer. */
		plant->voltage_v[i] = 231.5 + 0.4 * i +
		                      0.8 * sin(plant->age_s / 23 + i) -
		                      0.25 * plant->phase_w[i] / 230;
		plant->load_w += demand->load_w[i];
		plant->grid_w += plant->phase_w[i];
	}
}

void
plant_step(struct plant *plant, const struct demand *demand, double dt_s)
{
	plant->age_s += dt_s;
	step_inverter(plant, demand->sun_w, dt_s);
	step_battery(plant, demand->sun_w, dt_s);
	step_grid(plant, demand);
	if (plant->grid_w > 0)
		plant->import_wh += plant->grid_w * dt_s / 3600;
	else
		plant->export_wh -= plant->grid_w * dt_s / 3600;
}

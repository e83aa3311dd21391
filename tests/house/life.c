/* SPDX-License-Identifier: MIT */
#include "tests/house/life.h"

#include <math.h>

static const struct appliance {
	const char *name;
	double w;
	double power_factor;
	double on_s; /* on average; 0: always on */
	double off_s;
	unsigned phase;
} appliances[LIFE_APPLIANCES] = {
	{ "standby", 90, 0.70, 0, 0, 0 },
	{ "lights", 140, 0.92, 0, 0, 1 },
	{ "circulation pump", 60, 0.80, 0, 0, 2 },
	{ "fridge", 110, 0.78, 60, 80, 1 },
	{ "kettle", 2000, 1.00, 45, 200, 0 },
	{ "oven", 2400, 1.00, 30, 70, 2 },
	{ "washing machine", 450, 0.70, 50, 60, 1 },
	{ "microwave", 1250, 0.93, 25, 240, 1 },
	{ "vacuum cleaner", 900, 0.97, 60, 300, 0 },
};

/* How a fixed load spreads over the phases, and its power factor. Unequal, so
 * that phases that were mixed up show. */
static const double fixed_part[LIFE_PHASES] = { 0.5, 0.3, 0.2 };
static const double fixed_power_factor = 0.95;

static const double sun_peak_w = 4600;
static const double day_begins_s = 10.5 * 3600; /* when the program starts */
static const double cloud_slope_per_s = 0.04;

/* splitmix64, by its published constants. */
double
life_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

/* Between half and one and a half times the mean. */
static double
about(struct life *life, double mean_s)
{
	return mean_s * (0.5 + life_random(&life->random));
}

void
life_init(struct life *life, uint64_t seed, unsigned phases)
{
	*life = (struct life){
		.random = seed, .phases = phases, .cloud = 0.8, .cloud_to = 0.8
	};
	for (int i = 0; i < LIFE_APPLIANCES; i++) {
		life->appliances[i].on = appliances[i].on_s <= 0;
		life->appliances[i].left_s =
		    life_random(&life->random) * appliances[i].off_s;
	}
}

static double
var_of(double w, double power_factor)
{
	return w * sqrt(1 - power_factor * power_factor) / power_factor;
}

static void
add(struct demand *demand, unsigned phase, double w, double power_factor)
{
	demand->load_w[phase] += w;
	demand->load_var[phase] += var_of(w, power_factor);
}

static void
step_appliances(struct life *life, double dt_s)
{
	for (int i = 0; i < LIFE_APPLIANCES; i++) {
		const struct appliance *kind = &appliances[i];

		if (kind->on_s <= 0)
			continue;
		life->appliances[i].left_s -= dt_s;
		if (life->appliances[i].left_s > 0)
			continue;
		life->appliances[i].on = !life->appliances[i].on;
		life->appliances[i].left_s = about(
		    life, life->appliances[i].on ? kind->on_s : kind->off_s);
	}
}

/* Clouds come and go at a limited slope; what they let through is new every
 * minute or so. */
static void
step_clouds(struct life *life, double dt_s)
{
	double step = cloud_slope_per_s * dt_s;

	life->cloud_left_s -= dt_s;
	if (life->cloud_left_s <= 0) {
		life->cloud_left_s = about(life, 50);
		life->cloud_to = 0.2 + 0.8 * life_random(&life->random);
	}
	life->cloud += fmin(fmax(life->cloud_to - life->cloud, -step), step);
}

static double
sun_w(const struct life *life)
{
	double day_s = fmod(day_begins_s + life->age_s, 86400);
	double height = sin((day_s / 3600 - 6) / 12 * 3.14159265358979);

	return height > 0 ? sun_peak_w * height * life->cloud : 0;
}

struct demand
life_step(struct life *life, double dt_s)
{
	struct demand demand = { .sun_w = life->sun_w };

	life->age_s += dt_s;
	step_appliances(life, dt_s);
	step_clouds(life, dt_s);
	if (!life->sun_fixed)
		demand.sun_w = sun_w(life);
	for (unsigned i = 0; life->load_fixed && i < LIFE_PHASES; i++)
		add(&demand, life->phases == 1 ? 0 : i,
		    life->load_w * fixed_part[i], fixed_power_factor);
	for (int i = 0; !life->load_fixed && i < LIFE_APPLIANCES; i++)
		if (life->appliances[i].on)
			add(&demand,
			    life->phases == 1 ? 0 : appliances[i].phase,
			    appliances[i].w, appliances[i].power_factor);
	return demand;
}

void
life_fix_load(struct life *life, double w)
{
	life->load_fixed = true;
	life->load_w = w;
}

void
life_fix_sun(struct life *life, double w)
{
	life->sun_fixed = true;
	life->sun_w = w;
}

void
life_release(struct life *life)
{
	life->load_fixed = life->sun_fixed = false;
}

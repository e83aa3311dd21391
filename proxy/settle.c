/* SPDX-License-Identifier: MIT */
#include "proxy/settle.h"

#include <math.h>
#include <stddef.h>
#include <stdbool.h>

#include "proxy/complete.h"

enum { PHASES = COMPLETE_PHASES };

/* Steps that no register counts; beyond, a double has no halves left. */
#define STEPS_MAX 4294967296.0

enum { SUM_P, SUM_Q, SUM_S, SUM_I, SUMS };

static const enum quantity sums[SUMS] = {
	[SUM_P] = QUANTITY_ACTIVE_POWER,
	[SUM_Q] = QUANTITY_REACTIVE_POWER,
	[SUM_S] = QUANTITY_APPARENT_POWER,
	[SUM_I] = QUANTITY_CURRENT,
};

static bool
is_signed(enum map_type type)
{
	return type == MAP_S16 || type == MAP_S32 || type == MAP_F32;
}

/* The step that the registers of all three have; 0: none. */
static double
step_of(const struct map *map, enum quantity total)
{
	double step = 0.0;

	for (unsigned phase = 1; phase <= PHASES; phase++) {
		const struct map_point *point =
		    map_find(map, complete_phase(total, phase));

		if (point == NULL || point->type == MAP_F32 ||
		    (phase > 1 && fabs(fabs(point->scale) - step) > 0.0))
			return 0.0;
		step = fabs(point->scale);
	}
	return step;
}

/* The three, in steps; false: not all known, or none a register counts. */
static bool
get_steps(const struct quantities *values, enum quantity total, double step,
    double steps[static PHASES])
{
	for (unsigned k = 0; k < PHASES; k++) {
		enum quantity phase = complete_phase(total, k + 1);

		if (!quantities_has(values, phase))
			return false;
		steps[k] = values->value[phase] / step;
		if (!(fabs(steps[k]) < STEPS_MAX))
			return false;
	}
	return true;
}

/* Of the phase that rounding has moved most, the other way than `way`. */
static unsigned
most_moved(const double exact[static PHASES],
    const double rounded[static PHASES], double way)
{
	unsigned most = 0;

	for (unsigned k = 1; k < PHASES; k++) {
		if ((exact[k] - rounded[k]) * way >
		    (exact[most] - rounded[most]) * way)
			most = k;
	}
	return most;
}

static void
settle_phases(struct quantities *values, enum quantity total, double step)
{
	double exact[PHASES], rounded[PHASES];
	double sum = 0.0, lacking = 0.0, goal;

	if (!get_steps(values, total, step, exact))
		return;
	for (unsigned k = 0; k < PHASES; k++) {
		rounded[k] = round(exact[k]);
		sum += exact[k];
		lacking -= rounded[k];
	}
	goal =
	    quantities_has(values, total) ? values->value[total] / step : sum;
	lacking += round(fabs(goal - sum) <= 0.5 ? goal : sum);
	while (fabs(lacking) > 0.5) {
		double way = copysign(1.0, lacking);

		rounded[most_moved(exact, rounded, way)] += way;
		lacking -= way;
	}
	for (unsigned k = 0; k < PHASES; k++)
		values->value[complete_phase(total, k + 1)] = rounded[k] * step;
}

/* Where it was at least |P|, as it is but for a source's own rounding. */
static void
hold_apparent(struct quantities *values, const struct quantities *before)
{
	for (unsigned phase = 1; phase <= PHASES; phase++) {
		enum quantity p = complete_phase(QUANTITY_ACTIVE_POWER, phase);
		enum quantity s =
		    complete_phase(QUANTITY_APPARENT_POWER, phase);

		if (quantities_has(before, p) && quantities_has(before, s) &&
		    before->value[s] >= fabs(before->value[p]))
			values->value[s] =
			    fmax(values->value[s], fabs(values->value[p]));
	}
}

double
settle_sign(const struct map_point *point, double value)
{
	bool factor = point->quantity >= QUANTITY_POWER_FACTOR &&
	              point->quantity <= QUANTITY_POWER_FACTOR_L3;

	return factor && !is_signed(point->type) ? copysign(value, point->scale)
	                                         : value;
}

void
settle_values(const struct map *map, struct quantities *values)
{
	struct quantities before = *values;
	double steps[SUMS];

	for (unsigned i = 0; i < SUMS; i++) {
		steps[i] = step_of(map, sums[i]);
		if (steps[i] > 0.0)
			settle_phases(values, sums[i], steps[i]);
	}
	if (fabs(steps[SUM_P] - steps[SUM_S]) <= 0.0)
		hold_apparent(values, &before);
}

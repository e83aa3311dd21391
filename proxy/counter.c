/* SPDX-License-Identifier: MIT */
#include "proxy/counter.h"

#include <math.h>

#define STEP_WH    1000.0 /* of the coarsest counters */
#define LARGEST_WH 1e15

enum { HELD_US = 60 * 1000 * 1000 };

const enum quantity counter_quantities[COUNTER_COUNT] = {
	QUANTITY_ENERGY_IMPORT,
	QUANTITY_ENERGY_EXPORT,
	QUANTITY_ENERGY_IMPORT_L1,
	QUANTITY_ENERGY_IMPORT_L2,
	QUANTITY_ENERGY_IMPORT_L3,
	QUANTITY_ENERGY_EXPORT_L1,
	QUANTITY_ENERGY_EXPORT_L2,
	QUANTITY_ENERGY_EXPORT_L3,
	QUANTITY_REACTIVE_ENERGY_IMPORT,
	QUANTITY_REACTIVE_ENERGY_EXPORT,
};

static void
start(struct counter_track *track, double wh, struct mono now)
{
	*track = (struct counter_track){
		.first_wh = wh,
		.last_wh = wh,
		.since = now,
		.risen = now,
	};
}

/* False: this cannot be the same count. */
static bool
follow(struct counter_track *track, double wh, double max_w, struct mono now)
{
	double hours = (double)mono_diff_us(now, track->risen) / 3.6e9;

	if (!mono_is_set(track->since) || wh < track->last_wh - STEP_WH ||
	    wh > track->last_wh + STEP_WH + max_w * hours)
		return false;
	if (wh > track->last_wh)
		track->risen = now;
	track->last_wh = wh;
	return true;
}

static bool
has_held(const struct counter_track *track, struct mono now)
{
	return mono_diff_us(now, track->since) >= HELD_US;
}

/* Rules 4 and 5: the source's new count is the one from now on. */
static void
change_over(struct counter *counter)
{
	double first_wh = counter->doubted.first_wh;
	bool mistaken = !counter->settled && first_wh > counter->shown_wh;

	counter->base_wh = mistaken ? 0.0 : counter->shown_wh - first_wh;
	counter->trusted = counter->doubted;
	counter->doubted = (struct counter_track){ .last_wh = 0.0 };
	counter->settled = true;
}

static void
take(struct counter *counter, double wh, double max_w, struct mono now)
{
	if (follow(&counter->trusted, wh, max_w, now)) {
		counter->doubted = (struct counter_track){ .last_wh = 0.0 };
		counter->settled |= has_held(&counter->trusted, now);
		return;
	}
	if (!follow(&counter->doubted, wh, max_w, now))
		start(&counter->doubted, wh, now);
	else if (has_held(&counter->doubted, now))
		change_over(counter);
}

bool
counter_follow(
    struct counter *counter, double *value_wh, double max_w, struct mono now)
{
	bool told = *value_wh >= 0.0 && *value_wh <= LARGEST_WH;

	if (!mono_is_set(counter->trusted.since)) {
		if (!told)
			return false;
		start(&counter->trusted, *value_wh, now);
		counter->shown_wh = *value_wh;
	} else if (told) {
		take(counter, *value_wh, max_w, now);
		if (!mono_is_set(counter->doubted.since))
			counter->shown_wh = fmax(counter->shown_wh,
			    counter->trusted.last_wh + counter->base_wh);
	}
	*value_wh = counter->shown_wh;
	return true;
}

/* SPDX-License-Identifier: MIT */
#include "policy/trust.h"

#include <math.h>

struct range {
	enum quantity quantity;
	double min;
	double max;
};

/* A zero is a meter without that input, or a phase that is off. */
static const struct range ranges[] = {
	{ QUANTITY_VOLTAGE, 0.0, 500.0 },
	{ QUANTITY_VOLTAGE_L1, 0.0, 500.0 },
	{ QUANTITY_VOLTAGE_L2, 0.0, 500.0 },
	{ QUANTITY_VOLTAGE_L3, 0.0, 500.0 },
	{ QUANTITY_FREQUENCY, 40.0, 70.0 },
};

static bool
power_fits(
    const struct quantities *sample, enum quantity quantity, double max_w)
{
	return !quantities_has(sample, quantity) ||
	       fabs(sample->value[quantity]) <= max_w; /* false for NaN */
}

/* Each power, and the sum of the phases where it stands for the total. */
static bool
powers_fit(const struct quantities *sample, double max_w)
{
	double sum = 0.0;

	for (unsigned i = 0; i <= 3; i++) {
		enum quantity quantity =
		    (enum quantity)(QUANTITY_ACTIVE_POWER + i);

		if (!power_fits(sample, quantity, max_w))
			return false;
		if (i > 0)
			sum += sample->value[quantity];
	}
	return quantities_has(sample, QUANTITY_ACTIVE_POWER) ||
	       fabs(sum) <= max_w;
}

static bool
ranges_fit(const struct quantities *sample)
{
	for (unsigned i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		double value = sample->value[ranges[i].quantity];

		if (!quantities_has(sample, ranges[i].quantity) ||
		    fpclassify(value) == FP_ZERO)
			continue;
		if (!(value >= ranges[i].min && value <= ranges[i].max))
			return false;
	}
	return true;
}

enum reason
trust_check(const struct trust_settings *settings,
    const struct quantities *sample, int64_t sample_us, int64_t now_us)
{
	/* 1. There must be a power to speak of. */
	if (!quantities_has(sample, QUANTITY_ACTIVE_POWER) &&
	    !(quantities_has(sample, QUANTITY_ACTIVE_POWER_L1) &&
		quantities_has(sample, QUANTITY_ACTIVE_POWER_L2) &&
		quantities_has(sample, QUANTITY_ACTIVE_POWER_L3)))
		return REASON_NO_SAMPLE;
	/* 2. Old data is not data; data from the future is a mistake. */
	if (sample_us <= 0 || now_us < sample_us ||
	    now_us - sample_us > settings->max_age_us)
		return REASON_STALE;
	/* 3. More than the fuses carry is not believed. */
	if (!powers_fit(sample, settings->max_power_w))
		return REASON_OUT_OF_RANGE;
	/* 4. Nor a voltage or frequency that no grid has. */
	return ranges_fit(sample) ? REASON_NONE : REASON_OUT_OF_RANGE;
}

/* SPDX-License-Identifier: MIT */
/*
 * May a sample be used? Old data is not data, and a value no meter at this
 * site can give is not a value.
 */
#ifndef POLICY_TRUST_H
#define POLICY_TRUST_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/quantity.h"
#include "policy/reason.h"

struct trust_settings {
	int64_t max_age_us;
	double max_power_w; /* |active power| beyond this is not believed */
};

/*
 * REASON_NONE: use it. REASON_NO_SAMPLE: no active power in it.
 * REASON_STALE: older than max_age_us, or from the future.
 * REASON_OUT_OF_RANGE: active power not finite or beyond max_power_w (each
 * phase too, and their sum where there is no total), voltage outside 0 .. 500
 * V, frequency outside 40 .. 70 Hz (only where those are known; a voltage or
 * frequency of 0 is a meter without that input).
 */
enum reason trust_check(const struct trust_settings *settings,
    const struct quantities *sample, int64_t sample_us, int64_t now_us);

#endif

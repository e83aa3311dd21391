/* SPDX-License-Identifier: MIT */
#include "policy/limit.h"

#include <math.h>

/* A long pause is no licence for a jump. */
enum { LIMIT_STEP_MAX_US = 1000000 };

void
limit_restart(struct limit_state *state)
{
	state->offset_w = 0.0;
	state->at_us = 0;
}

/* A limit that is no limit allows nothing. */
static double
sane(double value)
{
	return isfinite(value) && value > 0.0 ? value : 0.0;
}

static double
clamp(double value, double low, double high)
{
	if (value < low)
		return low;
	return value > high ? high : value;
}

static int64_t
elapsed_us(const struct limit_state *state, int64_t now_us)
{
	uint64_t us;

	if (state->at_us == 0 || now_us <= state->at_us)
		return 0;
	us = (uint64_t)now_us - (uint64_t)state->at_us;
	return us < LIMIT_STEP_MAX_US ? (int64_t)us : LIMIT_STEP_MAX_US;
}

double
limit_step(const struct limit_settings *settings, struct limit_state *state,
    double wanted_w, double ramp_w_per_s, bool shrink_only, int64_t now_us,
    enum reason *reason)
{
	double limit_w = sane(settings->limit_w);
	double rate = sane(settings->slew_w_per_s);
	double stride, from, allowed;

	/* 1. What is no number is nothing. */
	if (!isfinite(wanted_w))
		wanted_w = 0.0;
	/* 2. Never beyond the limit, which may have been lowered since. */
	from = clamp(state->offset_w, -limit_w, limit_w);
	allowed = clamp(wanted_w, -limit_w, limit_w);
	if (fabs(allowed - wanted_w) > 0.0)
		*reason = REASON_CLAMPED;
	/* 3. Without fresh samples towards less export only: a positive
	 * offset goes to zero, a negative one stays. No ramp slows that. */
	if (shrink_only)
		allowed = fmin(from, 0.0);
	else if (ramp_w_per_s > 0.0)
		rate = fmin(rate, ramp_w_per_s);
	/* 4. Never faster than the slew. */
	stride = rate * (double)elapsed_us(state, now_us) / 1e6;
	state->offset_w = clamp(allowed, from - stride, from + stride);
	state->at_us = now_us;
	if (fabs(state->offset_w - allowed) > 0.0 && *reason != REASON_EXPIRED)
		*reason = REASON_RAMP;
	state->offset_w += 0.0; /* no minus zero */
	return state->offset_w;
}

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

static double
clamp(double value, double low, double high)
{
	if (value < low)
		return low;
	return value > high ? high : value;
}

/* How far the offset may move in the time since the last step. */
static double
stride_w(const struct limit_settings *settings,
    const struct limit_state *state, double ramp_w_per_s, int64_t now_us)
{
	double rate = settings->slew_w_per_s;
	int64_t us = state->at_us == 0 ? 0 : now_us - state->at_us;

	if (ramp_w_per_s > 0.0 && ramp_w_per_s < rate)
		rate = ramp_w_per_s;
	us = us < 0 ? 0 : us;
	us = us > LIMIT_STEP_MAX_US ? LIMIT_STEP_MAX_US : us;
	return rate * (double)us / 1e6;
}

double
limit_step(const struct limit_settings *settings, struct limit_state *state,
    double wanted_w, double ramp_w_per_s, bool shrink_only, int64_t now_us,
    enum reason *reason)
{
	double stride = stride_w(settings, state, ramp_w_per_s, now_us);
	double allowed, next;

	/* 1. What is no number is nothing. */
	if (!isfinite(wanted_w))
		wanted_w = 0.0;
	/* 2. Never beyond the limit. */
	allowed = clamp(wanted_w, -settings->limit_w, settings->limit_w);
	if (fabs(allowed - wanted_w) > 0.0)
		*reason = REASON_CLAMPED;
	/* 3. Without fresh samples towards less export only: a positive
	 * offset goes to zero, a negative one stays. */
	if (shrink_only)
		allowed = state->offset_w > 0.0 ? 0.0 : state->offset_w;
	/* 4. Never faster than the slew. */
	next = clamp(allowed, state->offset_w - stride,
	    state->offset_w + stride);
	if (fabs(next - allowed) > 0.0 && *reason != REASON_EXPIRED)
		*reason = REASON_RAMP;
	/* 5. And the limit once more: it may have been lowered. */
	next = clamp(next, -settings->limit_w, settings->limit_w);
	state->offset_w = next;
	state->at_us = now_us;
	return next;
}

/* SPDX-License-Identifier: MIT */
#include "policy/offset.h"

#include <math.h>

double
offset_wanted_w(const struct offset_lease *lease, int64_t now_us,
    enum reason *reason)
{
	/* 1. No lease: true values. */
	*reason = REASON_TRANSPARENT;
	if (lease->expiry_us == 0)
		return 0.0;
	/* 2. None outlives its end. */
	*reason = REASON_EXPIRED;
	if (now_us >= lease->expiry_us)
		return 0.0;
	/* 3. What it says. */
	*reason = REASON_MANUAL;
	return lease->value_w;
}

enum reason
offset_check(const struct offset_lease *lease, double limit_w, int64_t now_us)
{
	int64_t left_us = lease->expiry_us - now_us;

	if (!isfinite(lease->value_w))
		return REASON_NOT_FINITE;
	if (fabs(lease->value_w) > limit_w)
		return REASON_BEYOND_LIMIT;
	if (!isfinite(lease->ramp_w_per_s) || lease->ramp_w_per_s < 0.0)
		return REASON_BAD_RAMP;
	if (lease->expiry_us <= now_us ||
	    left_us > (int64_t)OFFSET_LEASE_MAX_S * 1000000)
		return REASON_BAD_EXPIRY;
	return REASON_NONE;
}

/* SPDX-License-Identifier: MIT */
#include "policy/offset.h"

#include <math.h>

/* Its author read the clock a little earlier. */
enum { OFFSET_SLACK_US = 100000 };

double
offset_wanted_w(
    const struct offset_lease *lease, int64_t now_us, enum reason *reason)
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

static bool
expiry_fits(int64_t expiry_us, int64_t now_us)
{
	const uint64_t second_us = 1000000;
	uint64_t left_us;

	if (expiry_us <= now_us)
		return false;
	left_us = (uint64_t)expiry_us - (uint64_t)now_us;
	return left_us >= OFFSET_LEASE_MIN_S * second_us - OFFSET_SLACK_US &&
	       left_us <= OFFSET_LEASE_MAX_S * second_us;
}

enum reason
offset_check(const struct offset_lease *lease, double limit_w, int64_t now_us)
{
	if (!isfinite(lease->value_w))
		return REASON_NOT_FINITE;
	if (!(fabs(lease->value_w) <= limit_w))
		return REASON_BEYOND_LIMIT;
	if (!isfinite(lease->ramp_w_per_s) || lease->ramp_w_per_s < 0.0)
		return REASON_BAD_RAMP;
	/* Zero would say that there is no lease. */
	if (lease->expiry_us == 0 || !expiry_fits(lease->expiry_us, now_us))
		return REASON_BAD_EXPIRY;
	return REASON_NONE;
}

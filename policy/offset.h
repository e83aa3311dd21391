/* SPDX-License-Identifier: MIT */
/*
 * An offset is a lease: a value with an owner and an end. It is never a
 * setting that outlives its author.
 */
#ifndef POLICY_OFFSET_H
#define POLICY_OFFSET_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/reason.h"

enum {
	OFFSET_LEASE_MIN_S = 1,
	OFFSET_LEASE_MAX_S = 24 * 3600,
	OFFSET_OWNER_SIZE = 16,
};

struct offset_lease {
	double value_w;
	double ramp_w_per_s; /* 0: as fast as the limits allow */
	int64_t expiry_us; /* monotonic; 0: no lease */
	char owner[OFFSET_OWNER_SIZE]; /* who set it: "page", "cli", ... */
};

/* What is asked for now: the lease's value, or 0 with the reason. */
double offset_wanted_w(
    const struct offset_lease *lease, int64_t now_us, enum reason *reason);

/*
 * REASON_NONE when the lease may be taken, else the first that holds:
 * REASON_NOT_FINITE, REASON_BEYOND_LIMIT (+-limit_w), REASON_BAD_RAMP (negative
 * or not finite), REASON_BAD_EXPIRY (not OFFSET_LEASE_MIN_S to
 * OFFSET_LEASE_MAX_S from now; 0.1 s short of the least is let pass, for
 * whoever read the clock earlier).
 */
enum reason offset_check(
    const struct offset_lease *lease, double limit_w, int64_t now_us);

#endif
